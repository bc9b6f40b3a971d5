"""Sums and differences of amounts, currency by currency."""

from __future__ import annotations

from harlm.types import Amounts


def plus(left: Amounts, right: Amounts) -> Amounts:
    """The amounts of both."""
    return Amounts(left[0] + right[0], left[1] + right[1], left[2] + right[2])


def minus(left: Amounts, right: Amounts) -> Amounts:
    """What is left of the first without the second; negative where that is more."""
    return Amounts(left[0] - right[0], left[1] - right[1], left[2] - right[2])
