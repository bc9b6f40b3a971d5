"""The upper bound of a plan: right where the leaf reads rightly, wrong where the leaf errs, and on no real model."""

from __future__ import annotations

from contextlib import ExitStack

import pytest

from harlm.errors import ConfigError
from harlm_bench import suites, tasks
from harlm_bench.assembly import assembled
from harlm_bench.outcomes import Outcome
from harlm_bench.scoring import score
from harlm_bench.serving import Wanted
from harlm_bench.simulator.oracle import OraclePlan
from harlm_bench.systems import Limits, Model

MODEL = Model(base_url="http://127.0.0.1:9/v1", root="r", sub="s", window=8_192)


def answers(plan: OraclePlan, task: str) -> list[tuple[float, Outcome]]:
    window = tasks.family(task).window(0, 4_096, 5)
    outcomes = [plan.answer(window, each, MODEL, Limits()) for each in window.questions]
    return [(score(each, it.text), it) for each, it in zip(window.questions, outcomes, strict=True)]


@pytest.mark.parametrize("task", ["oolong", "pairs", "multihop-long", "tables", "crossdoc"])
def test_with_a_perfect_leaf_every_answer_is_right(task: str) -> None:
    for scored, outcome in answers(OraclePlan(profile="perfect"), task):
        assert (scored, outcome.status, outcome.notes["without_model"]) == (1.0, "answered", 1)


def test_the_errors_of_the_leaf_stay_and_repeat() -> None:
    weak = OraclePlan(profile="gpt-5-mini-like", seed=3)
    scores = [scored for scored, _ in answers(weak, "pairs")]
    assert sum(scores) < len(scores)
    assert scores == [scored for scored, _ in answers(weak, "pairs")]


def test_a_run_tells_it_which_model_answers_and_a_real_one_refuses_it() -> None:
    chosen = suites.chosen(suites.suite("quick"), ("oracle-plan",), ("short",))
    with assembled(Wanted(suite=chosen, sub_profile="perfect", seed=5)) as made:
        assert made.work.systems == (OraclePlan(profile="perfect", seed=5),)
    real = Wanted(suite=chosen, base_url="http://127.0.0.1:9/v1", model="m")
    with (
        ExitStack() as stack,
        pytest.raises(ConfigError, match=r"'oracle-plan'.*simulated model only.*--systems"),
    ):
        stack.enter_context(assembled(real))


def test_ablations_of_a_real_model_have_no_bound_that_is_simulated() -> None:
    assert "oracle-plan" in suites.ablations(is_simulated=True)
    assert set(suites.ABLATIONS) - set(suites.ablations(is_simulated=False)) == {"oracle-plan"}
