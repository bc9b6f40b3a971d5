"""What every router must do."""

from __future__ import annotations

import copy
from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from harlm.protocols import Router
from harlm.router import HeuristicRouter
from harlm.router.bandit import Bandit, Ratings
from harlm.router.exploring import ExploringRouter
from harlm.router.learned import LearnedRouter
from harlm.router.model import shipped
from harlm.types import MODES, Route, RouteOption, Situation, corpus_of
from tests.support.routing import situation_of, situations, tried_in

RATINGS: Ratings = {corpus_of(situation_of().task.context): {"plan": (1, 40), "full": (30, 2)}}

ROUTERS: dict[str, Router] = {
    "rules": HeuristicRouter(),
    "learned": LearnedRouter(shipped()),
    "exploring": ExploringRouter(LearnedRouter(shipped()), 0.2),
    "bandit": LearnedRouter(shipped(), bandit=Bandit(RATINGS)),
}


def chosen(situation: Situation, route: Route) -> list[RouteOption]:
    """The options that a route may mean."""
    named = (route.mode, route.strategy, route.reader)
    return [each for each in situation.options if (each.mode, each.strategy, each.reader) == named]


def is_possible(situation: Situation) -> bool:
    return any(each.obstacle is None for each in situation.options)


def broken_by(situation: Situation, holds: Callable[[Router, Route], bool]) -> list[str]:
    """The routers for whose route a law does not hold."""
    return [name for name, each in ROUTERS.items() if not holds(each, each.route(situation))]


@given(situations())
def test_a_probability_is_given_for_every_mode(situation: Situation) -> None:
    def holds(_: Router, route: Route) -> bool:
        values = route.probabilities.values()
        return (
            set(route.probabilities) == set(MODES)
            and all(0 <= each <= 1 for each in values)
            and 0 < route.propensity <= 1
        )

    assert not broken_by(situation, holds)


@given(situations())
def test_equal_situations_give_equal_routes(situation: Situation) -> None:
    again = copy.deepcopy(situation)
    assert not broken_by(situation, lambda router, route: route == router.route(again))


@given(situations())
def test_a_text_that_does_not_fit_the_window_is_never_read_directly(situation: Situation) -> None:
    def holds(_: Router, route: Route) -> bool:
        reader = situation.sub if route.reader == "sub" else situation.root
        return route.mode != "direct" or situation.profile.tokens <= reader.window

    assert not is_possible(situation) or not broken_by(situation, holds)


@given(situations())
def test_what_is_impossible_is_never_chosen_if_something_else_is_not(situation: Situation) -> None:
    def holds(_: Router, route: Route) -> bool:
        meant = [each for each in situation.options if each.mode == route.mode]
        return any(each.obstacle is None for each in chosen(situation, route) or meant)

    assert not is_possible(situation) or not broken_by(situation, holds)


@given(situations())
def test_a_route_means_one_of_the_options_and_names_a_strategy_exactly_in_plan_mode(
    situation: Situation,
) -> None:
    def holds(_: Router, route: Route) -> bool:
        return bool(chosen(situation, route)) and (route.strategy is not None) == (route.mode == "plan")

    assert not broken_by(situation, holds)


@given(situations())
def test_a_route_says_why(situation: Situation) -> None:
    def holds(_: Router, route: Route) -> bool:
        return bool(route.reasons) and all(each.strip() for each in route.reasons)

    assert not broken_by(situation, holds)


@given(situations(), st.sampled_from([None, 0.0, 0.3, 1.0]))
def test_an_answer_is_judged_within_bounds_and_never_followed_by_its_own_mode(
    situation: Situation, confidence: float | None
) -> None:
    def holds(router: Router, route: Route) -> bool:
        tried = tried_in(route.mode, confidence=confidence)
        judged, step = router.judge(route, tried), router.follow(situation, route, [tried])
        return (judged is None or 0 <= judged <= 1) and (
            step is None or (step.mode != route.mode and bool(step.reason))
        )

    assert not broken_by(situation, holds)
