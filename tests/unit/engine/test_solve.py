"""The one recursion: from a task to an answer."""

from __future__ import annotations

import asyncio

import pytest

from harlm import events
from harlm.budget import Caps
from harlm.context import load
from harlm.engine import solve
from harlm.errors import CallLimit, ContextOverflow, ModelUnavailable
from harlm.journal import InMemoryCalls, Reuse
from harlm.testing import ScriptedModel
from harlm.types import Context, Task
from tests.support.nodes import answer_of, node_with

LOOK = "```repl\nprint(1)\n```"
DONE = "```repl\nFINAL('done')\n```"
CITED = '1883 [a.txt "opened in 1883"] [a.txt "made up"]'
CONTEXT = {"a.txt": "The bridge opened in 1883."}


async def test_direct_that_does_not_fit_becomes_repl_if_the_router_chose() -> None:
    model = ScriptedModel([ContextOverflow("too long", model="scripted/model"), LOOK, DONE])
    node, log = node_with(model)
    answer = await solve(Task(question="Who is it?", context=Context.of_text("It is Ada.")), node)
    assert (answer.mode, answer.text) == ("repl", "done")
    assert "in parts instead" in log.of(events.Noted)[0].message


async def test_direct_that_does_not_fit_is_an_error_if_the_caller_chose() -> None:
    node, _ = node_with(ScriptedModel([ContextOverflow("too long", model="scripted/model")]))
    with pytest.raises(ContextOverflow):
        await answer_of(node, "direct")


async def test_citations_are_checked_at_the_root_only() -> None:
    task = Task(question="When?", context=load(CONTEXT), mode="direct")
    root, _ = node_with(ScriptedModel([CITED, CITED]))
    below = await solve(task, root.child())
    assert (below.text, below.citations, below.citations_dropped) == (CITED, (), 0)
    answer = await solve(task, root)
    assert answer.text.startswith("1883 [a.txt:1]")
    assert "made up" not in answer.text
    assert [each.quote for each in answer.citations] == ["opened in 1883"]
    assert answer.citations_dropped == 1


async def test_a_breach_carries_the_partial_answer() -> None:
    node, log = node_with(ScriptedModel([]), caps=Caps(calls=0))
    with pytest.raises(CallLimit) as caught:
        await answer_of(node, "repl")
    partial = caught.value.partial
    assert partial is not None
    assert (partial.status, partial.run_id, partial.usage.calls) == ("partial", "R", 0)
    assert log.of(events.NodeFinished)[0].status == "partial"


async def test_a_node_without_an_answer_ends_as_failed_or_cancelled() -> None:
    failing, log = node_with(ScriptedModel([ModelUnavailable("it is away", model="scripted/model")]))
    with pytest.raises(ModelUnavailable):
        await answer_of(failing, "direct")
    assert [(each.status, each.text) for each in log.of(events.NodeFinished)] == [("failed", "it is away")]
    waiting, log = node_with(ScriptedModel(["late"], latency_s=60))
    task = asyncio.create_task(answer_of(waiting, "direct"))
    await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert [each.status for each in log.of(events.NodeFinished)] == ["cancelled"]


async def test_the_events_of_a_node_begin_and_end_with_its_own() -> None:
    node, log = node_with(ScriptedModel([LOOK, DONE]))
    await answer_of(node, "repl", context=CONTEXT)
    started = log.of(events.NodeStarted)[0]
    assert (started.question, started.mode, started.documents, started.depth) == ("What?", "repl", 1, 0)
    assert [log.events[0].kind, log.events[-1].kind] == ["node_started", "node_finished"]


async def test_the_answer_counts_the_calls_that_were_made_and_reused() -> None:
    calls = InMemoryCalls()
    for made, reused in ((2, 0), (0, 2)):
        model = ScriptedModel([LOOK, DONE])
        node, _ = node_with(model)
        node.run.reuse, node.run.identity_of = Reuse(calls), lambda each: each.name
        answer = await answer_of(node, "repl")
        assert (answer.usage.calls, answer.memory.misses, answer.memory.reused) == (made, made, reused)
        assert len(model.asked) == made


async def test_the_answer_compares_what_was_read_with_the_bound_of_its_question() -> None:
    node, _ = node_with(ScriptedModel(["it is long"]))
    answer = await solve(Task(question="Summarise it.", context=load("word " * 500), mode="direct"), node)
    assert answer.reading is not None
    assert answer.reading.growth == "linear"
    assert answer.reading.least_tokens > 500, "the whole text and the instructions"
    assert answer.reading.tokens_read == answer.usage.input_tokens
