"""What every router must do."""

from __future__ import annotations

import copy

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harlm.protocols import Router
from harlm.testing.contracts.missing import missing
from harlm.testing.contracts.situations import situations, tried_in
from harlm.types import MODES, Route, RouteOption, Situation

_pure = settings(
    deadline=None,
    suppress_health_check=[
        HealthCheck.too_slow,
        HealthCheck.function_scoped_fixture,  # a router keeps nothing between two situations
        HealthCheck.differing_executors,
    ],
)


def _chosen(situation: Situation, route: Route) -> list[RouteOption]:
    """The options that a route may mean."""
    named = (route.mode, route.strategy, route.reader)
    return [each for each in situation.options if (each.mode, each.strategy, each.reader) == named]


def _is_possible(situation: Situation) -> bool:
    return any(each.obstacle is None for each in situation.options)


class RouterContract:
    """The laws of ``harlm.protocols.Router``."""

    @pytest.fixture
    def router(self) -> Router:
        """The router to test; override it."""
        raise missing(self, "router")

    @_pure
    @given(situation=situations())
    def test_a_probability_is_given_for_every_mode(self, router: Router, situation: Situation) -> None:
        route = router.route(situation)
        assert set(route.probabilities) == set(MODES)
        assert all(0 <= each <= 1 for each in route.probabilities.values())
        assert 0 < route.propensity <= 1

    @_pure
    @given(situation=situations())
    def test_equal_situations_give_equal_routes(self, router: Router, situation: Situation) -> None:
        assert router.route(situation) == router.route(copy.deepcopy(situation))

    @_pure
    @given(situation=situations())
    def test_a_text_that_does_not_fit_the_window_is_never_read_directly(
        self, router: Router, situation: Situation
    ) -> None:
        route = router.route(situation)
        reader = situation.sub if route.reader == "sub" else situation.root
        assert (
            not _is_possible(situation) or route.mode != "direct" or situation.profile.tokens <= reader.window
        )

    @_pure
    @given(situation=situations())
    def test_what_is_impossible_is_never_chosen_if_something_else_is_not(
        self, router: Router, situation: Situation
    ) -> None:
        route = router.route(situation)
        meant = [each for each in situation.options if each.mode == route.mode]
        assert not _is_possible(situation) or any(
            each.obstacle is None for each in _chosen(situation, route) or meant
        )

    @_pure
    @given(situation=situations())
    def test_a_route_means_one_of_the_options_and_names_a_strategy_exactly_in_plan_mode(
        self, router: Router, situation: Situation
    ) -> None:
        route = router.route(situation)
        assert _chosen(situation, route)
        assert (route.strategy is not None) == (route.mode == "plan")

    @_pure
    @given(situation=situations())
    def test_a_route_says_why(self, router: Router, situation: Situation) -> None:
        route = router.route(situation)
        assert route.reasons
        assert all(each.strip() for each in route.reasons)

    @_pure
    @given(situation=situations(), confidence=st.sampled_from([None, 0.0, 0.3, 1.0]))
    def test_an_answer_is_judged_within_bounds_and_never_followed_by_its_own_mode(
        self, router: Router, situation: Situation, confidence: float | None
    ) -> None:
        route = router.route(situation)
        tried = tried_in(route.mode, confidence=confidence)
        judged, step = router.judge(route, tried), router.follow(situation, route, [tried])
        assert judged is None or 0 <= judged <= 1
        assert step is None or (step.mode != route.mode and bool(step.reason))
