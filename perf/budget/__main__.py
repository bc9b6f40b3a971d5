"""``python -m perf.budget [PART…]``: ledger, meter, reservations, plans, allocations, limits."""

from __future__ import annotations

from perf.budget.allocation import allocations
from perf.budget.ledger import overdrafts, speed
from perf.budget.limits import limits
from perf.budget.meter import meter
from perf.budget.plans import plans
from perf.budget.reservations import reservations
from perf.measure import report_parts


def main() -> None:
    """Measure all; arguments name what to measure."""
    report_parts(
        "budget",
        "The budget (runs of a SIMULATED model)",
        "The ledger beside a counter, the meter beside a server's bill, reservations beside what is used, plans beside the "
        "bounds, the allocator beside the best division, and runs under limits of all sizes.",
        {
            "ledger": lambda: [speed(), overdrafts()],
            "meter": lambda: [meter()],
            "reservations": lambda: [reservations()],
            "plans": lambda: [plans()],
            "allocations": lambda: [allocations()],
            "limits": lambda: [limits()],
        },
    )


if __name__ == "__main__":
    main()
