"""Theorem T9 of docs/design/budget-theorems.md: the division of a budget, compared with the optimum."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from itertools import islice, pairwise, permutations, product
from random import Random
from statistics import fmean

import pytest
from hypothesis import given
from hypothesis import strategies as st
from perf.budget.allocation import Children, best_possible, equal_split, first_come, worth

from harlm.budget.allocator import Option, allocate, share


@st.composite
def curves(draw: st.DrawFn) -> tuple[Option, ...]:
    """Any ascending options; whole utilities, so that sums are exact."""
    costs = sorted(draw(st.sets(st.integers(0, 30), max_size=5)))
    utilities = sorted(draw(st.lists(st.integers(0, 60), min_size=len(costs), max_size=len(costs))))
    return tuple(Option(cost=cost, utility=utility) for cost, utility in zip(costs, utilities, strict=True))


CHILDREN = st.lists(curves(), max_size=6).map(tuple)


# -- options ---------------------------------------------------------------------------------------------


@given(st.integers(0, 60), CHILDREN)
def test_t9_at_least_half_of_the_optimum_is_reached_within_the_budget(
    budget: int, children: Children
) -> None:
    grants = allocate(budget, children)
    assert sum(grants) <= budget
    assert all(
        grant in {0, *(option.cost for option in options)}
        for grant, options in zip(grants, children, strict=True)
    )
    assert 2 * worth(grants, children) >= best_possible(budget, children)


@given(st.integers(0, 60), CHILDREN)
def test_t9_the_most_useful_option_alone_is_never_better(budget: int, children: Children) -> None:
    grants = allocate(budget, children)
    assert worth(grants, children) >= max(
        (option.utility for options in children for option in options if option.cost <= budget), default=0
    )


@given(st.integers(0, 40), st.lists(st.lists(st.integers(0, 20), max_size=5), max_size=5), st.integers(1, 4))
def test_t9_with_equal_steps_and_falling_gains_the_result_is_optimal(
    budget: int, gains: list[list[int]], step: int
) -> None:
    children = tuple(
        tuple(
            Option(cost=step * (at + 1), utility=sum(sorted(each, reverse=True)[: at + 1]))
            for at in range(len(each))
        )
        for each in gains
    )
    assert worth(allocate(budget, children), children) == best_possible(budget, children)


@given(st.integers(0, 60), CHILDREN, st.integers(1, 1000))
def test_units_do_not_matter(budget: int, children: Children, unit: int) -> None:
    in_units = tuple(
        tuple(Option(cost=each.cost * unit, utility=each.utility) for each in options) for options in children
    )
    assert allocate(budget * unit, in_units) == tuple(grant * unit for grant in allocate(budget, children))


def test_many_options_use_nearly_the_whole_budget() -> None:
    random = Random(5)
    children = [
        [Option(cost=cost, utility=cost**0.5) for cost in sorted(random.sample(range(10**6), 100))]
        for _ in range(200)
    ]
    assert 0.99 * 10**7 < sum(allocate(10**7, children)) <= 10**7


# -- compared with the optimum, and with simpler divisions -----------------------------------------------


def cases(shape: str) -> Iterator[tuple[int, Children]]:
    """Small problems, the same ones in every run."""
    random = Random(shape)
    while True:
        children = []
        for _ in range(random.randint(1, 6)):
            costs = sorted(random.sample(range(1, 25), 1 if shape == "single" else random.randint(1, 4)))
            if shape == "concave":
                slopes = sorted((random.random() for _ in costs), reverse=True)
                gains = [
                    slope * (high - low)
                    for slope, (low, high) in zip(slopes, pairwise([0, *costs]), strict=True)
                ]
                utilities = [sum(gains[: at + 1]) for at in range(len(gains))]
            else:
                utilities = sorted(float(random.randint(1, 60)) for _ in costs)
            children.append(tuple(Option(cost=c, utility=u) for c, u in zip(costs, utilities, strict=True)))
        yield random.randint(min(each[0].cost for each in children), 40), tuple(children)


@cache
def ratios(shape: str, divide: Callable[[int, Children], Sequence[int]]) -> list[float]:
    sample = list(islice(cases(shape), 1_000))
    optima = [best_possible(budget, children) for budget, children in sample]
    return [
        worth(divide(budget, children), children) / best
        for (budget, children), best in zip(sample, optima, strict=True)
        if best > 0
    ]


@pytest.mark.parametrize("shape", ["any", "concave", "single"])
def test_t9_small_cases_are_close_to_the_optimum(shape: str) -> None:
    measured = ratios(shape, allocate)
    assert len(measured) == 1_000
    assert min(measured) >= 0.5
    assert fmean(measured) >= 0.97
    assert fmean(ratios(shape, equal_split)) < 0.6
    assert fmean(ratios(shape, first_come)) < 0.9


# -- needs -----------------------------------------------------------------------------------------------

NEEDS = st.lists(st.integers(0, 30) | st.integers(0, 10**12), max_size=12)


@given(st.integers(0, 60) | st.integers(0, 10**13), NEEDS)
def test_the_whole_budget_is_shared_and_no_grant_is_negative(budget: int, needs: list[int]) -> None:
    grants = share(budget, needs)
    assert len(grants) == len(needs)
    assert sum(grants) == (budget if needs else 0)
    assert all(grant >= 0 for grant in grants)
    assert share(budget, needs) == grants


@given(st.integers(0, 10**9), st.lists(st.integers(0, 10**6), min_size=1, max_size=12))
def test_needs_that_fit_are_served_in_full_and_the_surplus_follows_the_needs(
    surplus: int, needs: list[int]
) -> None:
    grants = share(sum(needs) + surplus, needs)
    assert all(grant >= need for grant, need in zip(grants, needs, strict=True))
    weights = needs if any(needs) else [1] * len(needs)
    for grant, weight in zip(grants, weights, strict=True):
        assert abs(grant * sum(weights) - (sum(needs) + surplus) * weight) < sum(weights)


@given(st.integers(0, 10**4), st.lists(st.integers(0, 10**4), min_size=1, max_size=12))
def test_needs_that_do_not_fit_are_divided_max_min_fair(budget: int, needs: list[int]) -> None:
    if budget >= sum(needs):
        budget = max(0, sum(needs) - 1)
    grants = share(budget, needs)
    assert all(grant <= need for grant, need in zip(grants, needs, strict=True))
    if any(needs):
        level = max(grants)
        assert all(grant == need or grant >= level - 1 for grant, need in zip(grants, needs, strict=True))


@given(st.integers(0, 10**4), st.lists(st.integers(0, 10**3), min_size=1, max_size=12), st.integers(0, 100))
def test_a_larger_need_never_gets_less_and_a_larger_budget_takes_from_no_child(
    budget: int, needs: list[int], more: int
) -> None:
    grants, richer = share(budget, needs), share(budget + more, needs)
    for low, high in permutations(range(len(needs)), 2):
        if needs[low] < needs[high]:
            assert grants[low] <= grants[high]
        if needs[low] == needs[high]:
            assert abs(grants[low] - grants[high]) <= 1
    if budget + more <= sum(needs):
        assert all(before <= after for before, after in zip(grants, richer, strict=True))


def all_divisions(budget: int, needs: Sequence[int]) -> Iterator[tuple[int, ...]]:
    return (each for each in product(*(range(need + 1) for need in needs)) if sum(each) <= budget)


@given(st.integers(0, 16), st.lists(st.integers(0, 6), min_size=1, max_size=4))
def test_t9_no_division_of_a_short_budget_is_worth_more_if_gains_fall(budget: int, needs: list[int]) -> None:
    budget = min(budget, sum(needs))
    grants = share(budget, needs)
    for utility in (math.sqrt, math.log1p, lambda amount: -math.exp(-amount)):
        best = max(math.fsum(map(utility, each)) for each in all_divisions(budget, needs))
        assert math.fsum(map(utility, grants)) >= best - 1e-12
