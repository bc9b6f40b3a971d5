"""How sure a figure is: intervals by resampling, paired differences, correction for many comparisons. Pure functions.

Questions about one window are alike, so windows are drawn first and then questions within them (cluster bootstrap; Davison
and Hinkley, Bootstrap Methods and their Application, 1997, section 3.8). Two stages count the spread within a window twice,
so intervals of windows with few questions are wide rather than narrow. The draws follow from the shape of the sample alone,
so that all systems of a table are judged by the same draws.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from itertools import accumulate

import msgspec

from harlm_bench.drawing import drawn_places
from harlm_bench.small_samples import interval_of_one_difference, interval_of_one_value, moved, sign_flip_p

DRAWS = 10_000
"""How often a sample is drawn, unless a caller says otherwise."""

SHARE = 0.95
"""How much of the draws an interval holds."""

LEAST_FOR_P95 = 200
"""A 95th percentile of fewer values is not told: it may be off by a quarter and more."""

LEAST_WINDOWS = 3
LEAST_DISCORDANT = 6
"""A difference of fewer windows, or of fewer questions where the two differ, has no verdict: 5 signs are alike by chance in
6 % of all samples."""

Clusters = Sequence[Sequence[float]]
"""The values of each window, windows and questions in a fixed order."""


class Estimate(msgspec.Struct, frozen=True, kw_only=True):
    """A mean or a ratio with its interval.

    Attributes:
        value: of the sample.
        low, high: the ends of the 95 % interval.
        questions, windows: the size of the sample.
    """

    value: float
    low: float
    high: float
    questions: int
    windows: int


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """A paired difference.

    Attributes:
        estimate: its mean and interval.
        p: two-sided, of no difference: the greater one of that of the draws and that of signs by chance, question by question.
        adjusted: ``p`` after Holm's correction over the table; equal to ``p`` until it is corrected.
        discordant: questions where the two differ.
    """

    estimate: Estimate
    p: float
    adjusted: float
    discordant: int

    @property
    def is_enough(self) -> bool:
        """Whether there are enough windows, and enough questions where the two differ, for a verdict."""
        return self.estimate.windows >= LEAST_WINDOWS and self.discordant >= LEAST_DISCORDANT

    @property
    def is_shown(self) -> bool:
        """Whether there is enough to tell, 0 lies outside the interval, and the corrected ``p`` is at most 5 %."""
        outside = self.estimate.low > 0 or self.estimate.high < 0
        return self.is_enough and outside and self.adjusted <= 1 - SHARE + 1e-12

    @property
    def verdict(self) -> str:
        """``higher``, ``lower``, ``no difference shown`` or ``too few to tell``."""
        if not self.is_enough:
            return "too few to tell"
        if not self.is_shown:
            return "no difference shown"
        return "higher" if self.estimate.value > 0 else "lower"


def mean(clusters: Clusters, draws: int | None = None) -> Estimate:
    """The mean of all values with its interval.

    Raises:
        ValueError: there is no value.
    """
    drawn = _means(clusters, draws)
    return _score(statistics.fmean(_flat(clusters)), drawn, clusters)


def difference(ours: Clusters, theirs: Clusters, draws: int | None = None) -> Difference:
    """The mean of ours minus theirs, question by question.

    Raises:
        ValueError: the two do not have the same shape, or no value.
    """
    deltas = _deltas(ours, theirs)
    drawn = _means(deltas, draws)
    return _difference(statistics.fmean(_flat(deltas)), drawn, [deltas])


def ratio(ours: Clusters, theirs: Clusters, draws: int | None = None) -> Estimate | None:
    """The mean of ours over the mean of theirs, drawn together; ``None`` if theirs is 0.

    Raises:
        ValueError: the two do not have the same shape, or no value.
    """
    _check_paired(ours, theirs)
    below = statistics.fmean(_flat(theirs))
    if below <= 0:
        return None
    pairs = zip(_means(ours, draws), _means(theirs, draws), strict=True)
    drawn = [a / b for a, b in pairs if b > 0]
    return _estimate(statistics.fmean(_flat(ours)) / below, drawn, ours)


def holm(differences: Sequence[Difference]) -> tuple[Difference, ...]:
    """The differences of one table, corrected for their number (Holm, Scandinavian Journal of Statistics 6, 1979)."""
    order = sorted(range(len(differences)), key=lambda place: (differences[place].p, place))
    steps = (min(1.0, differences[place].p * (len(order) - rank)) for rank, place in enumerate(order))
    adjusted = dict(zip(order, accumulate(steps, max), strict=True))
    return tuple(
        msgspec.structs.replace(each, adjusted=adjusted[place]) for place, each in enumerate(differences)
    )


def median(values: Sequence[float]) -> float:
    """The median.

    Raises:
        statistics.StatisticsError: there is no value.
    """
    return statistics.median(values)


def p95(values: Sequence[float]) -> float | None:
    """The 95th percentile (nearest rank); ``None`` below ``LEAST_FOR_P95`` values."""
    if len(values) < LEAST_FOR_P95:
        return None
    return sorted(values)[-(-95 * len(values) // 100) - 1]


def parallelism(call_s: Sequence[float], busy_s: Sequence[float]) -> float | None:
    """How many calls were under way on average while any was; ``None`` if none was."""
    return sum(call_s) / sum(busy_s) if sum(busy_s) > 0 else None


def macro_mean(strata: Sequence[Clusters], draws: int | None = None) -> Estimate:
    """The mean of the means of several samples, each drawn by itself: all tasks count alike.

    Raises:
        ValueError: there is no sample, or one has no value.
    """
    drawn = _macro([_means(clusters, draws, place) for place, clusters in enumerate(strata)])
    value = statistics.fmean(statistics.fmean(_flat(clusters)) for clusters in strata)
    return _score(value, drawn, [cluster for clusters in strata for cluster in clusters])


def macro_difference(
    ours: Sequence[Clusters], theirs: Sequence[Clusters], draws: int | None = None
) -> Difference:
    """The mean of the differences of several samples, each drawn by itself.

    Raises:
        ValueError: the two do not have the same shapes, or no value.
    """
    deltas = [_deltas(one, other) for one, other in zip(ours, theirs, strict=True)]
    drawn = _macro([_means(clusters, draws, place) for place, clusters in enumerate(deltas)])
    value = statistics.fmean(statistics.fmean(_flat(clusters)) for clusters in deltas)
    return _difference(value, drawn, deltas)


def _estimate(value: float, drawn: Sequence[float], clusters: Clusters) -> Estimate:
    ranked = sorted(drawn)
    cut = int((1 - SHARE) / 2 * len(ranked))
    # A very skewed sample can push both ends past its own mean; an interval without its estimate would mislead.
    return Estimate(
        value=value,
        low=min(value, ranked[cut]),
        high=max(value, ranked[-cut - 1]),
        questions=len(_flat(clusters)),
        windows=sum(1 for each in clusters if each),
    )


def _score(value: float, drawn: Sequence[float], clusters: Clusters) -> Estimate:
    """As ``_estimate``; scores that are all 0 or all 1 have an interval, too."""
    found = _estimate(value, drawn, clusters)
    wider = interval_of_one_value(value, found.questions)
    return found if wider is None else msgspec.structs.replace(found, low=wider[0], high=wider[1])


def _difference(value: float, drawn: Sequence[float], strata: Sequence[Clusters]) -> Difference:
    below, above = sum(each <= 0 for each in drawn), sum(each >= 0 for each in drawn)
    of_draws = 2 * (min(below, above) + 1) / (len(drawn) + 1)
    # The draws repeat what was seen, so few values that are alike would seem sure.
    weighted = [each / len(flat) for flat in map(_flat, strata) for each in flat]
    p = min(1.0, max(of_draws, sign_flip_p(weighted)))
    estimate = _estimate(value, drawn, [cluster for clusters in strata for cluster in clusters])
    if estimate.high - estimate.low < 1e-9:
        low, high = interval_of_one_difference(value, estimate.questions)
        estimate = msgspec.structs.replace(estimate, low=low, high=high)
    return Difference(estimate=estimate, p=p, adjusted=p, discordant=moved(weighted))


def _deltas(ours: Clusters, theirs: Clusters) -> list[list[float]]:
    _check_paired(ours, theirs)
    return [[a - b for a, b in zip(one, other, strict=True)] for one, other in zip(ours, theirs, strict=True)]


def _check_paired(ours: Clusters, theirs: Clusters) -> None:
    if _shape(ours) != _shape(theirs):
        raise ValueError(f"samples of the shapes {_shape(ours)} and {_shape(theirs)} are not paired")


def _macro(drawn: Sequence[Sequence[float]]) -> list[float]:
    return [sum(each) / len(each) for each in zip(*drawn, strict=True)]


def _means(clusters: Clusters, draws: int | None, stratum: int = 0) -> list[float]:
    values, draws = _flat(clusters), draws or DRAWS
    if not values:
        raise ValueError("a mean needs at least one value")
    if len(set(values)) == 1:
        return [values[0]] * draws
    places = drawn_places(_shape(clusters), draws, stratum)
    get = values.__getitem__
    return [sum(map(get, row)) / len(row) for row in places]


def _flat(clusters: Clusters) -> list[float]:
    return [value for cluster in clusters for value in cluster]


def _shape(clusters: Clusters) -> tuple[int, ...]:
    return tuple(map(len, clusters))
