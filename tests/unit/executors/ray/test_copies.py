from __future__ import annotations

from pathlib import Path

from harlm.config import Config, overridden
from harlm.events import Event
from harlm.executors.local import open_local
from harlm.executors.ray.copies import HomeCopy
from harlm.executors.runs import RunSpec
from harlm.executors.setup import RunSetup
from harlm.home import runs_of
from harlm.loading import load
from harlm.running import ClientParts
from harlm.testing import ScriptedModel
from harlm.tracing.jsonl import RunFolder, find_run


def at(home: str) -> Config:
    return overridden(Config(), {"tracing.home": str(Path.cwd() / home), "budget.usd": 1e10})


async def events_of_a_run() -> list[Event]:
    heard: list[Event] = []
    parts = ClientParts(root=ScriptedModel(["a-secret-key opened in 1883"]))
    setup = RunSetup(parts=parts, config=at("there"), context=load("a text"))
    async with open_local(setup, purse=None) as executor:
        await executor.run(RunSpec(question="When?", mode="direct"), heard.append)
    return heard


async def test_a_run_of_another_machine_is_shown_here_and_its_secrets_are_hidden() -> None:
    events, passed = await events_of_a_run(), list[Event]()
    copy = HomeCopy(at("here"), [None, "a-secret-key"], passed.append)
    for each in events:
        copy.take(each)
    copy.close()
    copy.close()
    assert passed == events
    stored: RunFolder = find_run(runs_of(at("here")), events[0].run)
    assert stored.result is not None
    assert stored.result.answer is not None
    assert stored.result.answer.text.endswith("opened in 1883")
    assert "a-secret-key" not in stored.result.answer.text


async def test_a_home_that_cannot_be_written_ends_no_run() -> None:
    Path("here").touch()  # noqa: ASYNC240 - at once
    events, passed = await events_of_a_run(), list[Event]()
    copy = HomeCopy(at("here"), [], passed.append)
    for each in events:
        copy.take(each)
    copy.close()
    assert passed == events
