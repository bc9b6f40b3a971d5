"""The suite finds what is wrong with a router."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import pytest

from harlm.router import HeuristicRouter
from harlm.testing.contracts import RouterContract
from harlm.types import NextMode, Route, Situation, Tried

SUITE = RouterContract()


@dataclass
class Broken:
    """Rules with one fault."""

    change: Callable[[Route], Route] = lambda route: route
    judged: float | None = None
    step: Callable[[Route], NextMode | None] = lambda route: None

    def route(self, situation: Situation) -> Route:
        return self.change(HeuristicRouter().route(situation))

    def judge(self, route: Route, tried: Tried) -> float | None:
        return self.judged

    def follow(self, situation: Situation, route: Route, tried: Sequence[Tried]) -> NextMode | None:
        return self.step(route)


def test_a_good_one_passes() -> None:
    SUITE.test_a_route_says_why(router=Broken())
    SUITE.test_a_probability_is_given_for_every_mode(router=Broken())


def test_faults_are_found() -> None:
    numbers = itertools.count()
    direct = Broken(lambda route: replace(route, mode="direct", strategy=None, reader="root"))
    nowhere = Broken(lambda route: replace(route, mode="plan", strategy=None))
    found = {
        SUITE.test_a_probability_is_given_for_every_mode: Broken(
            lambda route: replace(route, probabilities={"full": 1.0})
        ),
        SUITE.test_equal_situations_give_equal_routes: Broken(
            lambda route: replace(route, version=str(next(numbers)))
        ),
        SUITE.test_a_text_that_does_not_fit_the_window_is_never_read_directly: direct,
        SUITE.test_what_is_impossible_is_never_chosen_if_something_else_is_not: direct,
        SUITE.test_a_route_means_one_of_the_options_and_names_a_strategy_exactly_in_plan_mode: nowhere,
        SUITE.test_a_route_says_why: Broken(lambda route: replace(route, reasons=(" ",))),
        SUITE.test_an_answer_is_judged_within_bounds_and_never_followed_by_its_own_mode: Broken(judged=7.0),
    }
    for law, broken in found.items():
        with pytest.raises(AssertionError):
            law(router=broken)
    again = Broken(step=lambda route: NextMode(route.mode, "once more"))
    with pytest.raises(AssertionError):
        SUITE.test_an_answer_is_judged_within_bounds_and_never_followed_by_its_own_mode(router=again)
