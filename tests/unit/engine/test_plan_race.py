from __future__ import annotations

import msgspec
import pytest

from harlm import events
from harlm.branching.stopping import Level
from harlm.context import load
from harlm.engine import Node, solve
from harlm.engine.outcome import Outcome
from harlm.engine.plan_race import answer_by_plans
from harlm.engine.planned import PlanFailed
from harlm.errors import NoAnswer
from harlm.testing import EventLog, ScriptedModel
from harlm.types import Forecast, Proposal, Strategy, Task
from tests.support.nodes import node_with
from tests.support.scored_answers import calibrated

TASK = Task(question="What?", context=load("a text"), mode="plan")


def proposal(strategy: Strategy, *cells: str, fit: float = 0.9) -> Proposal:
    forecast = Forecast(calls=1, input_tokens=10, output_tokens=5, micros=20, seconds=0.05, depth=1)
    return Proposal(
        strategy=strategy, cells=cells, forecast=forecast, growth="linear", leaf="reader", fit=fit
    )


def place(branches: int = 3, branching: str = "together") -> tuple[Node, EventLog]:
    return node_with(
        ScriptedModel(lambda messages: messages[-1].content.upper()),
        branches=branches,
        branching=branching,  # type: ignore[arg-type] # a word
    )


async def answered(node: Node, *found: Proposal) -> Outcome:
    return await answer_by_plans(TASK, node, found, solve=solve)


SAYS_YES = "FINAL(llm_query('yes'))"


async def test_two_strategies_that_agree_give_the_answer() -> None:
    node, log = place()
    outcome = await answered(
        node,
        proposal("label", "FINAL('no')"),
        proposal("search", SAYS_YES),
        proposal("map", "x = llm_query('yes')", "FINAL(x)"),
    )
    assert (outcome.text, outcome.status) == ("YES", "ok")
    assert outcome.strategy in ("search", "map")
    (raced,) = log.of(events.Raced)
    assert raced.stopped_by == "agreement"
    proposed = {each.node: each.proposal.strategy for each in log.of(events.Proposed)}
    assert proposed == {"0.0": "label", "0.1": "search", "0.2": "map"}
    assert node.account.usage.calls == 2


async def test_a_strategy_that_fails_leaves_the_answer_to_another() -> None:
    node, log = place(branching="staggered")
    outcome = await answered(node, proposal("label", "1 / 0"), proposal("search", SAYS_YES))
    assert (outcome.text, outcome.strategy) == ("YES", "search")
    (raced,) = log.of(events.Raced)
    assert raced.winner == "search"


async def test_if_all_fail_the_plan_has_failed() -> None:
    node, _ = place()
    with pytest.raises(PlanFailed, match="ZeroDivisionError"):
        await answered(node, proposal("label", "1 / 0"), proposal("search", "1 / 0"))


@pytest.mark.parametrize("branches", [1, 3])
async def test_one_proposal_and_one_branch_are_not_raced(branches: int) -> None:
    node, log = place(branches=branches)
    found = [proposal("search", SAYS_YES), proposal("label", "FINAL('no')")]
    outcome = await answered(node, *(found if branches == 1 else found[:1]))
    assert (outcome.text, outcome.strategy) == ("YES", "search")
    assert log.of(events.Raced) == []


async def test_a_child_does_not_race() -> None:
    node, log = place()
    outcome = await answered(node.child(), proposal("search", SAYS_YES), proposal("label", "FINAL('no')"))
    assert outcome.text == "YES"
    assert log.of(events.Raced) == []


async def test_a_race_that_does_not_pay_runs_the_best_proposal() -> None:
    node, log = place()
    node.run.settings = msgspec.structs.replace(node.settings, value_of_answer=0.0)
    outcome = await answered(node, proposal("search", SAYS_YES), proposal("label", "FINAL('no')"))
    assert outcome.text == "YES"
    assert "neither time nor a right answer was given a value" in log.of(events.Noted)[0].message


async def test_without_a_proposal_there_is_no_answer() -> None:
    with pytest.raises(NoAnswer):
        await answered(place()[0])


@pytest.mark.parametrize(("right", "stopped_by"), [(0.99, "confidence"), (0.3, "best")])
async def test_an_answer_that_is_sure_enough_by_calibration_stops_the_race(
    right: float, stopped_by: str
) -> None:
    node, log = place(branches=2)
    calibration = msgspec.structs.replace(
        calibrated(), mode="plan", levels=(Level(value=0.0, records=400, right=round(400 * right)),)
    )
    node.run.calibrations = (calibration,)
    outcome = await answered(
        node, proposal("search", 'FINAL("here [a \\"a text\\"]")'), proposal("label", "FINAL('there')")
    )
    (raced,) = log.of(events.Raced)
    assert raced.stopped_by == stopped_by
    assert outcome.text.startswith("here" if stopped_by == "confidence" else ("here", "there"))
    assert any(each.confidence is not None for each in raced.branches)
