from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean, pstdev

import pytest

from harlm.router.bandit import WORTH, Bandit, Ratings
from harlm.router.features import Features
from harlm.router.learned import LearnedRouter
from harlm.types import MODES, Mode, Route, RouteOption, Situation, corpus_of
from tests.support.routing import head_of, proposal_of, router_model, situation_of

RIGHT: dict[Mode, float] = {"direct": 0.6, "plan": 0.7, "repl": 0.3, "full": 0.5}
CORPUS = corpus_of(situation_of().task.context)
_DRAWS = 400


def learned(_: Situation, options: Sequence[RouteOption], seen: Sequence[Features]) -> list[float]:
    return [RIGHT[each.mode] for each in options]


def drawn(ratings: Ratings, draw: float | None) -> dict[Mode, float]:
    situation = situation_of(proposals=(proposal_of(),), draw=draw)
    chances: Sequence[float] = learned(situation, situation.options, ())
    bandit = Bandit(ratings)
    if draw is not None and bandit.knows(situation):
        chances = bandit.drawn(situation, chances, draw)
    return {each.mode: chance for each, chance in zip(situation.options, chances, strict=True)}


def means(ratings: Ratings) -> dict[Mode, float]:
    many = [drawn(ratings, number / _DRAWS) for number in range(_DRAWS)]
    return {mode: fmean(each[mode] for each in many) for mode in MODES}


def test_without_ratings_of_this_corpus_or_a_draw_nothing_changes() -> None:
    rated: Ratings = {CORPUS: {"plan": (0, 50)}}
    assert drawn({}, 0.5) == drawn({"another": {"plan": (0, 50)}}, 0.5) == drawn(rated, None) == RIGHT
    assert drawn({CORPUS: {}}, 0.5) == RIGHT
    assert drawn(rated, 0.5) != RIGHT


def test_equal_draws_give_equal_probabilities_and_others_give_others() -> None:
    rated: Ratings = {CORPUS: {"plan": (3, 5)}}
    assert drawn(rated, 0.25) == drawn(rated, 0.25) != drawn(rated, 0.26)


def test_bad_ratings_lower_a_mode_and_good_ones_raise_it_as_far_as_they_are_many() -> None:
    few, many = means({CORPUS: {"plan": (0, 2)}}), means({CORPUS: {"plan": (0, 80), "repl": (80, 0)}})
    assert many["plan"] < 0.1 < few["plan"] < RIGHT["plan"]
    assert many["repl"] > 0.9
    counts: dict[Mode, tuple[int, int]] = {"plan": (0, 80), "repl": (80, 0), "direct": (0, 0)}
    for mode, (good, bad) in counts.items():
        expected = (WORTH * RIGHT[mode] + good) / (WORTH + good + bad)
        assert many[mode] == pytest.approx(expected, abs=0.04), mode


def test_much_is_believed_firmly() -> None:
    unsure = [drawn({CORPUS: {"plan": (1, 1)}}, number / 100)["plan"] for number in range(100)]
    firm = [drawn({CORPUS: {"plan": (200, 200)}}, number / 100)["plan"] for number in range(100)]
    assert pstdev(firm) < pstdev(unsure) / 3


def test_certain_probabilities_can_be_drawn_from() -> None:
    situation = situation_of(draw=0.5)
    sure = [float(number % 2) for number, _ in enumerate(situation.options)]
    chances = Bandit({CORPUS: {"plan": (1, 1)}}).drawn(situation, sure, 0.5)
    assert all(0 <= each <= 1 for each in chances)


def routed(ratings: Ratings, tasks: int = 20) -> list[Route]:
    router = LearnedRouter(router_model({mode: head_of() for mode in MODES}), learned, bandit=Bandit(ratings))
    return [
        router.route(situation_of(proposals=(proposal_of(),), draw=number / tasks)) for number in range(tasks)
    ]


def test_a_router_leaves_a_mode_that_is_rated_bad() -> None:
    assert {each.mode for each in routed({})} == {"plan"}
    assert "plan" not in {each.mode for each in routed({CORPUS: {"plan": (0, 60)}})}


def test_a_route_says_how_probable_its_draw_was() -> None:
    """The chances that are said of the modes agree with how often they are chosen."""
    assert {each.propensity for each in routed({})} == {1.0}
    routes = routed({CORPUS: {"plan": (2, 3)}}, tasks=300)
    assert len({each.mode for each in routes}) > 1
    for mode in {each.mode for each in routes}:
        own = [each.propensity for each in routes if each.mode == mode]
        assert fmean(own) == pytest.approx(len(own) / len(routes), abs=0.1), mode
