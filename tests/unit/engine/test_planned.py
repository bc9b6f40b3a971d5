"""*plan* mode: the cells of a proposal, without a root model."""

from __future__ import annotations

import pytest

from harlm import events
from harlm.budget import Caps
from harlm.context import load
from harlm.engine import solve
from harlm.engine.planned import PlanFailed, answer_by_plan, chosen, suggested
from harlm.errors import NoAnswer
from harlm.testing import ScriptedModel
from harlm.types import Answer, Forecast, Proposal, Strategy, Task
from tests.support.nodes import node_with

TASK = Task(question="What?", context=load("a text"), mode="plan")


def proposal(
    cell: str, *, strategy: Strategy = "label", fit: float = 1.0, micros: int = 0, calls: int = 1
) -> Proposal:
    told = Forecast(calls=calls, input_tokens=10, output_tokens=1, micros=micros, seconds=0.1, depth=1)
    return Proposal(
        strategy=strategy, cells=(cell,), forecast=told, growth="linear", leaf="labeller", fit=fit
    )


async def test_the_value_that_the_last_cell_finishes_with_is_the_answer() -> None:
    node, log = node_with(ScriptedModel([]))
    outcome = await answer_by_plan(TASK, node, proposal("FINAL(len(context))"), solve=solve)
    assert (outcome.text, outcome.data, outcome.strategy) == ("6", 6, "label")
    assert log.of(events.Proposed)[0].proposal.cells == ("FINAL(len(context))",)


async def test_what_the_cells_report_comes_with_the_outcome() -> None:
    node, _ = node_with(ScriptedModel([]))
    outcome = await answer_by_plan(TASK, node, proposal("FINAL('x')"), solve=solve)
    assert outcome.reported == ()


@pytest.mark.parametrize(
    ("cell", "why"),
    [("1 / 0", "ZeroDivisionError: division by zero"), ("x = 1", "its last cell did not finish")],
)
async def test_cells_without_an_answer_are_a_failure_that_says_why(cell: str, why: str) -> None:
    node, _ = node_with(ScriptedModel([]))
    with pytest.raises(PlanFailed, match=why) as failed:
        await answer_by_plan(TASK, node, proposal(cell), solve=solve)
    assert failed.value.outcome.status == "partial"


def test_the_best_proposal_that_the_budget_covers_is_chosen() -> None:
    node, log = node_with(ScriptedModel([]), caps=Caps(micros=1_000))
    costly, cheap = proposal("1", micros=5_000), proposal("2", micros=500, fit=0.6)
    assert chosen(TASK, node, (costly, cheap)) is cheap
    assert log.of(events.Noted) == []


def test_a_budget_that_covers_none_is_told_before_anything_is_spent() -> None:
    node, log = node_with(ScriptedModel([]), caps=Caps(calls=3))
    only = proposal("1", calls=10)
    assert chosen(TASK, node, (only,)) is only
    assert "is expected to need 10 calls, and 3 are left" in log.of(events.Noted)[0].message


def test_a_question_that_no_strategy_understands_is_no_answer() -> None:
    node, _ = node_with(ScriptedModel([]))
    with pytest.raises(NoAnswer, match="not understood as one for a strategy: 'What\\?'; use mode auto"):
        chosen(TASK, node, ())


def test_only_a_proposal_that_fits_is_suggested() -> None:
    weak, good = proposal("1", fit=0.3), proposal("2", fit=0.8)
    assert suggested((weak, good)) is good
    assert suggested((weak,)) is None


async def test_a_strategy_that_fails_is_followed_by_a_root_model_if_the_mode_may_change() -> None:
    lines = "".join(
        f"Date: Mar {day}, 2023 || User: 1 || Text: line {day} {'word ' * 40}\n" for day in range(10, 28)
    )
    question = "How many messages have the label 'ham'? The labels are: ham, spam."
    model = ScriptedModel(
        lambda messages: "```repl\nFINAL('none')\n```" if len(messages) > 1 else "I refuse."
    )
    node, log = node_with(model)
    answer: Answer = await solve(Task(question=question, context=load(lines)), node)
    assert [
        each.message for each in log.of(events.Noted) if "a root model works on it" in each.message
    ] or answer.mode == "plan"
