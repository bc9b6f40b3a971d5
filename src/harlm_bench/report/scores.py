"""The tables of scores: every system on every task, and HARLM beside each of the others, losses like wins."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from harlm_bench import statistics
from harlm_bench.outcomes import Result
from harlm_bench.report.bills import cost_ratio, mean_usd
from harlm_bench.report.groups import (
    Group,
    clusters,
    paired,
    score_of,
    tokens_of,
    unreached,
    wall_of,
)
from harlm_bench.report.tables import NOTHING, Cell, Row, Table, number, percent, points, times, usd, words
from harlm_bench.statistics import Difference, Estimate
from harlm_bench.suites import Role

ALL = "all tasks"
"""Instead of the name of a task."""

_IN_VIEW = (
    "HARLM's strategies were written with these families in view, and the simulated model was taught to understand the prompts of "
    "some of them (such as matching numbered texts with numbered conditions). The root programs of the other systems stand for a "
    "model that has not seen the families. So these differences show what HARLM's plans do with such questions, not what they "
    "would do with others."
)
_BOUNDS = (
    "“Upper bound”: told what no system can know, such as which mode will score best. It flatters by what chance adds to "
    "the best of several, and is no result."
)

COMPARED: tuple[Role, ...] = ("base", "baseline", "reference", "rival", "ours", "bound")
"""The roles of the main table; ablations have one of their own."""


def main_table(group: Group) -> Table:
    """Scores and mean costs, a row for each system and a column for each task: the paper's main table in our figures."""
    tasks = group.tasks
    shown = group.names(*COMPARED)
    ours = set(group.names("ours"))
    return Table(
        id="main",
        title="Scores and costs",
        label=group.label,
        columns=("system", *tasks, ALL),
        rows=tuple(
            Row(
                label=group.label,
                head=name,
                cells=(*(_score_cell(group, group.of(name, task)) for task in tasks), _all_cell(group, name)),
                is_ours=name in ours,
            )
            for name in shown
        ),
        notes=(
            "Score in points of 100 with its 95 % interval (windows drawn first, then questions; 10,000 draws), "
            + (
                "mean cost of a question (–: a price, or the usage of a reply, is not known)."
                if group.has_prices
                else "mean tokens of a question (the model has no price)."
            ),
            f"“{ALL}”: the mean of the tasks, all alike; only for systems that were given all of them, and without an "
            f"interval where a task has fewer than {statistics.LEAST_WINDOWS} windows.",
            *((_BOUNDS,) if group.names("bound") else ()),
        ),
    )


def _score_cell(group: Group, results: Sequence[Result]) -> Cell:
    if not results:
        return NOTHING
    missing = unreached(results)
    if missing == len(results):
        return words(results[0].outcome.status)
    return _with_cost(group, percent(statistics.mean(clusters(results, score_of))), results, missing)


def _all_cell(group: Group, name: str) -> Cell:
    of_tasks = [group.of(name, task) for task in group.tasks]
    results = [result for each in of_tasks for result in each]
    missing = unreached(results)
    if not all(of_tasks) or missing == len(results):
        return NOTHING
    scores = [clusters(each, score_of) for each in of_tasks]
    estimate = statistics.macro_mean(scores)
    is_told = min(map(len, scores)) >= statistics.LEAST_WINDOWS
    return _with_cost(group, percent(estimate) if is_told else _bare(estimate), results, missing)


def _bare(estimate: Estimate) -> Cell:
    """Without its interval: with one window of a task, that would only show how its questions differ."""
    cell = percent(estimate)
    return Cell(text=cell.text.partition(" ")[0], value=cell.value)


def _with_cost(group: Group, cell: Cell, results: Sequence[Result], missing: int) -> Cell:
    if not any(result.usage.calls for result in results):  # a bound, which asks no model
        return cell
    cost = _usd(results) if group.has_prices else number(_mean_tokens(results))
    unit = "" if group.has_prices else " tokens"
    beside = f" · {missing} of {len(results)} not reached" if missing else ""
    return Cell(
        text=f"{cell.text} · {cost.text}{unit}{beside}", value=cell.value, low=cell.low, high=cell.high
    )


def _usd(results: Sequence[Result]) -> Cell:
    bill = mean_usd(results)
    return NOTHING if bill is None else usd(bill)


def _mean_tokens(results: Sequence[Result]) -> float:
    return sum(map(tokens_of, results)) / len(results)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gain:
    """One of our systems beside another one, on the questions that both were asked.

    Attributes:
        ours, theirs: names of systems.
        task: its name, or ``ALL``.
        our_score, their_score: means.
        difference: ours minus theirs, corrected over all gains.
        cost, wall: ours over theirs.
        missing: results of either that tell nothing about a system.
    """

    ours: str
    theirs: str
    task: str
    our_score: float
    their_score: float
    difference: Difference
    cost: Estimate | None
    wall: Estimate | None
    missing: int


def gains(group: Group, ours: str, others: Sequence[str]) -> tuple[Gain, ...]:
    """One of our systems beside others, task by task and over all. Without those that never ran."""
    found = [gain for theirs in others for gain in _gains(group, ours, theirs)]
    adjusted = statistics.holm([gain.difference for gain in found])
    return tuple(
        replace(gain, difference=difference) for gain, difference in zip(found, adjusted, strict=True)
    )


def _gains(group: Group, ours: str, theirs: str) -> Iterator[Gain]:
    pairs = {task: paired(group.of(ours, task), group.of(theirs, task)) for task in group.tasks}
    pairs = {
        task: (mine, other)
        for task, (mine, other) in pairs.items()
        if mine and unreached(other) < len(other) and unreached(mine) < len(mine)
    }
    has_times = group.label.has_times
    for task, pair in pairs.items():
        yield _gain(ours, theirs, task, pair, has_times=has_times)
    if len(pairs) > 1:
        yield _gain_of_all(ours, theirs, tuple(pairs.values()), has_times=has_times)


def _gain(
    ours: str, theirs: str, task: str, pair: tuple[Sequence[Result], Sequence[Result]], *, has_times: bool
) -> Gain:
    mine, other = pair
    return Gain(
        ours=ours,
        theirs=theirs,
        task=task,
        our_score=statistics.mean(clusters(mine, score_of), 1).value,
        their_score=statistics.mean(clusters(other, score_of), 1).value,
        difference=statistics.difference(clusters(mine, score_of), clusters(other, score_of)),
        cost=cost_ratio(mine, other),
        wall=_wall(mine, other) if has_times else None,
        missing=unreached(mine) + unreached(other),
    )


def _gain_of_all(
    ours: str,
    theirs: str,
    pairs: Sequence[tuple[Sequence[Result], Sequence[Result]]],
    *,
    has_times: bool,
) -> Gain:
    mine = [clusters(left, score_of) for left, _ in pairs]
    other = [clusters(right, score_of) for _, right in pairs]
    left = [result for each, _ in pairs for result in each]
    right = [result for _, each in pairs for result in each]
    return Gain(
        ours=ours,
        theirs=theirs,
        task=ALL,
        our_score=statistics.macro_mean(mine, 1).value,
        their_score=statistics.macro_mean(other, 1).value,
        difference=statistics.macro_difference(mine, other),
        cost=cost_ratio(left, right),
        wall=_wall(left, right) if has_times else None,
        missing=unreached(left) + unreached(right),
    )


def _wall(mine: Sequence[Result], other: Sequence[Result]) -> Estimate | None:
    """Our time over theirs; ``None`` for a bound, which asks no model."""
    if not any(result.usage.calls for result in other):
        return None
    return statistics.ratio(clusters(mine, wall_of), clusters(other, wall_of))


def gains_table(group: Group, ours: str, found: Sequence[Gain], *, id_: str, title: str) -> Table:
    """Gains as a table."""
    return Table(
        id=id_,
        title=title,
        label=group.label,
        columns=("beside", "task", "ours", "theirs", "difference", "cost", "time"),
        rows=tuple(
            Row(label=group.label, head=gain.theirs, cells=_gain_cells(gain, has_prices=group.has_prices))
            for gain in found
        ),
        notes=(
            f"{ours} minus the other, on the same questions, in points of 100; Holm's correction over the whole table. "
            "“No difference shown”: 0 lies inside the interval, or the correction takes it away. "
            f"“Too few to tell”: fewer than {statistics.LEAST_WINDOWS} windows, or fewer than "
            f"{statistics.LEAST_DISCORDANT} questions where the two differ.",
            "Cost and time are ours over theirs: below 1 is cheaper or faster.",
            *((_IN_VIEW,) if group.label.is_simulated else ()),
            *((_BOUNDS,) if set(group.names("bound")) & {gain.theirs for gain in found} else ()),
        ),
    )


def _gain_cells(gain: Gain, *, has_prices: bool) -> tuple[Cell, ...]:
    beside = f" ({gain.missing} not reached)" if gain.missing else ""
    difference = points(gain.difference)
    return (
        words(gain.task),
        number(100 * gain.our_score, 1),
        number(100 * gain.their_score, 1),
        Cell(text=difference.text + beside, value=difference.value, low=difference.low, high=difference.high),
        times(gain.cost) if has_prices else NOTHING,
        times(gain.wall),
    )
