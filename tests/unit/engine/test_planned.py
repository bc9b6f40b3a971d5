"""*plan* mode: the cells of a proposal, without a root model."""

from __future__ import annotations

from typing import Any

import pytest

from harlm import events
from harlm.branching.signals import Report
from harlm.budget import Caps
from harlm.context import load
from harlm.engine import solve
from harlm.engine.planned import PlanFailed, answer_by_plan, chosen, run_cells, suggested
from harlm.engine.workspace import Workspace
from harlm.errors import NoAnswer
from harlm.testing import FakeSandbox, ScriptedModel
from harlm.types import Answer, Forecast, Proposal, Share, Strategy, Task
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
    workspace = Workspace.open(TASK, node, "full", solve=solve)
    await workspace.api.call("signal", {"name": "coverage", "value": [3, 4]})
    outcome = await run_cells(workspace, proposal("FINAL('x')"))
    await workspace.close()
    assert outcome.reported == (Report("coverage", Share(3, 4)),)


async def test_the_finishing_reserve_is_released_when_a_plan_has_ended() -> None:
    node, _ = node_with(ScriptedModel([]), caps=Caps(tokens=100_000))
    before = node.account.left
    await answer_by_plan(TASK, node, proposal("FINAL('x')"), solve=solve)
    assert node.account.left == before


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


LINES = "".join(
    f"Date: Mar {day}, 2023 || User: 1 || Text: line {day} {'word ' * 40}\n" for day in range(10, 28)
)
COUNT = "How many messages have the label 'ham'? The labels are: ham, spam."


async def test_a_strategy_that_fails_is_followed_by_a_root_model_if_the_mode_may_change() -> None:
    """The fake REPL has no tables, so that the cells fail."""
    model = ScriptedModel(lambda messages: "```repl\nprint(1)\nFINAL('none')\n```")
    node, log = node_with(model)
    answer: Answer = await solve(Task(question=COUNT, context=load(LINES)), node)
    assert (answer.mode, answer.text, answer.strategy) == ("full", "none", None)
    assert any("a root model works on it instead" in each.message for each in log.of(events.Noted))
    first = model.asked[0][-1].content
    assert "<suggestion>" not in first  # it has just failed


async def test_a_root_model_is_offered_the_strategy_that_fits() -> None:
    model = ScriptedModel(lambda messages: "```repl\nprint(1)\nFINAL('none')\n```")
    node, _ = node_with(model)
    await solve(Task(question=COUNT, context=load(LINES), mode="full"), node)
    first = model.asked[0][-1].content
    assert "<suggestion>\nA strategy that fits, to run as it is or to change" in first
    assert "labels = label(" in first
    assert "print(result)" in first
    assert "FINAL(computed" not in first
    other, _ = node_with(again := ScriptedModel(lambda messages: "```repl\nprint(1)\nFINAL('none')\n```"))
    await solve(Task(question="Write a poem.", context=load(LINES), mode="full"), other)
    assert "<suggestion>" not in again.asked[0][-1].content


async def test_on_a_tier_that_cannot_run_them_no_strategy_is_proposed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(FakeSandbox, "tier", "monty")
    model = ScriptedModel(lambda messages: "```repl\nprint(1)\nFINAL('none')\n```")
    node, log = node_with(model)
    answer = await solve(Task(question=COUNT, context=load(LINES)), node)
    assert answer.mode != "plan"
    assert log.of(events.Proposed) == []
    assert "<suggestion>" not in model.asked[0][-1].content
    with pytest.raises(NoAnswer, match="mode plan does not run in the sandbox 'monty'; use mode full"):
        await solve(Task(question=COUNT, context=load(LINES), mode="plan"), node)


async def test_a_tier_that_turns_out_when_the_repl_opens_fails_the_strategy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    node, _ = node_with(ScriptedModel([]))
    real = FakeSandbox.open

    async def opened(self: FakeSandbox, *arguments: Any) -> Any:
        monkeypatch.setattr(FakeSandbox, "tier", "monty")
        return await real(self, *arguments)

    monkeypatch.setattr(FakeSandbox, "open", opened)
    with pytest.raises(PlanFailed, match="its cells do not run in the sandbox 'monty'"):
        await answer_by_plan(TASK, node, proposal("FINAL(1)"), solve=solve)
