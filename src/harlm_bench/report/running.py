"""The tables of how runs went: times, calls, memory, money, and everything that failed. No scores."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import get_args

from harlm_bench import statistics
from harlm_bench.outcomes import Result, Status
from harlm_bench.report.bills import sum_usd
from harlm_bench.report.groups import Group, wall_of
from harlm_bench.report.tables import NOTHING, Cell, Row, Table, number, seconds, words

_CellsOf = Callable[[Sequence[Result]], tuple[Cell, ...]]


def latency_table(group: Group) -> Table:
    """Times, calls and how many were under way at once."""
    return _table(
        group,
        "latency",
        "Time and calls",
        (
            "system",
            "questions",
            "median",
            "95th percentile",
            "calls",
            "parallelism",
            "most at once",
            "own CPU",
        ),
        _latency_cells if group.label.has_times else _untimed_cells,
        (
            f"The 95th percentile is told from {statistics.LEAST_FOR_P95} questions on. Parallelism: the time of all calls "
            "over the time in which any was under way. Own CPU: of the system itself, per question.",
            *(
                (
                    "Times are those of simulated latencies on a scaled clock; only their ratios mean anything.",
                )
                if group.label.kind == "SIMULATED"
                else ()
            ),
            *(() if group.label.has_times else ("Recorded replies come at once, so no time is told.",)),
        ),
    )


def _latency_cells(results: Sequence[Result]) -> tuple[Cell, ...]:
    walls = [wall_of(result) for result in results]
    high = statistics.p95(walls)
    parallel = statistics.parallelism(
        [result.usage.call_s for result in results], [result.usage.busy_s for result in results]
    )
    return (
        number(len(results)),
        seconds(statistics.median(walls)),
        Cell(text=f"n < {statistics.LEAST_FOR_P95}", is_quiet=True) if high is None else seconds(high),
        number(sum(result.usage.calls for result in results) / len(results), 1),
        NOTHING if parallel is None else number(parallel, 2),
        number(max(result.usage.most_in_flight for result in results)),
        seconds(sum(result.outcome.cpu_s for result in results) / len(results)),
    )


def _untimed_cells(results: Sequence[Result]) -> tuple[Cell, ...]:
    questions, _, _, calls, *_, cpu = _latency_cells(results)
    return (questions, NOTHING, NOTHING, calls, NOTHING, NOTHING, cpu)


def failures_table(group: Group) -> Table:
    """How questions ended, and the most frequent reason of each kind of failure."""
    return _table(
        group,
        "endings",
        "How questions ended",
        ("system", *get_args(Status), "most frequent reason"),
        _failure_cells,
        (
            "All count in the denominators of all scores. “Not installed” and “endpoint” tell nothing about a system.",
        ),
    )


def _failure_cells(results: Sequence[Result]) -> tuple[Cell, ...]:
    counts = Counter(result.outcome.status for result in results)
    reasons = Counter(
        result.outcome.reason
        for result in results
        if result.outcome.status != "answered" and result.outcome.reason
    )
    reason = max(reasons, key=lambda each: (reasons[each], each), default="")
    return (
        *(_count(counts[status]) for status in get_args(Status)),
        words(_short(reason)) if reason else NOTHING,
    )


def _count(value: int) -> Cell:
    return number(value) if value else Cell(text="0", value=0.0, is_quiet=True)


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 120 else f"{line[:119]}…"


def bills_table(group: Group) -> Table:
    """What the gateway billed, beside what each system says that it spent."""
    return _table(
        group,
        "bills",
        "Tokens and money",
        ("system", "prompt", "of it cached", "written", "refused calls", "bill", "own meter"),
        _bill_cells,
        (
            "Sums over all questions. The bill is the gateway's; the meter is what the system itself reports, if it does. –: a price, or "
            "the usage of a reply, is not known.",
        ),
    )


def _bill_cells(results: Sequence[Result]) -> tuple[Cell, ...]:
    bill = sum_usd(results)
    meters = [
        result for result in results if isinstance(result.outcome.notes.get("meter_micro_usd"), int | float)
    ]
    metered = sum(float(result.outcome.notes["meter_micro_usd"]) for result in meters)
    billed = sum_usd(meters) if meters else None
    off = None if billed is None else metered - billed * 1e6
    return (
        number(sum(result.usage.prompt for result in results)),
        number(sum(result.usage.cached for result in results)),
        number(sum(result.usage.completion for result in results)),
        number(sum(result.usage.refused for result in results)),
        NOTHING if bill is None else Cell(text=f"${bill:,.6f}", value=bill),
        NOTHING if off is None else Cell(text=f"{off:+,.0f} µ$", value=off),
    )


def memory_table(group: Group) -> Table | None:
    """What memory and calls ahead of the code saved; ``None`` if no system tells it.

    Systems tell it in their notes: ``reused`` calls, reads that each tier ``hot``, ``warm`` and ``cold`` served, calls made
    ``early`` and those of them that were ``early_claimed``.
    """
    told = [name for name in group.names() if any("reused" in it.outcome.notes for it in group.of(name))]
    if not told:
        return None
    ours = set(group.names("ours"))
    return Table(
        id="memory",
        title="Memory, and calls ahead of the code",
        label=group.label,
        columns=(
            "system",
            "reused calls",
            "of all, %",
            "hot",
            "warm",
            "cold",
            "calls ahead",
            "of them used, %",
        ),
        rows=tuple(
            Row(label=group.label, head=name, cells=_memory_cells(group.of(name)), is_ours=name in ours)
            for name in told
        ),
        notes=("Sums over all questions. Hot, warm, cold: reads that a tier of memory served.",),
    )


def _memory_cells(results: Sequence[Result]) -> tuple[Cell, ...]:
    reused, early = _noted(results, "reused"), _noted(results, "early")
    calls = sum(result.usage.calls for result in results)
    return (
        number(reused),
        _share(reused, reused + calls),
        *(number(_noted(results, tier)) for tier in ("hot", "warm", "cold")),
        number(early),
        _share(_noted(results, "early_claimed"), early),
    )


def routes_table(group: Group) -> Table | None:
    """Which modes were chosen, with what score; ``None`` if no system tells them."""
    rows = []
    for name in group.names():
        results = [result for result in group.of(name) if "mode" in result.outcome.notes]
        modes = Counter(str(result.outcome.notes["mode"]) for result in results)
        for mode, count in sorted(modes.items()):
            chosen = [result for result in results if str(result.outcome.notes["mode"]) == mode]
            score = 100 * sum(result.score for result in chosen) / count
            cells = (words(mode), _share(count, len(results)), number(score, 1))
            rows.append(Row(label=group.label, head=name, cells=cells))
    if not rows:
        return None
    return Table(
        id="routes",
        title="Modes that were chosen",
        label=group.label,
        columns=("system", "mode", "share", "score"),
        rows=tuple(rows),
        notes=("Questions choose their modes, so the scores of two modes are not of the same questions.",),
    )


def _noted(results: Sequence[Result], note: str) -> float:
    values = (result.outcome.notes.get(note) for result in results)
    return float(sum(value for value in values if isinstance(value, int | float)))


def _share(part: float, whole: float) -> Cell:
    return number(100 * part / whole, 1) if whole else NOTHING


def _table(
    group: Group,
    id_: str,
    title: str,
    columns: tuple[str, ...],
    cells: _CellsOf,
    notes: tuple[str, ...],
) -> Table:
    ours = set(group.names("ours"))
    rows = tuple(
        Row(label=group.label, head=name, cells=cells(group.of(name)), is_ours=name in ours)
        for name in group.names()
    )
    return Table(id=id_, title=title, label=group.label, columns=columns, rows=rows, notes=notes)
