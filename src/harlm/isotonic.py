"""Scores to probabilities that never fall as the score grows: isotonic regression by pooling adjacent violators.

Blocks of few records are drawn towards the mean of all, so that three right answers in a row are no certainty.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil, isfinite, nextafter

import msgspec

_PRIOR = 2.0  # records with the mean rate that are added to each block


class Knot(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A step: scores from ``least`` on have the probability ``value``, up to the next step."""

    least: float
    value: float


@dataclass(frozen=True, slots=True)
class _Block:
    first: float
    last: float
    right: float
    records: float

    @property
    def rate(self) -> float:
        return self.right / self.records


def fit_knots(scores: Sequence[float], right: Sequence[float]) -> tuple[Knot, ...]:
    """The steps of a set of records, by rising score.

    Args:
        scores: of the records.
        right: whether each was right, or how much of it was: 0 to 1.

    Raises:
        ValueError: there is no record, or the two differ in length.
    """
    if not scores or len(scores) != len(right):
        raise ValueError(
            f"{len(scores)} scores and {len(right)} outcomes: give one outcome for each, and at least one"
        )
    mean = (sum(right) + 1) / (len(right) + 2)
    alike: dict[float, list[float]] = {}
    for score, is_right in zip(scores, right, strict=True):
        alike.setdefault(score, []).append(is_right)
    blocks = _pooled([_Block(score, score, sum(each), len(each)) for score, each in sorted(alike.items())])
    drawn = [
        _Block(each.first, each.last, each.right + _PRIOR * mean, each.records + _PRIOR) for each in blocks
    ]
    pooled = _pooled(drawn)  # blocks of different sizes are drawn differently far, and may fall again
    edges = [
        pooled[0].first,
        *(max((a.last + b.first) / 2, nextafter(a.last, b.first)) for a, b in pairwise(pooled)),
    ]
    return tuple(Knot(least=edge, value=block.rate) for edge, block in zip(edges, pooled, strict=True))


def fault_in(knots: Sequence[Knot]) -> str:
    """Why steps that were read from a file are none of a calibration; empty if they can be: finite, rising, between 0 and 1."""
    least, values = [each.least for each in knots], [each.value for each in knots]
    if not all(map(isfinite, least)) or not all(0 <= each <= 1 for each in values):
        return "a step is not finite, or not between 0 and 1"
    return "" if least == sorted(least) and values == sorted(values) else "the steps do not rise"


def fewer(knots: Sequence[Knot], most: int, digits: int) -> tuple[Knot, ...]:
    """About ``most`` of the steps, the first and the last among them, with figures of so many digits: for files that stay small."""
    step = ceil(len(knots) / most)
    kept = {*knots[::step], knots[0], knots[-1]}
    return tuple(
        Knot(least=round(each.least, digits), value=round(each.value, digits))
        for each in knots
        if each in kept
    )


def value_at(knots: Sequence[Knot], score: float) -> float:
    """The probability of a score; below the first step that of the first."""
    return knots[max(0, bisect_right(knots, score, key=lambda knot: knot.least) - 1)].value


def _pooled(blocks: Sequence[_Block]) -> list[_Block]:
    """Blocks with rising rates: neighbours whose rates fall or are equal become one."""
    pooled: list[_Block] = []
    for block in blocks:
        pooled.append(block)
        while len(pooled) > 1 and pooled[-2].rate >= pooled[-1].rate:
            above, below = pooled.pop(), pooled.pop()
            right, records = below.right + above.right, below.records + above.records
            pooled.append(_Block(below.first, above.last, right, records))
    return pooled
