"""How wrong items may be of which a few were checked: exact intervals, and what they mean for a count.

An audit draws items at random and judges them again in another way. The share of wrong items that it finds is a sample; the
intervals hold for any true share, however few items were drawn, since nothing is approximated by a normal distribution.
"""

from __future__ import annotations

import math
from collections.abc import Callable

SHARE = 0.95
"""How often an interval holds the true value, unless a caller says otherwise."""

_STEPS = 200  # of a bisection: more than a float has bits to halve
_TERMS = 100_000  # of a continued fraction; it needs about the square root of the number checked
_TINY = 1e-300
_CLOSE = 1e-15


def interval(wrong: int, checked: int, share: float = SHARE) -> tuple[float, float]:
    """The exact interval of an error rate (Clopper and Pearson, Biometrika 26, 1934); ``(0.0, 1.0)`` if none was checked.

    Args:
        wrong: items that were wrong.
        checked: items that were drawn.
        share: how often the interval holds the true rate, at least.

    Raises:
        ValueError: ``wrong`` is not between 0 and ``checked``, or ``share`` not between 0 and 1.
    """
    _check(wrong, checked, share)
    tail = (1 - share) / 2
    return _lower(wrong, checked, tail), _upper(wrong, checked, tail)


def at_most(wrong: int, checked: int, share: float = SHARE) -> float:
    """The rate that the true error rate does not exceed, one-sided: the upper end of Clopper and Pearson.

    Raises:
        ValueError: as ``interval``.
    """
    _check(wrong, checked, share)
    return _upper(wrong, checked, 1 - share)


def most_wrong(wrong: int, checked: int, items: int, share: float = SHARE) -> int:
    """How many of ``items`` may be wrong at most, if ``checked`` of them were drawn without putting any back.

    Exact for a finite number of items (hypergeometric), so that it is ``wrong`` if all were checked.

    Raises:
        ValueError: more were checked than there are items, or as ``interval``.
    """
    _check(wrong, checked, share)
    if checked > items:
        raise ValueError(f"{checked:,} of {items:,} items cannot be checked: draw at most all of them")
    low, high = wrong, items - (checked - wrong)
    while low < high:  # the tail falls as the number of wrong items grows
        middle = (low + high + 1) // 2
        if _drawn_at_most(wrong, checked, middle, items) > 1 - share:
            low = middle
        else:
            high = middle - 1
    return low


def count_interval(
    count: int, items: int, *, wrong: int, checked: int, share: float = SHARE
) -> tuple[int, int]:
    """Between which numbers the true count lies, if ``count`` of ``items`` were labelled so.

    Nothing is assumed about the kind of errors: all wrong labels may have made the count too high, or too low.

    Args:
        count: items with the label.
        items: all items that were labelled.
        wrong, checked: the audit of the labels.
        share: how often the interval holds the true count, at least.

    Raises:
        ValueError: ``count`` is not between 0 and ``items``, or as ``most_wrong``.
    """
    if not 0 <= count <= items:
        raise ValueError(f"a count of {count:,} among {items:,} items is impossible: use 0 <= count <= items")
    off = most_wrong(wrong, checked, items, share)
    return max(0, count - off), min(items, count + off)


def chance_of_at_most(wrong: int, checked: int, rate: float) -> float:
    """The chance that at most ``wrong`` of ``checked`` items are wrong, if each is so with the chance ``rate``."""
    if wrong >= checked or rate <= 0:
        return 1.0
    return 0.0 if rate >= 1 else _beta_share(checked - wrong, wrong + 1, 1 - rate)


def _check(wrong: int, checked: int, share: float) -> None:
    if not 0 <= wrong <= checked:
        raise ValueError(f"{wrong:,} wrong of {checked:,} checked is impossible: use 0 <= wrong <= checked")
    if not 0 < share < 1:
        raise ValueError(
            f"an interval cannot hold the true value with the chance {share!r}: use 0 < share < 1"
        )


def _upper(wrong: int, checked: int, tail: float) -> float:
    """The rate at which so few wrong items have the chance ``tail``."""
    if wrong == checked:
        return 1.0
    return _root(lambda rate: chance_of_at_most(wrong, checked, rate) > tail)


def _lower(wrong: int, checked: int, tail: float) -> float:
    """The rate at which so many wrong items have the chance ``tail``."""
    if wrong == 0:
        return 0.0
    return 1.0 - _upper(checked - wrong, checked, tail)


def _root(is_below: Callable[[float], bool]) -> float:
    """Where ``is_below`` turns from true to false, between 0 and 1."""
    low, high = 0.0, 1.0
    for _ in range(_STEPS):
        middle = (low + high) / 2
        if middle in (low, high):
            break
        low, high = (middle, high) if is_below(middle) else (low, middle)
    return high


def _beta_share(a: float, b: float, x: float) -> float:
    """The regularised incomplete beta function, by its continued fraction (DiDonato and Morris, 1992; Lentz' method)."""
    if x > (a + 1) / (a + b + 2):
        return 1.0 - _beta_share(b, a, 1 - x)
    front = a * math.log(x) + b * math.log1p(-x) + math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b)
    c, d = 1.0, 1 / _nonzero(1 - (a + b) * x / (a + 1))
    fraction = d
    for m in range(1, _TERMS):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for term in (even, odd):
            d, c = 1 / _nonzero(1 + term * d), _nonzero(1 + term / c)
            fraction *= c * d
        if abs(c * d - 1) < _CLOSE:
            break
    return math.exp(front) * fraction / a


def _nonzero(value: float) -> float:
    return value if abs(value) > _TINY else _TINY


def _drawn_at_most(wrong: int, checked: int, all_wrong: int, items: int) -> float:
    """The chance that a draw holds at most ``wrong`` of the ``all_wrong`` items."""
    least = max(0, checked - (items - all_wrong))
    whole = _log_choose(items, checked)
    return math.fsum(
        math.exp(_log_choose(all_wrong, each) + _log_choose(items - all_wrong, checked - each) - whole)
        for each in range(least, min(wrong, all_wrong) + 1)
    )


def _log_choose(of: int, taken: int) -> float:
    return math.lgamma(of + 1) - math.lgamma(taken + 1) - math.lgamma(of - taken + 1)
