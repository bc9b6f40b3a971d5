"""Races in real REPLs, over HTTP: the losers end, their calls too, and the books hold."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from harlm import HARLM, events
from harlm.assembly import open_run
from harlm.branching.race import BranchForecast, Economics
from harlm.branching.stopping import Threshold
from harlm.config import BudgetSettings, Config, EngineSettings, MemorySettings, ModelSettings
from harlm.context import load
from harlm.engine import Node, solve
from harlm.engine.branches import Branch, RaceRules, race_in
from harlm.engine.outcome import outcome_of
from harlm.engine.racing import GRACE_S, BranchOutcome, comparable
from harlm.engine.timed_cells import TimedCells
from harlm.engine.workspace import Workspace
from harlm.errors import CodeError
from harlm.testing import EventLog, FaultyServer, Request
from harlm.types import Amounts, Price, Task
from tests.support.fault_runs import PRICES, Held

RULES = RaceRules(
    most=4,
    economics=Economics(value_of_answer=1_000.0),
    timing="together",
    threshold=Threshold(0.5, 0.1, 100, ""),
)
FORECAST = BranchForecast(median_s=0.2, output_usd=0.001, accuracy=0.6)
MANY = "replies = llm_query_batched([f'hold {{at}}' for at in range({calls})])\nFINAL(replies)"
LOOP = "out = []\nfor at in range(20):\n    out.append(llm_query(f'hold {at}'))\nFINAL(out)"  # a scout asks for all of them
_SLOTS = 8  # requests that a new server is sent at once; the others wait
STUBBORN = "while True:\n    try:\n        llm_query('hold')\n    except BaseException:\n        pass"


def branch(strategy: str, *code: str, confidence: float | None = None, calls: int = 1) -> Branch:
    """A branch that runs cells."""

    async def start(node: Node, workspace: Workspace) -> BranchOutcome:
        running = TimedCells(workspace)
        for number, cell in enumerate(code, start=1):
            observation = await running.run(cell, number)
            if observation.final is not None:
                return comparable(outcome_of(observation.final.value), confidence)
        raise CodeError(observation.error or "no cell has finished")

    return Branch(strategy=strategy, start=start, forecast=FORECAST, needs=Amounts(calls=calls))


@asynccontextmanager
async def opened(server: FaultyServer, log: EventLog, **budget: float) -> AsyncIterator[Workspace]:
    """A workspace of a run whose models are on the server."""
    config = Config(
        models=ModelSettings(root=f"openai/root@{server.base_url}", sub=f"openai/sub@{server.base_url}"),
        engine=EngineSettings(mode="full"),
        memory=MemorySettings(cache=False),
        budget=BudgetSettings(**budget),  # type: ignore[arg-type] # numbers only
    )
    prices = {f"openai/{name}": Price(input=1.0, output=4.0) for name in ("root", "sub")}
    async with open_run(config, prices=prices, sinks=[log]) as node:
        task = Task(question="Who?", context=load("The walrus is called Otto."))
        workspace = Workspace.open(task, node, "full", solve=solve)
        await workspace.opening
        try:
            yield workspace
        finally:
            await workspace.close()


def holding(held: Held) -> FaultyServer:
    """A server that never answers what it is told to hold, until the client leaves."""
    return FaultyServer(
        lambda request: f"said {request.prompt}", faults=lambda r: held if "hold" in _asked(r) else None
    )


def _asked(request: Request) -> str:
    return str(request.prompt)


async def until(held: Held, calls: int) -> None:
    ends = time.monotonic() + 60
    while len(held.open) < calls:
        assert time.monotonic() < ends, f"{len(held.open)} of {calls} calls"
        await asyncio.sleep(0.005)


async def test_no_call_of_a_loser_is_open_half_a_second_after_the_race() -> None:
    held, log = Held(), EventLog()

    async def sure(node: Node, workspace: Workspace) -> BranchOutcome:
        await until(held, _SLOTS)
        return await branch("sure", "name = 'Otto'\nFINAL(name)", confidence=0.9).start(node, workspace)

    with holding(held) as server:
        async with opened(server, log) as workspace:
            before = asyncio.all_tasks()
            result = await race_in(
                workspace,
                [
                    branch("map", MANY.format(calls=12)),
                    branch("loop", LOOP),
                    branch("stubborn", STUBBORN),
                    Branch(strategy="sure", start=sure, forecast=FORECAST),
                ],
                RULES,
            )
            begun = (
                asyncio.all_tasks() - before
            )  # the journal of the run syncs what was paid, and is no branch
            left = {each for each in begun if getattr(each.get_coro(), "__qualname__", "") != "Syncing._run"}
            await asyncio.sleep(GRACE_S)
            still_open, seen = len(held.open), held.seen
            later = await TimedCells(workspace).run("print(name)", 2)
            assert (result.outcome.text, later.output) == ("Otto", "Otto\n")
            await asyncio.sleep(0.1)
            assert (still_open, held.seen, left) == (0, seen, set())
    (raced,) = log.of(events.Raced)
    assert {each.strategy: each.status for each in raced.branches} == {
        "map": "cancelled",
        "loop": "cancelled",
        "stubborn": "cancelled",
        "sure": "won",
    }
    assert raced.branches[0].cost_micros, "the provider may bill what was cancelled"


async def test_the_books_of_a_race_are_those_of_its_branches_and_nothing_is_overdrawn() -> None:
    held, log = Held(), EventLog()
    with holding(held) as server:
        async with opened(server, log, calls=24, usd=1.0) as workspace:
            account = workspace.node.account
            many = "llm_query_batched([f'{{at}}' for at in range({calls})])\nFINAL('{name}')"
            result = await race_in(
                workspace,
                [
                    branch("a", MANY.format(calls=5), calls=6),
                    branch("b", many.format(calls=6, name="same"), calls=6),
                    branch("c", many.format(calls=6, name="same"), calls=6),
                    branch("d", "llm_query_batched([f'{at}' for at in range(40)])", calls=6),
                ],
                RULES,
            )
            assert result.outcome.text == "same"
            (raced,) = log.of(events.Raced)
            assert raced.stopped_by == "agreement"
            usage = account.usage
            assert usage.calls == sum(each.calls for each in raced.branches) <= 24
            assert usage.cost_micros == sum(each.cost_micros or 0 for each in raced.branches)
            assert not any(account.debt)
            assert not any(account.reserved)


async def test_if_every_branch_fails_the_first_error_is_raised_and_the_workspace_lives() -> None:
    log = EventLog()
    with holding(Held()) as server:
        async with opened(server, log) as workspace:
            await TimedCells(workspace).run("found = 1", 1)
            with pytest.raises(CodeError, match="ZeroDivisionError"):
                await race_in(
                    workspace,
                    [
                        branch("a", "found = 2\n1 / 0"),
                        branch("b", "import os\nos._exit(1)"),
                        branch("c", "x = 1"),
                    ],
                    RULES,
                )
            assert (await TimedCells(workspace).run("print(found)", 2)).output == "1\n"
    (raced,) = log.of(events.Raced)
    assert (raced.winner, [each.status for each in raced.branches]) == (None, ["failed"] * 3)


async def test_branches_pay_once_for_one_question() -> None:
    log = EventLog()
    asks = "name = llm_query('who')\nother = llm_query('{name}')\nFINAL('{name}')"
    with holding(Held()) as server:
        config = Config(
            models=ModelSettings(root=f"openai/root@{server.base_url}", sub=f"openai/sub@{server.base_url}"),
            engine=EngineSettings(mode="full", speculation="off"),
        )
        prices = {f"openai/{name}": Price(input=1.0, output=4.0) for name in ("root", "sub")}
        async with open_run(config, prices=prices, sinks=[log]) as node:
            task = Task(question="Who?", context=load("The walrus is called Otto."))
            workspace = Workspace.open(task, node, "full", solve=solve)
            await race_in(workspace, [branch(name, asks.format(name=name)) for name in ("a", "b")], RULES)
            await workspace.close()
        assert sorted(map(_asked, server.requests)) == ["a", "b", "who"]
    assert len(log.of(events.Reused)) == 1


async def test_a_question_in_plan_mode_is_answered_by_strategies_that_agree() -> None:
    lines = [f"Section {number}. The walrus number {number} is called Name{number}." for number in range(400)]
    text = "\n\n".join([*lines, "The walrus of the zoo in Bergen is called Otto."])
    log = EventLog()
    with FaultyServer(lambda _: "Otto") as server:
        models = {"model": f"openai/root@{server.base_url}", "sub_model": f"openai/sub@{server.base_url}"}
        client = HARLM(**models, mode="plan", branches=3, prices=PRICES)  # type: ignore[arg-type] # words only
        question = "What is the walrus of the zoo in Bergen called?"
        answer = await client.aask(question, text, sinks=[log])
        billed = server.arrived
    (raced,) = log.of(events.Raced)
    assert (answer.text, raced.stopped_by) == ("Otto", "agreement")
    assert answer.strategy == raced.winner
    assert answer.usage.calls == sum(each.calls for each in raced.branches) == billed
