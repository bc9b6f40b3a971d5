"""Runs that are carried out in this process, one after another and at once."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from harlm.budget import Account, Caps
from harlm.config import Config, overridden
from harlm.errors import ModelError
from harlm.events import Event, RunStarted
from harlm.executors.local import LocalExecutor, open_local
from harlm.executors.runs import RunOutcome, RunSpec
from harlm.executors.setup import RunSetup
from harlm.home import runs_of
from harlm.loading import load
from harlm.running import ClientParts
from harlm.testing import ScriptedModel
from harlm.tracing.jsonl import list_runs
from tests.support.processes import descendants

CONFIG = overridden(Config(), {"budget.usd": 1e10})
TEXT = "The bridge opened in 1883."


@asynccontextmanager
async def executor(model: object, **more: Any) -> AsyncIterator[LocalExecutor]:
    parts = ClientParts(root=model)  # type: ignore[arg-type] # a model that a test made
    purse, config = more.pop("purse", None), overridden(CONFIG, {"tracing.home": str(Path.cwd())})
    how: dict[str, Any] = {"at_once": 4, **more}
    async with open_local(
        RunSetup(parts=parts, config=config, context=load(TEXT), **how), purse=purse
    ) as opened:
        yield opened


def unheard(event: Event) -> None: ...


async def test_runs_share_one_home_and_each_is_stored() -> None:
    model = ScriptedModel(lambda messages: f"1883, as asked in {messages[-1].content[-12:]}")
    async with executor(model) as opened:
        specs = [RunSpec(question=f"When, {n}?", mode="direct") for n in range(6)]
        heard: list[Event] = []
        outcomes = await asyncio.gather(*(opened.run(each, heard.append) for each in specs))
    assert all(
        each.answer is not None and each.answer.text.startswith("1883") and each.failure is None
        for each in outcomes
    )
    assert {each.run for each in outcomes} == {each.run for each in heard if isinstance(each, RunStarted)}
    assert len(list_runs(Path.cwd() / "runs")) == 6
    assert runs_of(overridden(CONFIG, {"tracing.home": str(Path.cwd())})) == Path.cwd() / "runs"


async def test_a_run_that_fails_says_why_and_the_next_one_works() -> None:
    model = ScriptedModel([ModelError("no such key", model="m", status=401), "1883"])
    async with executor(model) as opened:
        first = await opened.run(RunSpec(question="When?", mode="direct"), unheard)
        second = await opened.run(RunSpec(question="When?", mode="direct"), unheard)
    assert first.failure is not None
    assert (first.failure.kind, first.failure.message, first.answer) == ("ModelError", "no such key", None)
    assert first.run, "it had begun, and can be taken up again"
    assert second.answer is not None


async def test_a_run_that_has_its_answer_is_not_run_again() -> None:
    model = ScriptedModel(["1883"])
    async with executor(model) as opened:
        done = await opened.run(RunSpec(question="When?", mode="direct"), unheard)
        again = await opened.run(RunSpec(question="When?", mode="direct", run=done.run), unheard)
    assert again.run == done.run
    assert again.answer is not None
    assert again.answer.text == "1883"
    assert len(model.asked) == 1


async def test_a_run_that_was_ended_is_taken_up_again_and_one_that_is_gone_is_asked_anew() -> None:
    model = ScriptedModel([ModelError("no such key", model="m", status=401), "1883", "1883"])
    async with executor(model) as opened:
        failed = await opened.run(RunSpec(question="When?", mode="direct"), unheard)
        again = await opened.run(RunSpec(question="When?", mode="direct", run=failed.run), unheard)
        gone = await opened.run(
            RunSpec(question="When?", mode="direct", run="01J0000000000000000000GONE"), unheard
        )
    assert again.run == failed.run
    assert again.answer is not None
    assert gone.run not in ("", failed.run, "01J0000000000000000000GONE")


async def test_a_schema_gives_data_and_a_purse_pays_for_all() -> None:
    model = ScriptedModel(['{"year": 1883}'] * 4)
    purse = Account(Caps(calls=2))
    schema = {"type": "object", "properties": {"year": {"type": "integer"}}, "required": ["year"]}
    outcomes: list[RunOutcome] = []
    async with executor(model, purse=purse) as opened:
        outcomes += [
            await opened.run(RunSpec(question="When?", mode="direct", schema=schema), unheard)
            for _ in range(3)
        ]
    assert [None if each.answer is None else each.answer.data for each in outcomes] == [
        {"year": 1883},
        {"year": 1883},
        None,
    ]
    assert outcomes[2].failure is not None
    assert outcomes[2].failure.kind == "CallLimit"
    assert purse.committed.calls == 2


async def test_repls_end_with_their_run_although_the_sandbox_is_shared() -> None:
    cell = "```repl\nFINAL(str(len(context)))\n```"
    async with executor(ScriptedModel([cell] * 5), at_once=1) as opened:
        first = await opened.run(RunSpec(question="How long?", mode="repl"), unheard)
        left = len(descendants(os.getpid()))
        for _ in range(3):
            await opened.run(RunSpec(question="How long?", mode="repl"), unheard)
        assert len(descendants(os.getpid())) <= left, "no REPL of an earlier run is left"
    assert first.answer is not None
    assert first.answer.text == str(len(TEXT))
