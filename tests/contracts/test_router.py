"""What every router must do."""

from __future__ import annotations

import copy
from functools import partial

import pytest
from hypothesis import given

from harlm.protocols import Router
from harlm.router import HeuristicRouter
from harlm.router.bandit import Bandit
from harlm.router.exploring import ExploringRouter
from harlm.router.learned import LearnedRouter, chances_by_trees
from harlm.router.model import shipped
from harlm.types import MODES, Option, Route, Situation, corpus_of
from tests.support.routing import situation_of, situations, tried_in

RATINGS = {corpus_of(situation_of().task.context): {"plan": (1, 40), "full": (30, 2)}}

ROUTERS: dict[str, Router] = {
    "rules": HeuristicRouter(),
    "learned": LearnedRouter(shipped()),
    "exploring": ExploringRouter(LearnedRouter(shipped()), 0.2),
    "bandit": LearnedRouter(shipped(), Bandit(partial(chances_by_trees, shipped()), RATINGS)),
}
every_router = pytest.mark.parametrize("router", ROUTERS.values(), ids=ROUTERS.keys())


def chosen(situation: Situation, route: Route) -> list[Option]:
    """The options that a route may mean."""
    named = (route.mode, route.strategy, route.reader)
    return [each for each in situation.options if (each.mode, each.strategy, each.reader) == named]


def is_possible(situation: Situation) -> bool:
    return any(each.obstacle is None for each in situation.options)


@every_router
@given(situations())
def test_a_probability_is_given_for_every_mode(router: Router, situation: Situation) -> None:
    route = router.route(situation)
    assert set(route.probabilities) == set(MODES)
    assert all(0 <= each <= 1 for each in route.probabilities.values())
    assert 0 < route.propensity <= 1


@every_router
@given(situations())
def test_equal_situations_give_equal_routes(router: Router, situation: Situation) -> None:
    assert router.route(situation) == router.route(copy.deepcopy(situation))


@every_router
@given(situations())
def test_a_text_that_does_not_fit_the_window_is_never_read_directly(
    router: Router, situation: Situation
) -> None:
    route = router.route(situation)
    reader = situation.sub if route.reader == "sub" else situation.root
    fits = situation.profile.tokens <= reader.window
    assert route.mode != "direct" or fits or not is_possible(situation)


@every_router
@given(situations())
def test_what_is_impossible_is_never_chosen_if_something_else_is_not(
    router: Router, situation: Situation
) -> None:
    options = chosen(situation, router.route(situation))
    assert options
    assert any(each.obstacle is None for each in options) or not is_possible(situation)


@every_router
@given(situations())
def test_a_route_names_a_strategy_exactly_in_plan_mode(router: Router, situation: Situation) -> None:
    route = router.route(situation)
    assert (route.strategy is not None) == (route.mode == "plan")
    assert route.reader == "root" or route.mode == "direct"


@every_router
@given(situations())
def test_a_route_says_why(router: Router, situation: Situation) -> None:
    reasons = router.route(situation).reasons
    assert reasons
    assert all(each.strip() for each in reasons)


@every_router
@given(situations())
def test_an_answer_is_judged_within_bounds_and_never_followed_by_its_own_mode(
    router: Router, situation: Situation
) -> None:
    route = router.route(situation)
    for confidence in (None, 0.0, 0.3, 1.0):
        tried = tried_in(route.mode, confidence=confidence)
        judged = router.judge(route, tried)
        assert judged is None or 0 <= judged <= 1
        step = router.follow(situation, route, [tried])
        assert step is None or (step.mode != route.mode and step.reason)
