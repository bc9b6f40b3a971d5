"""Two journals beside each other: what has changed from one run to another, question by question."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from harlm.errors import ConfigError
from harlm_bench import statistics
from harlm_bench.journal import Journal
from harlm_bench.report.bills import cost_ratio
from harlm_bench.report.groups import Group, clusters, grouped, paired, score_of, wall_of
from harlm_bench.report.tables import NOTHING, Cell, Row, Table, number, points, times, words
from harlm_bench.statistics import Difference, Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class _Change:
    system: str
    task: str
    questions: int
    difference: Difference
    cost: Estimate | None
    wall: Estimate | None


def difference_table(before: Journal, after: Journal, renamed: Sequence[tuple[str, str]] = ()) -> Table:
    """What ``after`` is better or worse at, for every system and task that both journals have.

    Args:
        before, after: of the same label, with common windows.
        renamed: pairs of a system's names before and after, such as of two versions.

    Raises:
        ConfigError: the labels differ, or no question is in both.
    """
    if before.header.label != after.header.label:
        raise ConfigError(
            f"{before.path.name} is {before.header.label} and {after.path.name} is {after.header.label}; figures of two "
            "kinds are not compared"
        )
    (left,), (right,) = grouped([before]), grouped([after])
    pairs = [*renamed, *((name, name) for name in left.names() if name in right.names())]
    changes = [change for old, new in pairs for change in _changes(left, right, old, new)]
    if not changes:
        raise ConfigError(
            f"{before.path.name} and {after.path.name} have no question to one system in common: run the same suite "
            "with the same --seed, and name systems of two versions with --renamed OLD NEW"
        )
    adjusted = statistics.holm([change.difference for change in changes])
    label = before.header.label
    return Table(
        id="diff",
        title=f"From {before.path.name} to {after.path.name}",
        label=label,
        columns=("system", "task", "questions", "score", "cost", "time"),
        rows=tuple(
            Row(label=label, head=change.system, cells=_cells(replace(change, difference=difference)))
            for change, difference in zip(changes, adjusted, strict=True)
        ),
        notes=(
            "Score: the second minus the first, in points of 100, on the same questions, with 95 % intervals and Holm's "
            "correction. Cost and time: the second over the first.",
            f"Questions in one of them only are left out: {_alone(left, right)}.",
        ),
    )


def _changes(left: Group, right: Group, old: str, new: str) -> list[_Change]:
    found = []
    for task in left.tasks:
        before, after = paired(left.of(old, task), right.of(new, task))
        if before:
            found.append(
                _Change(
                    system=old if old == new else f"{old} → {new}",
                    task=task,
                    questions=len(before),
                    difference=statistics.difference(clusters(after, score_of), clusters(before, score_of)),
                    cost=cost_ratio(after, before),
                    wall=statistics.ratio(clusters(after, wall_of), clusters(before, wall_of))
                    if left.label.has_times
                    else None,
                )
            )
    return found


def _cells(change: _Change) -> tuple[Cell, ...]:
    return (
        words(change.task),
        number(change.questions),
        points(change.difference),
        times(change.cost) if change.cost is not None else NOTHING,
        times(change.wall),
    )


def _alone(left: Group, right: Group) -> int:
    one, other = ({(it.digest, it.question) for it in group.results} for group in (left, right))
    return len(one ^ other)
