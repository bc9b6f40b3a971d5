from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harlm import events
from harlm.branching.race import BranchForecast, Economics
from harlm.branching.stopping import Threshold
from harlm.budget import UNLIMITED, Caps
from harlm.config import EngineSettings
from harlm.context import load
from harlm.engine import Node, solve
from harlm.engine.branches import Branch, RaceRules, branch_caps, branch_of, race_in, rules_from
from harlm.engine.outcome import outcome_of
from harlm.engine.racing import BranchOutcome, comparable
from harlm.engine.timed_cells import TimedCells
from harlm.engine.workspace import Workspace
from harlm.errors import CodeError, SandboxFailure
from harlm.protocols import Repl, ReplHost, ReplSetup
from harlm.testing import FakeSandbox, ScriptedModel
from harlm.types import Amounts, Completion, Forecast, Message, Price, Proposal, Sampling, Task
from tests.support.busy import eventually
from tests.support.nodes import PRICES, node_with

HALF = Threshold(0.5, 0.1, 100, "")
RULES = RaceRules(most=3, economics=Economics(value_of_answer=1_000.0), timing="together", threshold=HALF)
CHEAP = BranchForecast(median_s=0.05, output_usd=0.001, accuracy=0.6)

Start = Callable[[Node, Workspace], Awaitable[BranchOutcome]]


def cells(*code: str, confidence: float | None = None) -> Start:
    """Runs cells in a workspace, until one finishes; an exception of a cell ends the branch."""

    async def start(node: Node, workspace: Workspace) -> BranchOutcome:
        running = TimedCells(workspace)
        for number, cell in enumerate(code, start=1):
            observation = await running.run(cell, number)
            if observation.error is not None:
                raise CodeError(observation.error.strip().splitlines()[-1])
            if observation.final is not None:
                return comparable(outcome_of(observation.final.value), confidence)
        raise AssertionError("the last cell finishes")

    return start


def branch(strategy: str, *code: str, confidence: float | None = None, calls: int = 0) -> Branch:
    start = cells(*code, confidence=confidence)
    return Branch(strategy=strategy, start=start, forecast=CHEAP, needs=Amounts(calls=calls))


async def seen(condition: Callable[[], bool]) -> None:
    """Return once the condition holds."""
    assert await asyncio.to_thread(eventually, condition, 30)


class Held(ScriptedModel):
    """Replies in capitals. A prompt that asks it to wait gets no reply."""

    def __init__(self) -> None:
        super().__init__(lambda messages: messages[-1].content.upper())

    async def complete(self, messages: Sequence[Message], sampling: Sampling) -> Completion:
        if "wait" in messages[-1].content:
            await asyncio.get_running_loop().create_future()
        return await super().complete(messages, sampling)


class Place:
    """A workspace whose model is ``Held``."""

    def __init__(self, caps: Caps | None = None, sandbox: FakeSandbox | None = None) -> None:
        self.node, self.log = node_with(
            Held(),
            caps=caps,
            prices=PRICES,
            speculation="off",  # type: ignore[arg-type] # a word
        )
        self.node.run.sandbox = sandbox or FakeSandbox()
        task = Task(question="Who?", context=load("The walrus is called Otto."))
        self.space = Workspace.open(task, self.node, "full", solve=solve)

    async def run(self, cell: str) -> str:
        observation = await TimedCells(self.space).run(cell, 1)
        return observation.output.strip() or (observation.error or "")

    async def race(self, *branches: Branch, rules: RaceRules = RULES) -> BranchOutcome:
        return await race_in(self.space, branches, rules)

    @property
    def raced(self) -> events.Raced:
        (event,) = self.log.of(events.Raced)
        return event

    @property
    def notes(self) -> str:
        return "\n".join(each.message for each in self.log.of(events.Noted))


WAITS = "llm_query('wait')\nFINAL('late')"


async def test_later_cells_see_what_the_winner_defined_and_nothing_of_the_others() -> None:
    place = Place()
    await place.run("found = ['walrus']")
    result = await place.race(
        branch("slow", "found.append('slow')\n" + WAITS),
        branch("sure", "found.append(llm_query('sure'))\nFINAL(found[-1])", confidence=0.9),
    )
    assert result.outcome.text == "SURE"
    assert await place.run("print(found)") == "['walrus', 'SURE']"
    assert await place.run("print(llm_query('after'))") == "AFTER"
    assert place.log.of(events.CallStarted)[-1].node == "0", "the workspace pays itself again"
    await place.space.close()


async def test_the_race_is_reported_with_what_the_losers_cost() -> None:
    place = Place(Caps(micros=10_000_000, tokens=10_000_000))

    async def search(node: Node, workspace: Workspace) -> BranchOutcome:
        await seen(lambda: bool(place.log.of(events.CallStarted) and place.log.of(events.NodeFinished)))
        return await cells("llm_query('a')\nllm_query('b')\nFINAL('x')", confidence=0.9)(node, workspace)

    await place.race(
        branch("map", WAITS),
        Branch(strategy="search", start=search, forecast=CHEAP),
        branch("label", "1 / 0"),
    )
    raced = place.raced
    assert (raced.winner, raced.stopped_by) == ("search", "confidence")
    rows = {each.strategy: each for each in raced.branches}
    assert {name: each.status for name, each in rows.items()} == {
        "map": "cancelled",
        "search": "won",
        "label": "failed",
    }
    assert rows["label"].reason == "ZeroDivisionError: division by zero"
    assert (rows["search"].calls, rows["map"].calls, rows["label"].calls) == (2, 1, 0)
    assert rows["map"].cost_micros, "a cancelled call may have been billed"
    total = place.node.account.usage
    assert total.calls == sum(each.calls for each in raced.branches)
    assert total.cost_micros == sum(each.cost_micros or 0 for each in raced.branches)
    ended = {each.node: each.status for each in place.log.of(events.NodeFinished)}
    assert ended == {"0.0": "cancelled", "0.1": "ok", "0.2": "failed"}
    await place.space.close()


async def test_branches_share_what_was_paid_for() -> None:
    place = Place()
    first, second = place.node.fork(), place.node.fork()
    assert (first.branch, first.depth, first.run) == (second.branch, second.depth, place.node.run)
    assert (first.name, second.name, first.parent) == ("0.0", "0.1", "0")
    await place.space.close()


async def test_no_branch_and_no_call_is_left_after_a_race() -> None:
    place, before = Place(), asyncio.all_tasks()
    await place.space.opening

    async def sure(node: Node, workspace: Workspace) -> BranchOutcome:
        await seen(lambda: len(place.log.of(events.CallStarted)) == 2)
        return await cells("FINAL('x')", confidence=0.9)(node, workspace)

    await place.race(branch("a", WAITS), branch("b", WAITS), Branch(strategy="c", start=sure, forecast=CHEAP))
    started, ended = len(place.log.of(events.CallStarted)), len(place.log.of(events.CallFailed))
    assert (started, ended) == (2, 2)
    assert asyncio.all_tasks() - before == set()
    reserved = place.node.account.reserved
    assert not any(reserved)
    await place.space.close()


# -- the budget ----------------------------------------------------------------------------------------------


async def test_a_budget_for_one_branch_starts_one_and_says_so() -> None:
    place = Place(Caps(calls=3))
    result = await place.race(
        branch("search", "name = llm_query('x')\nFINAL(name)", calls=2), branch("map", WAITS, calls=2)
    )
    assert result.outcome.text == "X"
    assert place.log.of(events.Raced) == []
    assert "1 of 2 branches may start: the budget covers 1 of 2 branches" in place.notes
    assert await place.run("print(name)") == "X", "it worked in the workspace itself"
    await place.space.close()


async def test_no_branch_takes_the_grant_of_another() -> None:
    place = Place(Caps(calls=10))
    asks = "replies = []\nfor at in range(9):\n    replies.append(llm_query(f'{at}'))\nFINAL(len(replies))"
    with pytest.raises(CodeError, match="was not made"):
        await place.race(branch("greedy", asks, calls=2), branch("other", asks, calls=2))
    assert [each.calls for each in place.raced.branches] == [5, 5]
    assert place.node.account.committed.calls == 10
    assert not any(place.node.account.debt)
    await place.space.close()


async def test_branches_do_not_start_if_they_are_not_worth_their_cost() -> None:
    place = Place()
    expensive = replace(CHEAP, input_usd=5.0)
    branches = [replace(branch(name, f"FINAL('{name}')"), forecast=expensive) for name in "ab"]
    rules = replace(RULES, economics=Economics(value_of_answer=1.0))
    assert (await race_in(place.space, branches, rules)).outcome.text == "a"
    assert "1 of 2 branches may start: branch 2 would save" in place.notes
    await place.space.close()


async def test_one_branch_is_run_without_a_word_if_one_is_wanted() -> None:
    place = Place()
    result = await place.race(branch("a", "FINAL('x')"), branch("b", "1 / 0"), rules=replace(RULES, most=1))
    assert (result.outcome.text, place.notes, place.log.of(events.Raced)) == ("x", "", [])
    await place.space.close()


async def test_nothing_more_starts_when_the_budget_is_nearly_spent() -> None:
    place = Place(Caps(calls=20))
    rules = replace(RULES, timing="staggered", threshold=HALF)
    asks = "for at in range(10):\n    llm_query(f'{at}')\nFINAL('x')"
    taken = await place.node.account.reserve(Amounts(calls=8))
    taken.settle(Amounts(calls=8))
    await place.race(
        replace(branch("a", asks, calls=10), forecast=replace(CHEAP, median_s=60.0)),
        branch("b", "FINAL('y')"),
        rules=rules,
    )
    (_, second) = place.raced.branches
    assert (second.status, second.reason) == ("not started", "85% of the budget is used")
    await place.space.close()


# -- failures ------------------------------------------------------------------------------------------------


async def test_if_all_branches_fail_the_first_error_is_raised_and_the_workspace_stays_as_it_was() -> None:
    place = Place()
    await place.run("found = 1")
    with pytest.raises(CodeError, match="ZeroDivisionError"):
        await place.race(branch("a", "found = 2\n1 / 0"), branch("b", "found = 3\nundefined"))
    assert (place.raced.winner, place.raced.stopped_by) == (None, "failure")
    assert await place.run("print(found)") == "1"
    await place.space.close()


class _ForkLimit(FakeSandbox):
    """Its REPLs can be forked ``forks`` times in all."""

    def __init__(self, forks: int) -> None:
        self._forks = forks

    async def open(self, setup: ReplSetup, host: ReplHost) -> Repl:  # type: ignore[override] # wrapped
        return self._limited(await super().open(setup, host))

    def _limited(self, repl: Repl) -> Repl:
        fork = repl.fork

        async def limited(host: ReplHost, *, read_only: bool = False) -> Repl:
            if not self._forks:
                raise SandboxFailure("this REPL cannot be forked")
            self._forks -= 1
            return self._limited(await fork(host, read_only=read_only))

        repl.fork = limited  # type: ignore[method-assign] # a wrapper of one method
        return repl


async def test_a_workspace_that_cannot_be_forked_runs_one_branch_itself() -> None:
    place = Place(sandbox=_ForkLimit(0))
    result = await place.race(branch("a", "x = 1\nFINAL('a')"), branch("b", "FINAL('b')"))
    assert result.outcome.text == "a"
    assert "one branch only: this REPL cannot be forked" in place.notes
    assert await place.run("print(x)") == "1"
    await place.space.close()


async def test_an_answer_counts_even_if_its_state_cannot_be_taken_over() -> None:
    place = Place(sandbox=_ForkLimit(2))
    await place.run("x = 0")
    result = await place.race(branch("a", WAITS), branch("b", "x = 1\nFINAL('b')", confidence=0.9))
    assert result.outcome.text == "b"
    assert "later cells do not see the variables of the best branch" in place.notes
    assert await place.run("print(x)") == "0"
    await place.space.close()


async def test_a_race_that_is_cancelled_leaves_nothing() -> None:
    place, before = Place(), asyncio.all_tasks()
    await place.space.opening
    racing = asyncio.create_task(place.race(branch("a", WAITS), branch("b", WAITS)))
    await seen(lambda: len(place.log.of(events.CallStarted)) == 2)
    racing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await racing
    assert asyncio.all_tasks() - before == set()
    await place.space.close()


# -- rules ---------------------------------------------------------------------------------------------------


def test_the_rules_are_those_of_the_settings() -> None:
    chosen = EngineSettings(branches=3, branching="together", value_per_second=0.5, value_of_answer=2.0)
    rules = rules_from(chosen, threshold=HALF)
    assert (rules.most, rules.timing, rules.threshold) == (3, "together", HALF)
    assert rules.economics == Economics(value_per_second=0.5, value_of_answer=2.0)
    assert rules_from(EngineSettings()).most == 1


async def test_branches_with_one_prefix_wait_for_the_first_reply() -> None:
    place = Place()
    asks = "FINAL(llm_query('first'))"
    rules = replace(RULES, shares_prefix=True, threshold=None)
    await place.race(branch("a", asks), branch("b", "FINAL(llm_query('second'))"), rules=rules)
    story = [
        (type(each).__name__, each.node)
        for each in place.log.events
        if isinstance(each, events.CallStarted | events.CallFinished)
    ]
    assert story[:3] == [("CallStarted", "0.0"), ("CallFinished", "0.0"), ("CallStarted", "0.1")]
    await place.space.close()


# -- from a proposal -----------------------------------------------------------------------------------------

PROPOSAL = Proposal(
    strategy="map",
    cells=("FINAL('x')",),
    forecast=Forecast(
        calls=10, input_tokens=100_000, output_tokens=5_000, micros=120_000, seconds=8.0, depth=2
    ),
    growth="linear",
    leaf="reader",
    fit=0.8,
)


def branch_from(proposal: Proposal, price: Price | None = None, concurrency: int = 32) -> Branch:
    return branch_of(proposal, cells("FINAL('x')"), accuracy=0.7, price=price, concurrency=concurrency)


def test_a_branch_is_forecast_as_its_proposal() -> None:
    found = branch_from(PROPOSAL, Price(input=1.0, output=4.0))
    assert (found.strategy, found.forecast.median_s, found.forecast.accuracy) == ("map", 8.0, 0.7)
    assert found.needs == Amounts(tokens=210_000, micros=240_000, calls=10)
    assert found.forecast.input_usd == pytest.approx(0.05), "of $0.12 the input has $0.10, in two rounds"
    assert found.forecast.input_usd + found.forecast.output_usd == pytest.approx(0.12)


def test_the_fewer_calls_at_once_the_less_is_paid_at_the_start() -> None:
    price = Price(input=1.0, output=4.0)
    one_by_one = branch_from(PROPOSAL, price, concurrency=1).forecast
    assert one_by_one.input_usd == pytest.approx(0.01)
    assert one_by_one.input_usd + one_by_one.output_usd == pytest.approx(0.12)


def test_a_branch_of_unknown_price_counts_as_free() -> None:
    unknown = replace(PROPOSAL, forecast=replace(PROPOSAL.forecast, micros=None))
    found = branch_from(unknown)
    assert (found.forecast.input_usd, found.forecast.output_usd, found.needs.micros) == (0.0, 0.0, 0)
    code_only = replace(PROPOSAL, forecast=replace(PROPOSAL.forecast, calls=0, micros=0))
    assert branch_from(code_only, Price(input=1.0, output=4.0)).forecast.output_usd == 0.0


async def test_a_branch_ends_before_its_node_must_finish() -> None:
    place = Place(Caps(ends=time.monotonic() + 100))
    ends: list[float] = []

    async def look(node: Node, workspace: Workspace) -> BranchOutcome:
        ends.append(node.account.ends)
        return await cells("FINAL('x')", confidence=0.9)(node, workspace)

    await place.race(Branch(strategy="a", start=look, forecast=CHEAP), branch("b", WAITS))
    assert ends[0] < place.node.account.ends - 1
    await place.space.close()


# -- grants --------------------------------------------------------------------------------------------------

amounts = st.builds(
    Amounts, tokens=st.integers(0, 10_000), micros=st.integers(0, 10_000), calls=st.integers(0, 100)
)


@given(prospect=amounts, needs=st.lists(amounts, min_size=1, max_size=8))
def test_branches_are_never_granted_more_than_there_is(prospect: Amounts, needs: list[Amounts]) -> None:
    granted = branch_caps(prospect, needs)
    assert 1 <= len(granted) <= len(needs)
    if len(granted) > 1:
        for at in range(3):
            assert sum(caps.amounts[at] for caps in granted) == prospect[at]
            assert all(caps.amounts[at] >= need[at] for caps, need in zip(granted, needs, strict=False))
    if len(granted) < len(needs):
        one_more = needs[: len(granted) + 1]
        assert any(sum(need[at] for need in one_more) > prospect[at] for at in range(3))


def test_a_branch_alone_has_no_limit_of_its_own() -> None:
    assert branch_caps(Amounts(5, 5, 5), [Amounts(9, 9, 9)] * 2) == [Caps()]


def test_what_is_not_limited_is_not_divided_among_branches() -> None:
    first, second = branch_caps(Amounts(UNLIMITED, 300, UNLIMITED), [Amounts(10, 100, 1), Amounts(20, 50, 2)])
    assert (first.tokens, second.calls) == (UNLIMITED, UNLIMITED)
    assert (first.micros, second.micros) == (200, 100)
