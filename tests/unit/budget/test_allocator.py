"""The division of a budget among children: examples and refusals. The laws are in
tests/properties/test_allocator.py.
"""

from __future__ import annotations

import math

import pytest

from harlm.budget.allocator import Option, allocate, share


def test_a_large_budget_gives_every_child_its_best_option_and_no_more() -> None:
    flat = (Option(cost=3, utility=5.0), Option(cost=9, utility=5.0))
    steep = (Option(cost=0, utility=1.0), Option(cost=4, utility=8.0))
    assert allocate(100, [flat, steep, ()]) == (3, 4, 0)
    assert allocate(0, [flat, steep]) == (0, 0)
    assert allocate(5, []) == ()


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ([Option(cost=-1, utility=1.0)], r"a cost of child 0 is -1; "),
        ([Option(cost=1, utility=-1.0)], r"a utility of child 0 is -1\.0; "),
        ([Option(cost=1, utility=math.nan)], r"a utility of child 0 is nan; "),
        ([Option(cost=2, utility=1.0), Option(cost=2, utility=3.0)], r"not ascending: .* sort them"),
        ([Option(cost=2, utility=3.0), Option(cost=3, utility=1.0)], r"not ascending: .* leave out"),
    ],
)
def test_invalid_curves_are_refused(options: list[Option], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        allocate(10, [options])


def test_small_needs_are_served_first() -> None:
    assert share(100, [10, 500, 30, 500]) == (10, 30, 30, 30)
    assert share(101, [10, 500, 30, 500]) == (10, 31, 30, 30)
    assert share(100, [10, 30]) == (25, 75)
    assert share(7, [0, 0]) == (4, 3)
    assert share(0, [3, 4]) == (0, 0)
    assert share(9, []) == ()


def test_a_negative_budget_or_need_is_refused() -> None:
    with pytest.raises(ValueError, match=r"the need of child 1 is -2; "):
        share(9, [1, -2])
    with pytest.raises(ValueError, match=r"the budget is -9; "):
        share(-9, [1])


def test_the_most_useful_option_alone_can_beat_the_climb() -> None:
    cheap = (Option(cost=1, utility=2.0),)
    large = (Option(cost=10, utility=10.0),)
    assert allocate(10, [cheap, large]) == (0, 10)


def test_a_surplus_follows_the_needs() -> None:
    assert share(200, [10, 30]) == (50, 150)
