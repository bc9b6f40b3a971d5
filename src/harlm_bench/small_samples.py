"""What few values can show: exact chances and intervals where drawing from the sample again tells too little. Pure functions."""

from __future__ import annotations

from collections.abc import Sequence

_MOST_FLIPPED = 12
"""Beyond this many values that are not 0, signs are not flipped: the chance of one sign in all of them is below any use."""

_SIGMAS = 1.959964  # of a normal distribution, on both sides of 95 %
_NEAR = 1e-9


def sign_flip_p(values: Sequence[float]) -> float:
    """How likely a sum as far from 0 is if each sign were drawn by chance; two-sided, exact for few values.

    For many values it is the least that it can be: ``2 / 2 ** k`` with ``k`` values that are not 0 (Fisher, The Design of
    Experiments, 1935, section 21). 1 if all are 0.
    """
    moved = [each for each in values if abs(each) > _NEAR]
    if len(moved) > _MOST_FLIPPED:
        return float(2.0 ** (1 - min(len(moved), 1_000)))
    sums = [0.0]
    for each in moved:
        sums = [total + sign for total in sums for sign in (each, -each)]
    least = abs(sum(moved)) - _NEAR
    return sum(abs(total) >= least for total in sums) / len(sums)


def moved(values: Sequence[float]) -> int:
    """How many values are not 0."""
    return sum(abs(each) > _NEAR for each in values)


def interval_of_one_value(value: float, number: int) -> tuple[float, float] | None:
    """An interval around a score of 0 or 1 that was measured ``number`` times and never differed; ``None`` for other values.

    Wilson's, Journal of the American Statistical Association 22, 1927: 20 right answers of 20 are 84 % to 100 %.
    """
    if value not in (0.0, 1.0):
        return None
    beyond = _SIGMAS**2 / (number + _SIGMAS**2)
    return (0.0, beyond) if value == 0 else (1.0 - beyond, 1.0)


def interval_of_one_difference(value: float, number: int) -> tuple[float, float]:
    """An interval around a difference that was measured ``number`` times and never varied.

    Questions that were not asked may show no difference, as many as Wilson's interval allows.
    """
    share = number / (number + _SIGMAS**2)
    return min(share * value, value), max(share * value, value)
