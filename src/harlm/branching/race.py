"""When a second branch is worth its cost: what a race of branches is expected to take, to cost and to get right.

A race runs several strategies for one task side by side, and stops at the first answer that passes its check. This
module decides how many branches may start, and when. It runs nothing.

The branches of a race are alike: a hard task is slow and likely to be wrong for all of them. So two factors are shared,
one of the logarithms of their latencies, one of whether they are right. The expectations are integrals over both
factors and over what each branch adds to them, on fixed points that fill the space evenly, so that equal
forecasts give equal decisions.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from statistics import NormalDist
from typing import Literal

Timing = Literal["together", "staggered", "after rejection"]
"""When the next branch starts: with the first one; when the one before is later than usual or was rejected; only when
it was rejected.
"""

MOST_BRANCHES = 8
"""The most branches of one race."""

USUAL_SPREAD = 0.9
"""The spread of a latency that was not measured: the 95th percentile is 4.4 times the median."""

_POINTS = 2_048  # of an integral; the means are within about one per cent
_NORMAL = NormalDist()


@dataclass(frozen=True, slots=True, kw_only=True)
class Economics:
    """What time and answers are worth to the user.

    Attributes:
        value_per_second: dollars for each second that the answer comes earlier.
        value_of_answer: dollars for a right answer in place of a wrong one.

    Raises:
        ValueError: a value is negative or not finite.
    """

    value_per_second: float = 0.0
    value_of_answer: float = 0.0

    def __post_init__(self) -> None:
        for name in ("value_per_second", "value_of_answer"):
            _check(getattr(self, name), name)


@dataclass(frozen=True, slots=True, kw_only=True)
class BranchForecast:
    """What one branch is expected to take, alone. Its latency is lognormal.

    Attributes:
        median_s: seconds that half of such branches take at most.
        spread: standard deviation of the logarithm of the latency; 0 if it is certain.
        input_usd: dollars that are spent as soon as it starts. Of a branch whose prompts another has put into the
            provider's cache, the lower price.
        output_usd: dollars that are spent evenly while it runs; 0 if the price is unknown.
        accuracy: 0 to 1: how likely its answer is right.

    Raises:
        ValueError: a figure is negative or not finite, or the accuracy is above 1.
    """

    median_s: float
    spread: float = USUAL_SPREAD
    input_usd: float = 0.0
    output_usd: float = 0.0
    accuracy: float = 0.5

    def __post_init__(self) -> None:
        for name in ("median_s", "spread", "input_usd", "output_usd", "accuracy"):
            _check(getattr(self, name), name)
        if self.accuracy > 1:
            raise ValueError(f"the accuracy is {self.accuracy!r}; give a probability, 0 to 1")

    def latency_s(self, position: float) -> float:
        """The latency at a position of the standard normal distribution: its median at 0, slower above."""
        return self.median_s * math.exp(self.spread * position)


@dataclass(frozen=True, slots=True, kw_only=True)
class Odds:
    """How well the check of a race tells right answers from wrong ones, and how alike its branches are.

    Attributes:
        accepts_right, accepts_wrong: probabilities that a right and a wrong answer pass.
        alike: 0 to 1: the correlation of two branches, of their latencies and of their being right.

    Raises:
        ValueError: one of them is no probability, or ``alike`` is 1: then a second branch is the first one again.
    """

    accepts_right: float = 0.95
    accepts_wrong: float = 0.10
    alike: float = 0.4

    def __post_init__(self) -> None:
        for name in ("accepts_right", "accepts_wrong", "alike"):
            value = getattr(self, name)
            if not 0 <= value <= 1 or (name == "alike" and value == 1):
                raise ValueError(f"{name} is {value!r}; give a number from 0 to 1, and less than 1 for alike")


@dataclass(frozen=True, slots=True, kw_only=True)
class RaceForecast:
    """What a race is expected to take.

    Attributes:
        seconds, p95_s: mean and 95th percentile of the time until it stops.
        accuracy: how likely its answer is right.
        usd: mean dollars, with those of the branches that are cancelled.
    """

    seconds: float
    p95_s: float
    accuracy: float
    usd: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Launches:
    """How many branches may start.

    Attributes:
        branches: the number, at least 1.
        reason: why not more, as a sentence; empty if all may.
        forecast: of a race of so many branches; ``None`` if it was not needed to decide.
    """

    branches: int
    reason: str = ""
    forecast: RaceForecast | None = None


def launches(
    branches: Sequence[BranchForecast],
    economics: Economics,
    *,
    timing: Timing = "staggered",
    odds: Odds | None = None,
    granted: int = MOST_BRANCHES,
) -> Launches:
    """How many of ``branches`` may start, in their order.

    Each next one must be worth more than it costs: the seconds that it saves at their value, and the accuracy that it
    adds at the value of an answer, against the dollars that it adds. The first that is not ends the list.

    Args:
        branches: the forecasts, the best branch first.
        economics: what time and answers are worth.
        timing: when the next branch starts.
        odds: of the check; the usual ones if ``None``.
        granted: how many branches the budget covers; a lower figure than 1 counts as 1.

    Raises:
        ValueError: there is no branch, or there are more than ``MOST_BRANCHES``.
    """
    _check_number(branches)
    most = min(len(branches), max(1, granted))
    last = "" if most == len(branches) else f"the budget covers {most} of {len(branches)} branches"
    if most == 1:
        return Launches(branches=1, reason=last)
    if not (economics.value_per_second or economics.value_of_answer):
        return Launches(branches=1, reason="neither time nor a right answer was given a value")
    so_far = forecast_race(branches[:1], timing=timing, odds=odds)
    for count in range(2, most + 1):
        larger = forecast_race(branches[:count], timing=timing, odds=odds)
        seconds, accuracy = so_far.seconds - larger.seconds, larger.accuracy - so_far.accuracy
        gain = economics.value_per_second * seconds + economics.value_of_answer * accuracy
        cost = larger.usd - so_far.usd
        if gain <= cost:
            reason = (
                f"branch {count} would save {seconds:.2f} s and add {100 * accuracy:.1f} points, worth ${gain:.4f}, "
                f"for ${cost:.4f}"
            )
            return Launches(branches=count - 1, reason=reason, forecast=so_far)
        so_far = larger
    return Launches(branches=most, reason=last, forecast=so_far)


def delays(branches: Sequence[BranchForecast], timing: Timing) -> tuple[float, ...]:
    """Seconds after the start of each branch but the last at which the next one starts, if nothing was accepted by then
    and none was rejected before: 0 together, infinity only after a rejection, else the branch's median.
    """
    match timing:
        case "together":
            return (0.0,) * (len(branches) - 1)
        case "after rejection":
            return (math.inf,) * (len(branches) - 1)
        case "staggered":
            return tuple(branch.median_s for branch in branches[:-1])


def forecast_race(
    branches: Sequence[BranchForecast],
    *,
    timing: Timing = "staggered",
    odds: Odds | None = None,
    points: int = _POINTS,
) -> RaceForecast:
    """What a race of all ``branches`` is expected to take. It stops at the first answer that passes; if none passes,
    when the last branch has ended, with the answer of the branch that is right most often.

    Args:
        branches: the forecasts, in the order of their start.
        timing: when the next branch starts.
        odds: of the check; the usual ones if ``None``.
        points: of the integral.

    Raises:
        ValueError: there is no branch, or there are more than ``MOST_BRANCHES``.
    """
    _check_number(branches)
    odds, waits = odds or Odds(), delays(branches, timing)
    best = max(range(len(branches)), key=lambda at: branches[at].accuracy)
    times: list[float] = []
    right = usd = 0.0
    for draw in _draws(2 + 2 * MOST_BRANCHES, points):
        chances = [_chance_of_right(branch, draw[1], odds) for branch in branches]
        latencies = [
            branch.latency_s(_mixed(_NORMAL.inv_cdf(draw[0]), draw[2 + 2 * at], odds.alike))
            for at, branch in enumerate(branches)
        ]
        passes = [odds.accepts_right * chance + odds.accepts_wrong * (1 - chance) for chance in chances]
        accepted = [draw[3 + 2 * at] < chance for at, chance in enumerate(passes)]
        ended, winner, starts = play(latencies, accepted, waits)
        times.append(ended)
        right += (
            (1 - odds.accepts_right) * chances[best] / max(1e-12, 1 - passes[best])
            if winner is None
            else odds.accepts_right * chances[winner] / max(1e-12, passes[winner])
        )
        usd += sum(
            branch.input_usd + branch.output_usd * _share(ended - start, latency)
            for branch, latency, start in zip(branches, latencies, starts, strict=False)
        )
    times.sort()
    return RaceForecast(
        seconds=math.fsum(times) / points,
        p95_s=times[math.ceil(0.95 * points) - 1],
        accuracy=right / points,
        usd=usd / points,
    )


def play(
    latencies: Sequence[float], accepted: Sequence[bool], waits: Sequence[float]
) -> tuple[float, int | None, list[float]]:
    """One race, if everything were known before.

    Args:
        latencies: seconds that each branch takes.
        accepted: whether the answer of each passes.
        waits: as ``delays`` returns them.

    Returns:
        the seconds at which the race ends, the branch whose answer was accepted (``None`` if none was), and
        the seconds at which each branch that started did so.
    """
    starts, first, winner, ended = [0.0], math.inf, None, 0.0
    rejections: list[float] = []  # those that have not started another branch
    for at, latency in enumerate(latencies):
        end = starts[at] + latency
        ended = max(ended, end)
        if not accepted[at]:
            rejections.append(end)
        elif end < first:
            first, winner = end, at
        if at + 1 == len(latencies):
            break
        due = min(starts[at] + waits[at], *rejections, first)
        if first <= due:
            break
        if due in rejections:
            rejections.remove(due)
        starts.append(due)
    return (ended if winner is None else first), winner, starts


def _chance_of_right(branch: BranchForecast, ease: float, odds: Odds) -> float:
    """How likely a branch is right, given a position from 0 to 1 of how easy the task is."""
    if not 0 < branch.accuracy < 1:
        return branch.accuracy
    level = _NORMAL.inv_cdf(branch.accuracy) + math.sqrt(odds.alike) * _NORMAL.inv_cdf(ease)
    return _NORMAL.cdf(level / math.sqrt(1 - odds.alike))


def _mixed(shared: float, own: float, alike: float) -> float:
    """The standard normal position of a branch: a part that all share, and one of its own, from a position of 0 to 1."""
    return math.sqrt(alike) * shared + math.sqrt(1 - alike) * _NORMAL.inv_cdf(own)


def _share(seconds: float, latency: float) -> float:
    """The part of a branch that has run after ``seconds``: 0 to 1."""
    return 1.0 if seconds >= latency else max(0.0, seconds / latency)


@lru_cache(maxsize=4)
def _draws(dimensions: int, points: int) -> tuple[tuple[float, ...], ...]:
    """Points between 0 and 1 in each dimension that fill the space evenly: multiples of the powers of the root of
    ``x ** (d + 1) = x + 1``, without their whole parts.
    """
    root = 2.0
    for _ in range(64):
        root = (1 + root) ** (1 / (dimensions + 1))
    steps = [root ** -(at + 1) for at in range(dimensions)]
    return tuple(
        tuple(min(1 - 1e-9, max(1e-9, (0.5 + step * number) % 1.0)) for step in steps)
        for number in range(1, points + 1)
    )


def _check(value: float, name: str) -> None:
    if not 0 <= value < math.inf:
        raise ValueError(f"{name} is {value!r}; give a finite number, 0 or more")


def _check_number(branches: Sequence[BranchForecast]) -> None:
    if not 1 <= len(branches) <= MOST_BRANCHES:
        raise ValueError(f"a race has {len(branches)} branches; give 1 to {MOST_BRANCHES}")
