"""A run from its opening to its answer: what the user is told first and last, and how it is stopped."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from harlm import HARLM, events
from harlm.engine import Node
from harlm.errors import Interrupted, MemoryFailure, ModelUnavailable, NoAnswer
from harlm.interruption import Interruption
from harlm.running import announce, solved, stopper, with_type
from harlm.testing import EventLog, ScriptedModel
from harlm.typed import schema_of
from harlm.types import Answer, Context, Task
from tests.support.nodes import node_with

TASK = Task(question="What?", context=Context.of_text("the code is 7"), mode="direct")
DONE = "it is so"


def node_that(*replies: str | Exception) -> tuple[Node, EventLog]:
    return node_with(ScriptedModel([*replies]))


async def test_a_run_begins_with_the_question_and_its_notes_and_ends_with_the_answer() -> None:
    node, log = node_that(DONE)
    node.run.opening_notes = ("of the opening",)
    await announce(TASK, node, "of the client")
    answer = await solved(TASK, node, is_strict=False)
    assert answer.text == DONE
    first, *rest = log.events
    assert isinstance(first, events.RunStarted)
    assert (first.question, first.characters) == ("What?", 13)
    notes = [each.message for each in rest[:2] if isinstance(each, events.Noted)]
    assert notes == ["of the client", "of the opening"]
    last = log.events[-1]
    assert isinstance(last, events.Answered)
    assert last.answer == answer


def test_a_run_that_is_stored_with_what_it_was_asked_can_be_found(clean_environment: Path) -> None:
    seen: list[tuple[str, bool, bool]] = []

    class Looking:
        def emit(self, event: events.Event) -> None:
            folder = clean_environment / "runs" / event.run
            seen.append((event.kind, *((folder / name).exists() for name in ("run.json", "request.json"))))  # type: ignore[arg-type] # two

    HARLM(model=lambda prompt: "7", mode="direct").ask("What?", "the code is 7", sinks=[Looking()])
    assert seen[0][0] == "run_started"
    assert not seen[0][2]
    assert next(each for each in seen if each[0] == "node_started")[1:] == (True, True)
    assert not [each for each in seen if each[2] and not each[1]]


async def test_a_failure_is_the_last_event() -> None:
    node, log = node_that(ValueError("boom"))
    with pytest.raises(ValueError, match="boom"):
        await solved(TASK, node, is_strict=False)
    (last,) = log.of(events.Failed)
    assert (last.error, last.type) == ("boom", "ValueError")
    assert log.events[-1] is last


async def test_a_failure_with_a_partial_answer_ends_with_that_answer() -> None:
    node, log = node_that("```repl\nprint('seen')\n```", ModelUnavailable("gone", model="scripted/model"))
    with pytest.raises(ModelUnavailable) as raised:
        await solved(replace(TASK, mode="full"), node, is_strict=False)
    assert raised.value.partial is not None
    assert log.of(events.Failed) == []
    assert [each.answer for each in log.of(events.Answered)] == [raised.value.partial]


async def test_a_strict_run_needs_support() -> None:
    node, log = node_that(DONE)
    with pytest.raises(NoAnswer, match="nothing in the context supports an answer"):
        await solved(TASK, node, is_strict=True)
    assert [each.type for each in log.of(events.Failed)] == ["NoAnswer"]


async def test_a_memory_that_fails_costs_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    node, log = node_that(DONE)

    def fail() -> None:
        raise MemoryFailure("the memory is full")

    monkeypatch.setattr(node.run.memory, "flush", fail)
    assert (await solved(TASK, node, is_strict=False)).text == DONE
    assert "the memory is full" in [each.message for each in log.of(events.Noted)]


async def test_a_stopped_run_asks_for_nothing_more() -> None:
    model = ScriptedModel([DONE])
    node, _ = node_with(model)
    stop = stopper(node)
    await asyncio.to_thread(stop)
    await asyncio.sleep(0)
    with pytest.raises(Interrupted) as raised:
        await solved(TASK, node, is_strict=False)
    assert raised.value.limit == "stop"
    assert model.asked == []


def test_a_run_that_has_ended_can_be_stopped() -> None:
    node, _ = node_that(DONE)

    async def stop_of() -> object:
        return stopper(node)

    stop = asyncio.run(stop_of())
    assert callable(stop)
    stop()


def test_one_interruption_stops_the_run_that_hears_it() -> None:
    stop = Interruption()

    async def root(messages: list[dict[str, str]]) -> str:
        if len(messages) > 2:
            stop.request()
        return "```repl\nprint('seen')\n```"

    with pytest.raises(Interrupted) as raised:
        HARLM(model=root, mode="full").ask("What?", "a text", interruption=stop)
    partial = raised.value.partial
    assert partial is not None
    assert partial.status == "partial"
    assert partial.usage.calls == 2


def test_the_answer_has_data_of_the_type_that_was_asked_for() -> None:
    answer = Answer(text="7", data=7)
    assert with_type(answer, None) is answer
    assert with_type(answer, schema_of(float)).data == 7.0
    nothing = replace(answer, data=None, status="not_found")
    assert with_type(nothing, schema_of(int)) is nothing
