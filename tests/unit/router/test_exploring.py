from __future__ import annotations

from collections import Counter
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harlm.router import HeuristicRouter
from harlm.router.exploring import ExploringRouter
from harlm.router.learned import LearnedRouter
from harlm.types import Mode, Route, Situation
from tests.support.routing import head_of, proposal_of, router_model, situation_of, situations, tried_in

LEARNED = LearnedRouter(
    router_model({"direct": head_of(0.2), "plan": head_of(1.5), "repl": head_of(0.0), "full": head_of(0.3)})
)
_DRAWS = 240


def at(draw: float | None, tokens: int = 20_000) -> Situation:
    return situation_of(
        "How many?", tokens, proposals=(proposal_of(fit=1.0), proposal_of("map", 0.4)), draw=draw
    )


@cache
def routes(rate: float, tokens: int = 20_000) -> list[Route]:
    router = ExploringRouter(LEARNED, rate)
    return [router.route(at(number / _DRAWS, tokens)) for number in range(_DRAWS)]


def test_another_mode_is_tried_as_often_as_the_rate_says() -> None:
    best = LEARNED.route(at(None)).mode
    for rate in (0.25, 0.5):
        modes = Counter(each.mode for each in routes(rate))
        assert sum(modes.values()) - modes[best] == pytest.approx(rate * _DRAWS, abs=2)
        others = [modes[mode] for mode in modes if mode != best]
        assert max(others) - min(others) <= 2


def test_the_propensities_of_the_modes_are_their_shares_and_sum_to_one() -> None:
    made = routes(0.25)
    shares: dict[Mode, set[float]] = {}
    for each in made:
        shares.setdefault(each.mode, set()).add(each.propensity)
    assert len(shares) == 4
    assert all(len(each) == 1 for each in shares.values())
    assert sum(each for one in shares.values() for each in one) == pytest.approx(1)
    modes = Counter(each.mode for each in made)
    assert {mode: count / _DRAWS for mode, count in modes.items()} == pytest.approx(
        {mode: next(iter(each)) for mode, each in shares.items()}, abs=0.01
    )


def test_a_mode_that_is_tried_comes_with_its_best_option_and_says_so() -> None:
    for each in routes(0.5):
        if each.basis != "exploration":
            continue
        assert each.strategy == ("label" if each.mode == "plan" else None)
        assert not each.is_sure
        assert "to learn from it (router.exploration = 0.5)" in each.reasons[0]
        assert len(each.reasons) > 1


def test_what_is_impossible_is_never_tried() -> None:
    modes = {each.mode for each in routes(0.5, 10**6)}
    assert "direct" not in modes
    assert len(modes) > 1


def test_without_a_draw_or_a_rate_the_best_mode_is_taken() -> None:
    assert ExploringRouter(LEARNED, 0.5).route(at(None)) == LEARNED.route(at(None))
    for draw in (0.0, 0.3, 1.0):
        never = ExploringRouter(LEARNED, 0.0).route(at(draw))
        assert (never.mode, never.propensity) == (LEARNED.route(at(draw)).mode, 1.0)


def test_the_best_mode_is_also_taken_by_a_known_chance() -> None:
    route = ExploringRouter(LEARNED, 0.2).route(at(0.9))
    assert route.propensity == pytest.approx(0.8)
    assert route.basis == "trees"


def test_rules_are_not_explored() -> None:
    assert ExploringRouter(HeuristicRouter(), 0.5).route(at(0.1)) == HeuristicRouter().route(at(0.1))


@given(situations(), st.floats(0.01, 0.5))
def test_a_mode_that_is_tried_can_be_chosen(situation: Situation, rate: float) -> None:
    route = ExploringRouter(LEARNED, rate).route(situation)
    if route.basis != "exploration":
        return
    assert situation.draw is not None
    assert situation.draw < rate
    assert route.mode != LEARNED.route(situation).mode
    assert any(each.mode == route.mode and each.utility is not None for each in route.weighed)


def test_answers_are_judged_and_followed_as_without_exploring() -> None:
    router, situation = ExploringRouter(LEARNED, 0.5), at(0.9)
    route = router.route(situation)
    tried = tried_in(route.mode, confidence=0.1)
    assert router.judge(route, tried) == LEARNED.judge(route, tried) == 0.1
    assert router.follow(situation, route, [tried]) == LEARNED.follow(situation, route, [tried])
