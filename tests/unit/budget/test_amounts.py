from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from harlm.budget.amounts import minus, plus
from harlm.types import Amounts

AMOUNTS = st.builds(Amounts, *[st.integers(-(1 << 62), 1 << 62)] * 3)


@given(AMOUNTS, AMOUNTS)
def test_what_is_added_can_be_taken_away(left: Amounts, right: Amounts) -> None:
    assert minus(plus(left, right), right) == left
    assert plus(left, right) == plus(right, left)


def test_each_currency_stands_alone() -> None:
    assert plus(Amounts(1, 2, 3), Amounts(10, 20, 30)) == Amounts(11, 22, 33)
    assert minus(Amounts(1, 2, 3), Amounts(10, 0, 1)) == Amounts(-9, 2, 2)
