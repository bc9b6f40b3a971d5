"""When one more answer is not worth asking for: a threshold of confidence whose risk is promised, from held-out records.

The risk is the chance that a task is stopped at an answer that is wrong. Both rules assume that new tasks are like the
recorded ones (exchangeable), and nothing about the confidence itself: a useless one only makes stopping rare.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from harlm.branching.audit import chance_of_at_most


class Level(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Held-out records whose answers got the same confidence.

    Attributes:
        value: the confidence.
        records: how many there are.
        right: how many of them were right.
    """

    value: float
    records: int
    right: int


class Threshold(NamedTuple):
    """From which confidence on a race may stop.

    Attributes:
        least: the smallest confidence at which it may; ``None`` if it must never stop on confidence alone.
        alpha: the risk that is promised.
        records: held-out records behind it.
        reason: what is promised, or why nothing can be, as a sentence.
    """

    least: float | None
    alpha: float
    records: int
    reason: str

    def stops_at(self, value: float | None) -> bool:
        """Whether an answer with this confidence ends the race; "no confidence" never does."""
        return value is not None and self.least is not None and value >= self.least


def conformal(levels: Sequence[Level], alpha: float) -> Threshold:
    """The threshold at which the risk is at most ``alpha`` on average over calibrations (conformal risk control).

    The smallest confidence with (wrong answers at or above it + 1) / (records + 1) <= alpha (Angelopoulos and others, 2022).

    Args:
        levels: of held-out records, in any order.
        alpha: the risk.

    Raises:
        ValueError: ``alpha`` is not between 0 and 1.
    """
    _check("alpha", alpha)
    records = sum(level.records for level in levels)
    allowed = math.floor(alpha * (records + 1) + 1e-9) - 1
    least = _least(levels, allowed)
    if least is not None:
        return Threshold(
            least,
            alpha,
            records,
            f"on average at most {alpha:.1%} of tasks stop at a wrong answer, by {records:,} records",
        )
    return Threshold(None, alpha, records, _cannot(levels, records, alpha, needed=math.ceil(1 / alpha) - 1))


def promised(levels: Sequence[Level], alpha: float, delta: float) -> Threshold:
    """The threshold at which the risk is at most ``alpha`` with the chance 1 - ``delta`` (learn then test).

    The smallest confidence at which the upper end of Clopper and Pearson, one-sided at 1 - ``delta``, is at most ``alpha``.
    Thresholds are tried from the strictest down until one fails, so no correction for their number is due.

    Args:
        levels: of held-out records, in any order.
        alpha: the risk.
        delta: the chance that this calibration breaks its promise.

    Raises:
        ValueError: ``alpha`` or ``delta`` is not between 0 and 1.
    """
    _check("alpha", alpha)
    _check("delta", delta)
    records = sum(level.records for level in levels)
    allowed, wrong = -1, sum(level.records - level.right for level in levels)
    # The upper end is at most alpha exactly if so few wrong answers have at most the chance delta at a risk of alpha.
    while allowed < wrong and records and chance_of_at_most(allowed + 1, records, alpha) <= delta:
        allowed += 1
    least = _least(levels, allowed)
    if least is not None:
        return Threshold(
            least,
            alpha,
            records,
            f"at most {alpha:.1%} of tasks stop at a wrong answer, with a chance of {1 - delta:.1%}, by {records:,} records",
        )
    needed = math.ceil(math.log(delta) / math.log1p(-alpha))
    return Threshold(None, alpha, records, _cannot(levels, records, alpha, needed=needed))


def _least(levels: Sequence[Level], allowed: int) -> float | None:
    """The smallest confidence at or above which at most ``allowed`` answers are wrong; ``None`` if there is none."""
    if allowed < 0:
        return None
    wrong_at: dict[float, int] = {}
    for level in levels:
        wrong_at[level.value] = wrong_at.get(level.value, 0) + level.records - level.right
    least, wrong = None, 0
    for value in sorted(wrong_at, reverse=True):
        wrong += wrong_at[value]
        if wrong > allowed:
            break
        least = value
    return least


def _cannot(levels: Sequence[Level], records: int, alpha: float, *, needed: int) -> str:
    if records < needed:
        return f"cannot stop at a risk of {alpha:.1%} with {records:,} records: it takes at least {needed:,}"
    highest = max(levels, key=lambda level: level.value)
    return (
        f"cannot stop at a risk of {alpha:.1%} with {records:,} records: of the {highest.records:,} most confident answers "
        f"{highest.records - highest.right:,} were wrong"
    )


def _check(name: str, value: float) -> None:
    if not 0 < value < 1:
        raise ValueError(f"{name} is {value!r}: use a number between 0 and 1, such as 0.05")
