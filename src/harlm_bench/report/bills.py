"""Bills of questions beside each other. One that is unknown makes every sum, mean and ratio over it unknown, never cheaper."""

from __future__ import annotations

from collections.abc import Sequence

from harlm_bench import statistics
from harlm_bench.outcomes import Result
from harlm_bench.report.groups import clusters, cost_of
from harlm_bench.statistics import Estimate


def is_billed(results: Sequence[Result]) -> bool:
    """Whether the bill of every question is known: all models have prices, and every reply had its usage."""
    return all(result.usage.micro_usd is not None for result in results)


def sum_usd(results: Sequence[Result]) -> float | None:
    """The sum of all bills in USD; ``None`` if one is unknown."""
    return sum(map(cost_of, results)) if is_billed(results) else None


def mean_usd(results: Sequence[Result]) -> float | None:
    """The mean bill of a question in USD; ``None`` if one is unknown or there is no question."""
    total = sum_usd(results)
    return None if total is None or not results else total / len(results)


def cost_ratio(ours: Sequence[Result], theirs: Sequence[Result]) -> Estimate | None:
    """The bills of ours over those of theirs, on the same questions; ``None`` if one is unknown, or theirs are 0.

    Raises:
        ValueError: the questions are not the same.
    """
    if not is_billed(ours) or not is_billed(theirs):
        return None
    return statistics.ratio(clusters(ours, cost_of), clusters(theirs, cost_of))
