from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harlm.router.cascade import measured_by, next_step, right_after
from harlm.router.model import CHECKED, Logistic
from harlm.types import MODES, Left, Mode, NextMode, Route, Share, Signals, Situation, Tried, Weighed, Worth
from tests.support.routing import among, router_model, situation_of, tried_in

CHECK = Logistic(intercept=-2.0, prior=1.0, weights={"quotes": 4.0, "is_whole": 1.0})
MODEL = router_model({}, checks={"direct": CHECK})
SITUATION = situation_of()


def way(
    mode: Mode, right: float, micros: int | None = 1_000, seconds: float = 1.0, *, open_: bool = True
) -> Weighed:
    return Weighed(
        option=mode, mode=mode, right=right, micros=micros, seconds=seconds, utility=right if open_ else None
    )


def route_of(*weighed: Weighed, mode: Mode = "direct") -> Route:
    return Route(
        mode=mode, probabilities={each.mode: each.right for each in weighed}, weighed=weighed, basis="trees"
    )


ROUTE = route_of(way("direct", 0.7), way("full", 0.9), way("repl", 0.4))


def following(
    *tried: Tried,
    route: Route = ROUTE,
    situation: Situation = SITUATION,
    carry: dict[str, float] | None = None,
) -> NextMode | None:
    return next_step(router_model({}, checks=MODEL.checks, carry=carry or {}), situation, route, tried)


def mode_after(*tried: Tried, **more: Route | Situation) -> Mode | None:
    step = following(*tried, **more)  # type: ignore[arg-type] # by name
    return None if step is None else step.mode


def test_a_sure_answer_stands_and_a_doubtful_one_is_followed_by_the_mode_that_gains_most() -> None:
    table = {0.99: None, 0.9: None, 0.87: None, 0.7: "full", 0.2: "full", 0.0: "full"}
    assert {sure: mode_after(tried_in(confidence=sure)) for sure in table} == table


def test_a_step_says_what_it_is_expected_to_cost() -> None:
    step = following(tried_in(confidence=0.2))
    assert step is not None
    assert step.reason == (
        "the answer of mode direct is right with a chance of 20%; mode full follows for about $0.0010"
    )
    unknown = following(tried_in(confidence=0.2), route=route_of(way("direct", 0.7), way("full", 0.9, None)))
    assert unknown is not None
    assert unknown.reason.endswith("for about unknown")


def test_a_step_that_costs_more_than_it_gains_is_not_taken() -> None:
    """From one in five to nine in ten is worth seventy cents."""
    for micros, worth, mode in (
        (600_000, Worth(), "full"),
        (690_000, Worth(), None),
        (690_000, Worth(answer=10), "full"),
        (1_000, Worth(answer=0.001), None),
    ):
        route = route_of(way("direct", 0.7), way("full", 0.9, micros))
        found = mode_after(tried_in(confidence=0.2), route=route, situation=among((), worth=worth))
        assert found == mode, (micros, worth)
    slow = route_of(way("direct", 0.7), way("full", 0.9, seconds=100.0))
    assert (
        mode_after(tried_in(confidence=0.2), route=slow, situation=among((), worth=Worth(second=0.01)))
        is None
    )


def test_what_is_left_must_cover_a_step() -> None:
    for left, mode in (
        (Left(micros=1_000, seconds=1.0), "full"),
        (Left(micros=999), None),
        (Left(seconds=0.9), None),
        (Left(micros=0), None),
    ):
        assert mode_after(tried_in(confidence=0.2), situation=among((), left=left)) == mode, left


def test_what_was_impossible_is_no_step() -> None:
    route = route_of(way("direct", 0.7), way("full", 0.9, open_=False), way("repl", 0.6))
    assert mode_after(tried_in(confidence=0.1), route=route) == "repl"


def test_after_three_attempts_the_best_answer_stands() -> None:
    tried = [tried_in(mode, confidence=0.0) for mode in ("direct", "repl", "plan")]
    assert mode_after(*tried[:2]) == "full"
    assert mode_after(*tried) is None


def test_the_best_of_several_answers_counts() -> None:
    assert mode_after(tried_in("repl", confidence=0.88), tried_in(confidence=0.1)) is None


def test_rules_are_followed_by_nothing() -> None:
    assert mode_after(tried_in(confidence=0.0), route=Route(mode="direct", probabilities={})) is None


def test_a_mode_that_fails_with_the_first_one_gains_less() -> None:
    doubtful = tried_in(confidence=0.2)
    route = route_of(way("direct", 0.7), way("full", 0.9), way("repl", 0.8))
    same = following(doubtful, route=route, carry={"direct>full": 0.3})
    assert same is not None
    assert same.mode == "repl"
    other = following(doubtful, route=route, carry={"repl>full": 0.3})
    assert other is not None
    assert other.mode == "full"
    assert following(doubtful, route=route, carry={"direct>full": 0.0, "direct>repl": 0.0}) is None


def test_the_option_that_is_worth_most_stands_for_its_mode() -> None:
    route = route_of(way("plan", 0.9), way("plan", 0.2), mode="plan")
    assert right_after(MODEL, "plan", 0.9, tried_in("plan")) == 0.9
    assert mode_after(tried_in("plan"), route=route) is None


def test_signals_are_numbers_and_what_was_not_measured_is_left_out() -> None:
    signals = Signals(
        quotes=Share(1, 4), coverage=Share(0, 0), has_type=True, ran_clean=False, is_found=None, logprob=0.25
    )
    found = measured_by(tried_in(signals=signals, status="partial"))
    assert found == {
        "quotes": 0.25,
        "has_quotes": 1.0,
        "has_type": 1.0,
        "ran_clean": 0.0,
        "logprob": 0.25,
        "is_whole": 0.0,
    }
    assert measured_by(tried_in()) == {"is_whole": 1.0}
    assert measured_by(tried_in(signals=Signals(quotes=Share(0, 3))))["has_quotes"] == 0
    assert set(found) <= set(CHECKED)


def test_a_check_says_how_probable_an_answer_is_and_a_calibrated_confidence_outranks_it() -> None:
    good, bad = (tried_in(signals=Signals(quotes=Share(part, 2))) for part in (2, 0))
    assert right_after(MODEL, "direct", 0.5, good) > 0.9 > 0.3 > right_after(MODEL, "direct", 0.5, bad)
    assert right_after(MODEL, "direct", 0.9, bad) > right_after(MODEL, "direct", 0.5, bad)
    assert right_after(MODEL, "full", 0.6, good) == 0.6
    sure = tried_in(confidence=0.97, signals=Signals(quotes=Share(0, 2)))
    assert right_after(MODEL, "direct", 0.5, sure) == 0.97
    assert (mode_after(good), mode_after(bad), mode_after(sure)) == (None, "full", None)


rights = st.floats(0, 1)


@given(
    st.lists(st.builds(way, st.sampled_from(MODES), rights, st.integers(0, 10**6)), max_size=6),
    st.lists(st.sampled_from(MODES), min_size=1, max_size=4),
    rights,
)
def test_no_mode_is_tried_twice_and_what_follows_is_better(
    weighed: list[Weighed], modes: list[Mode], sure: float
) -> None:
    tried = [tried_in(mode, confidence=sure) for mode in modes]
    step = following(*tried, route=route_of(*weighed))
    if step is None:
        return
    assert len(tried) < 3
    assert step.mode not in modes
    assert max(each.right for each in weighed if each.mode == step.mode) > sure


@given(st.lists(st.builds(way, st.sampled_from(MODES), rights), min_size=1, max_size=6))
def test_a_cascade_ends(weighed: list[Weighed]) -> None:
    route = route_of(*weighed)
    tried = [tried_in(weighed[0].mode, confidence=0.0)]
    while (step := following(*tried, route=route)) is not None:
        tried.append(tried_in(step.mode, confidence=0.0))
    assert len(tried) <= 3


def test_the_check_of_a_mode_without_one_changes_nothing() -> None:
    assert right_after(router_model({}), "direct", 0.33, tried_in()) == pytest.approx(0.33)
