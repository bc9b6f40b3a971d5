"""Whether a simulated model behaves near published ones. Where it does not, no comparison on it is printed.

Two systems are checked, against the RLM paper (arXiv 2512.24601v3): one call with everything within 5 points, the reference RLM
within 10, each with one standard error more: a mean of 20 questions is uncertain by about ten points by itself. A whole interval
would touch the published score the easier, the less was measured. A mean of fewer than ``LEAST`` questions is near nothing.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from harlm_bench import statistics
from harlm_bench.report.groups import Group, clusters, score_of
from harlm_bench.report.published import TASKS, method
from harlm_bench.report.tables import NOTHING, Cell, Row, Table, number, percent, signed, words
from harlm_bench.statistics import Estimate
from harlm_bench.suites import Role

LEAST = 20
"""Questions that a check needs."""

_TOLERANCE: dict[Role, float] = {"base": 5.0, "reference": 10.0}
_PUBLISHED: dict[Role, str] = {"base": "base", "reference": "RLM, depth 1"}
_Z95 = 1.96  # standard errors from the middle of an interval of 95 % to its end
_SIZES: dict[str, tuple[int, int]] = {
    "codeqa": (23_000, 4_200_000),
    "browse": (4_000_000, 12_000_000),
    "oolong": (100_000, 160_000),
    "pairs": (25_000, 40_000),
}
"""The sizes of windows, in tokens, that are like the published ones."""


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """One published score beside one of ours.

    Attributes:
        task, role: what is checked.
        published: in points.
        measured: 0 to 1; ``None`` if it was not measured at a like size.
        outcome: ``missing`` (not measured) and ``few`` (measured with too few questions) count as not passed.
    """

    task: str
    role: Role
    published: float
    measured: Estimate | None
    outcome: Literal["near", "far", "few", "missing"]

    @property
    def reason(self) -> str:
        """Why it did not pass; empty if it did."""
        what = _PUBLISHED[self.role]
        if self.outcome == "near":
            return ""
        if self.measured is None:
            low, high = _SIZES[self.task]
            return f"{self.task}: no result of “{what}” at {low:,}–{high:,} tokens; add its system and size to the run"
        if self.outcome == "few":
            return (
                f"{self.task}: not calibrated: n too small: “{what}” has {self.measured.questions} of the {LEAST} questions "
                "that a check needs; add windows or questions of this size to the run"
            )
        return (
            f"{self.task}: “{what}” scores {100 * self.measured.value:.1f}, published {self.published:.1f}, and may be "
            f"{_allowed(self.measured, self.role):.0f} points off"
        )


class Gate(msgspec.Struct, frozen=True, kw_only=True):
    """What may be compared.

    Attributes:
        checks: of the tasks that were measured and have published scores. None for what is not simulated.
        tasks: that may be compared.
        reasons: why the others may not.
    """

    checks: tuple[Check, ...]
    tasks: tuple[str, ...]
    reasons: tuple[str, ...]


def gate(group: Group) -> Gate:
    """What of a group may be compared: all, if it is not simulated.

    A task with published scores must be near them. The others have nothing to be near to, and are compared only if the profile
    is near the published scores on at least half of the tasks that were checked, and on one of them.
    """
    if not group.label.is_simulated:
        return Gate(checks=(), tasks=group.tasks, reasons=())
    checks = tuple(
        _check(group, task, role) for task in group.tasks if task in TASKS for role in ("base", "reference")
    )
    failed = {check.task for check in checks if check.outcome != "near"}
    reasons = [check.reason for check in checks if check.reason]
    checked = {check.task for check in checks}
    near = len(checked - failed)
    is_calibrated = near > 0 and 2 * near >= len(checked)
    tasks = tuple(task for task in group.tasks if (task not in failed if task in TASKS else is_calibrated))
    without = [task for task in group.tasks if task not in TASKS and task not in tasks]
    if without:
        reasons.append(
            f"{', '.join(without)}: have no published score to be near to, and "
            + (
                f"the profile is near the published ones on {near} of {len(checked)} tasks, fewer than half"
                if checks
                else "no task with a published score was run"
            )
        )
    return Gate(checks=checks, tasks=tasks, reasons=tuple(reasons))


def _check(group: Group, task: str, role: Role) -> Check:
    models = "Qwen" if "qwen" in group.label.detail.casefold() else "GPT"
    published = method(_PUBLISHED[role], models).figures[task].score
    low, high = _SIZES[task]
    results = [
        result
        for name in group.names(role)[:1]
        for result in group.of(name, task)
        if low <= result.tokens <= high
    ]
    if not results:
        return Check(task=task, role=role, published=published, measured=None, outcome="missing")
    measured = statistics.mean(clusters(results, score_of))
    return Check(
        task=task,
        role=role,
        published=published,
        measured=measured,
        outcome=_outcome(measured, published, role),
    )


def _outcome(measured: Estimate, published: float, role: Role) -> Literal["near", "far", "few"]:
    if measured.questions < LEAST:
        return "few"
    off = abs(100 * measured.value - published)
    return "near" if off <= _allowed(measured, role) + 1e-9 else "far"


def _allowed(measured: Estimate, role: Role) -> float:
    """In points: the tolerance and one standard error."""
    return _TOLERANCE[role] + 100 * (measured.high - measured.low) / (2 * _Z95)


def table(group: Group, found: Gate) -> Table:
    """The checks, side by side."""
    return Table(
        id="calibration",
        title="Calibration",
        label=group.label,
        columns=("task", "system", "simulated", "published", "off by", "allowed", "verdict"),
        rows=tuple(Row(label=group.label, head=check.task, cells=_cells(check)) for check in found.checks),
        notes=(
            f"A check passes if the simulated score is off by no more than is allowed, and has {LEAST} questions or more. Allowed: 5 "
            "points for one call with everything and 10 for the reference RLM, and one standard error of the simulated score.",
        ),
    )


def _cells(check: Check) -> tuple[Cell, ...]:
    measured = check.measured
    off = NOTHING if measured is None else Cell(text=signed(100 * measured.value - check.published, 1))
    return (
        words(_PUBLISHED[check.role]),
        NOTHING if measured is None else percent(measured),
        number(check.published, 1),
        off,
        NOTHING if measured is None else number(_allowed(measured, check.role), 0),
        words(check.outcome),
    )
