from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harlm.router import HeuristicRouter
from harlm.types import Growth, Situation
from tests.support.routing import STRUCTURES, model_of, proposal_of, situation_of, situations, tried_in

RULES = HeuristicRouter()


def test_modes_follow_size_and_wording() -> None:
    table = [
        ("Who signed the treaty?", 500, "prose", "direct"),
        ("Who signed the treaty?", 5_000_000, "prose", "repl"),
        ("Who signed the treaty?", 60_000, "prose", "repl"),
        ("How many rows have status failed?", 20_000, "records", "repl"),
        ("How many rows have status failed?", 2_000_000, "records", "repl"),
        ("How many rows have status failed?", 300, "records", "direct"),
        ("Summarise the main points", 2_000, "prose", "direct"),
        ("Summarise the main points", 2_000_000, "prose", "full"),
        ("Compare the two proposals", 900_000, "prose", "full"),
        ("List all classes", 900_000, "code", "repl"),
    ]
    wrong = [
        (*row, found)
        for row in table
        if (found := RULES.route(situation_of(row[0], row[1], structure=row[2])).mode) != row[3]
    ]
    assert not wrong


def test_a_strategy_is_taken_where_it_fits_and_the_text_is_not_read_at_once() -> None:
    table: list[tuple[str, int, float, Growth, str]] = [
        ("How many?", 60_000, 1.0, "linear", "plan"),
        ("How many?", 60_000, 0.1, "linear", "repl"),
        ("How many?", 300, 1.0, "linear", "direct"),
        ("Who wrote it?", 5_000, 1.0, "constant", "direct"),
        ("Who wrote it?", 20_000, 0.95, "constant", "plan"),
        ("Who wrote it?", 20_000, 0.5, "constant", "direct"),
    ]
    wrong = []
    for question, tokens, fit, growth, mode in table:
        proposals = (proposal_of("map", fit / 2), proposal_of("label", fit, growth=growth))
        route = RULES.route(situation_of(question, tokens, proposals=proposals))
        if (route.mode, route.strategy) != (mode, "label" if mode == "plan" else None):
            wrong.append((question, tokens, fit, route.mode, route.strategy))
    assert not wrong


def test_steps_are_followed_in_a_short_text_too() -> None:
    for tokens, mode in ((300, "direct"), (5_000, "plan")):
        proposals = (proposal_of("follow", 0.95, growth="constant"),)
        assert (
            RULES.route(situation_of("Who is the mother of Ada's teacher?", tokens, proposals=proposals)).mode
            == mode
        )


@given(situations())
def test_the_probabilities_of_rules_are_shares_of_one(situation: Situation) -> None:
    route = RULES.route(situation)
    assert sum(route.probabilities.values()) == pytest.approx(1.0)
    assert route.probabilities[route.mode] > 0


@given(st.integers(1, 10**8), st.integers(1_000, 10**6), st.sampled_from(STRUCTURES))
def test_a_text_that_does_not_fit_has_no_share_of_direct(tokens: int, window: int, structure: str) -> None:
    route = RULES.route(situation_of(tokens=tokens, root=model_of(window=window), structure=structure))
    assert tokens <= window or route.probabilities["direct"] == 0.0


def test_without_a_strategy_plan_has_no_share() -> None:
    assert RULES.route(situation_of("How many?", 60_000)).probabilities["plan"] == 0


def test_the_reasons_of_the_chosen_mode_come_first() -> None:
    route = RULES.route(situation_of("How many rows?", 60_000, structure="records"))
    assert [each.partition(":")[0] for each in route.reasons] == ["repl"] * 3
    long = RULES.route(situation_of("Summarise it.", 600_000))
    assert [each.partition(":")[0] for each in long.reasons] == ["full", "full", "repl"]


def test_rules_say_that_they_are_rules() -> None:
    route = RULES.route(situation_of())
    assert (route.basis, route.weighed, route.features, route.propensity) == ("rules", (), {}, 1.0)


def test_rules_know_nothing_of_answers() -> None:
    situation = situation_of()
    route = RULES.route(situation)
    assert RULES.judge(route, tried_in(confidence=0.4)) == 0.4
    assert RULES.judge(route, tried_in()) is None
    assert RULES.follow(situation, route, [tried_in(confidence=0.01)]) is None
