"""How good a router is, on cases that can be computed by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from harlm.router.model import Logistic, RouterModel
from harlm.router.trees import odds_of
from harlm.types import Mode, Share, Signals
from harlm_train.examples import Example
from harlm_train.measuring import (
    Outcome,
    asked_in,
    calibration_error,
    cost_cuts,
    lead,
    logged_scores,
    measure,
)
from tests.support.routing import head_of, router_model, stump
from tests.unit.train.made import example, examples

_CHEAP, _DEAR = 10_000, 200_000  # micro-dollars: one cent, twenty cents


def task(name: str, direct: float, full: float, keys: float = 0.0, *, run: str = "run") -> list[Example]:
    """A task that was asked in two modes."""
    quotes = Signals(quotes=Share(int(direct), 1))
    return [
        example(
            "direct",
            direct,
            {"keys": keys},
            task=name,
            run=run,
            micros=_CHEAP,
            expected_micros=_CHEAP,
            signals=quotes,
        ),
        example("full", full, {"keys": keys}, task=name, run=run, micros=_DEAR, expected_micros=_DEAR),
    ]


EASY, HARD = task("easy", 1.0, 1.0, 1.0), task("hard", 0.0, 1.0)
TASKS = asked_in(examples([*EASY, *HARD]))


def saying(direct: float, full: float, **more: object) -> RouterModel:
    """A router that expects the same of every task."""
    return router_model({"direct": head_of(odds_of(direct)), "full": head_of(odds_of(full))}, **more)  # type: ignore[arg-type] # by name


KNOWING = router_model({"direct": head_of(0.0, stump("keys", 0.5, -4.0, 4.0)), "full": head_of(4.0)})


def test_fixed_modes_the_oracle_and_the_router_are_compared() -> None:
    """Always direct: half of the answers for a cent each. Always full: all, for 20 cents. The best choice: all, for 10.5."""
    found = measure(KNOWING, TASKS)
    assert (found.tasks, found.worth) == (2, 1.0)
    assert found.fixed["direct"] == Outcome(0.5, _CHEAP)
    assert found.fixed["full"] == Outcome(1.0, _DEAR)
    assert found.fixed["plan"] == found.fixed["repl"] == Outcome(0.0, 0.0)
    assert found.best_fixed == "full"
    assert found.oracle == found.hindsight == found.router == Outcome(1.0, 105_000)
    assert found.gain == pytest.approx(1.0)
    assert found.chosen == {"direct": 1, "plan": 0, "repl": 0, "full": 1}
    assert found.escalated == 0


def test_the_gain_is_a_share_of_the_room_between_the_best_fixed_mode_and_the_oracle() -> None:
    """Full is worth 80 cents, the oracle 89.5; direct is worth 49."""
    assert measure(saying(0.1, 0.9), TASKS).gain == pytest.approx(0.0)
    assert measure(saying(0.9, 0.1), TASKS).gain == pytest.approx((0.49 - 0.8) / 0.095)


def test_without_room_a_router_that_does_as_well_gains_all() -> None:
    assert measure(saying(0.9, 0.9), asked_in(examples(EASY))).gain == 1.0
    assert measure(saying(0.9, 0.9), []).tasks == 0


def test_without_room_a_router_that_loses_gains_nothing() -> None:
    """One cent would have been enough, and it pays twenty."""
    found = measure(saying(0.1, 0.9), asked_in(examples(EASY)))
    assert found.router.utility(1.0) < found.fixed["direct"].utility(1.0)
    assert found.gain <= 0


def test_the_lead_over_a_fixed_mode_has_an_error_that_counts_texts_once() -> None:
    """Against full the router saves 19 cents on easy tasks and nothing on hard ones."""
    apart = [replace(each, text=each.task) for each in (*EASY, *HARD)]
    mean, error = lead(KNOWING, asked_in(examples(apart)), "full")
    assert [mean, error] == pytest.approx([0.095, 0.095 / 2**0.5])
    twice = [replace(each, task=f"{each.task} {at}") for each in apart for at in range(2)]
    assert [*lead(KNOWING, asked_in(examples(twice)), "full")] == pytest.approx([mean, error])
    of_one_text = lead(KNOWING, TASKS, "full")
    assert [*of_one_text] == pytest.approx([0.095, 0.0]), "nothing is known about others"


def test_a_dearer_answer_makes_the_dear_mode_the_choice() -> None:
    table: tuple[tuple[float, Mode], ...] = ((0.1, "direct"), (10.0, "full"))
    for worth, chosen in table:
        found = measure(saying(0.6, 0.8), TASKS, worth=worth)
        assert found.chosen[chosen] == 2, worth
        assert found.router.utility(worth) == found.fixed[chosen].utility(worth)


def test_doubtful_answers_are_followed_where_signals_say_so() -> None:
    """The hard task is asked directly first, its quotes are not found, and full follows: both are paid."""
    check = Logistic(intercept=-4.0, prior=1.0, weights={"quotes": 8.0})
    found = measure(saying(0.6, 0.75, checks={"direct": check}), TASKS)
    assert found.chosen["direct"] == 2
    assert found.router == Outcome(0.5, _CHEAP)
    assert found.cascade == Outcome(1.0, (_CHEAP + _CHEAP + _DEAR) / 2)
    assert found.escalated == 0.5
    assert found.cascade_gain == pytest.approx((1 - 0.11 - 0.8) / 0.095)


def test_a_second_attempt_that_looks_worse_does_not_replace_the_first() -> None:
    checks: dict[Mode, Logistic] = {
        "direct": Logistic(intercept=-4.0, prior=1.0, weights={"quotes": 8.0}),
        "full": Logistic(intercept=-30.0, prior=1.0, weights={}),
    }
    found = measure(saying(0.6, 0.75, checks=checks), asked_in(examples(HARD)))
    assert found.cascade == Outcome(0.0, _CHEAP + _DEAR)


def test_an_oracle_of_several_draws_does_not_know_the_luck_of_the_next() -> None:
    """Each mode is right once of twice: by the other draw each choice is wrong, unless what the router expects outweighs it. In
    hindsight half of them are right.
    """
    draws = [*task("lucky", 1.0, 0.0, run="one"), *task("lucky", 0.0, 1.0, run="two")]
    (asked,) = asked_in(examples(draws))
    assert asked.outcome("direct") == Outcome(0.5, _CHEAP)
    found = measure(saying(0.5, 0.5), [asked], worth=10.0)
    assert found.oracle.score == 0.0
    assert found.hindsight == Outcome(0.5, _CHEAP)
    assert measure(saying(0.9, 0.1), [asked], worth=10.0).oracle == Outcome(0.5, _CHEAP)


def test_what_was_not_asked_in_a_mode_is_not_chosen_in_it() -> None:
    (asked,) = asked_in(examples(EASY[1:]))
    found = measure(saying(0.99, 0.1), [asked])
    assert found.chosen["full"] == 1
    assert asked.outcome("direct") == Outcome(0.0, 0.0)
    assert asked.drawn("direct", "run") is None
    assert asked.drawn("full", "another") is None


def test_examples_are_grouped_by_their_task() -> None:
    asked = asked_in(examples([*EASY, *HARD, *task("hard", 1.0, 1.0, run="two")]))
    assert [(each.name, {mode: len(runs) for mode, runs in each.runs.items()}) for each in asked] == [
        ("easy", {"direct": 1, "full": 1}),
        ("hard", {"direct": 2, "full": 2}),
    ]


def test_costs_are_compared_with_always_full() -> None:
    """One task for a twentieth, one for the same."""
    mean, middle = cost_cuts(KNOWING, TASKS)
    assert mean == pytest.approx(400_000 / 210_000)
    assert middle == pytest.approx((20 + 1) / 2)
    assert cost_cuts(saying(0.1, 0.9), TASKS) == (1.0, 1.0)


def test_costs_without_any_of_full_are_not_compared() -> None:
    assert cost_cuts(KNOWING, asked_in(examples(EASY[:1])))[1] == 1.0


def test_the_calibration_error_is_the_distance_between_chances_and_shares() -> None:
    """Of ten answers of each of two chances, as many as a chance says are right, or none."""

    def answers(keys: float, right: int) -> list[Example]:
        return [example("direct", float(at < right), {"keys": keys}) for at in range(10)]

    model = router_model({"direct": head_of(0.0, stump("keys", 0.5, odds_of(0.2), odds_of(0.8)))})
    assert calibration_error(model, examples([*answers(0, 0), *answers(1, 10)])) == pytest.approx(0.2)
    assert calibration_error(model, examples([*answers(0, 10), *answers(1, 0)])) == pytest.approx(0.8)
    assert calibration_error(model, examples([])) == 0
    assert calibration_error(model, examples([example("full", 1.0)])) == 0


def test_answers_with_one_chance_are_compared_together() -> None:
    """Half of them are right, as the router says: no error, in whatever order they come."""
    model = saying(0.5, 0.5)
    mixed = [example("direct", float(at % 2)) for at in range(40)]
    assert calibration_error(model, examples(mixed)) == pytest.approx(0.0, abs=0.01)


def test_runs_of_one_mode_each_are_weighed_by_how_rare_they_are() -> None:
    """The router would have taken the first and the second run's modes, not the third's."""
    model = router_model({"direct": head_of(0.0, stump("keys", 0.5, -2.0, 2.0)), "full": head_of(0.0)})
    runs = [
        example("direct", 1.0, {"keys": 1.0}),
        example("full", 0.0, weight=4.0),
        example("direct", 1.0, weight=3.0),
    ]
    score, fixed = logged_scores(model, examples(runs))
    assert score == pytest.approx((1 * 1 + 4 * 0) / 5)
    assert fixed == {"direct": 1.0, "full": 0.0}
    assert logged_scores(model, examples(runs[2:])) == (1.0, {"direct": 1.0})


def test_modes_that_the_router_does_not_know_have_scores_too() -> None:
    only = router_model({"full": head_of(0.0)})
    score, fixed = logged_scores(only, examples([example("direct", 1.0), example("direct", 0.0)]))
    assert 0 <= score <= 1
    assert fixed == {"direct": 0.5}
