"""Summaries of long entries that the sub-model writes in the background."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

import pytest

from harlm.budget import Caps
from harlm.config import MemorySettings
from harlm.engine import Node
from harlm.engine.summaries import Summaries
from harlm.errors import ModelUnavailable
from harlm.events import CallStarted
from harlm.testing import EventLog, ScriptedModel
from harlm.types import Message
from tests.support.nodes import node_with, use_calls

ENTRY = "The walrus of room 7 sleeps. " * 400
TRUE, FALSE = "The walrus sleeps in room 7.", "The walrus sleeps in room 99."


def node_on(
    reply: Callable[[Sequence[Message]], str | Exception] | Sequence[str | Exception],
    *,
    is_wanted: bool = True,
    latency_s: float = 0.0,
) -> tuple[Node, EventLog, ScriptedModel]:
    sub = ScriptedModel(reply, name="scripted/sub", latency_s=latency_s)
    node, log = node_with(ScriptedModel([]), sub, caps=Caps(calls=100))
    if is_wanted:
        node.run.memory_settings = MemorySettings(summaries="abstractive")
    return node, log, sub


def order(node: Node, summaries: Summaries, text: str = ENTRY, tokens: int | None = None) -> str:
    handle = node.run.memory.put(text, kind="turn", node=node.name)
    summaries.order(handle, text, node.run.memory.tokens_of(handle) if tokens is None else tokens)
    return handle


async def until_written() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


def view_of(node: Node) -> str:
    """The view with so little room that the entry is shown by a summary."""
    for number in range(20):  # it leaves the hot tier
        node.run.memory.put(f"{number} " * 900, kind="reply", node="another")
    return node.run.memory.view(node.name, ["where?"], 200)


@pytest.mark.parametrize(("reply", "is_shown"), [(TRUE, True), (FALSE, False), ("word " * 2_000, False)])
async def test_a_summary_is_shown_if_it_is_short_and_true(reply: str, is_shown: bool) -> None:
    node, _, _ = node_on([reply])
    summaries = Summaries(node, "where does it sleep?")
    order(node, summaries)
    await until_written()
    assert (reply[:40] in view_of(node)) == is_shown
    await summaries.close()


async def test_the_model_is_given_the_question_the_goal_and_the_text() -> None:
    node, log, sub = node_on([TRUE])
    node.run.memory.goal = "what became true at the root?"
    summaries = Summaries(node, "where does it sleep?")
    order(node, summaries)
    await until_written()
    prompt = sub.asked[0][0].content
    assert "where does it sleep? / what became true at the root?" in prompt
    assert ENTRY in prompt
    assert [each.role for each in log.of(CallStarted)] == ["summary"]
    await summaries.close()


async def test_of_a_very_long_entry_the_beginning_and_the_end_are_sent() -> None:
    node, _, sub = node_on([TRUE])
    summaries = Summaries(node, "?")
    order(node, summaries, "beginning " + "x " * 100_000 + " end")
    await until_written()
    prompt = sub.asked[0][0].content
    assert len(prompt) < 62_000
    assert "beginning" in prompt
    assert " end" in prompt
    await summaries.close()


@pytest.mark.parametrize("tokens", [0, 799])
async def test_short_entries_are_not_worth_a_call(tokens: int) -> None:
    node, _, sub = node_on([])
    order(node, Summaries(node, "?"), tokens=tokens)
    await until_written()
    assert sub.asked == []


async def test_no_summary_is_written_unless_the_settings_ask_for_it() -> None:
    node, _, sub = node_on([], is_wanted=False)
    order(node, Summaries(node, "?"))
    await until_written()
    assert sub.asked == []


async def test_no_summary_is_written_once_most_of_the_budget_is_spent() -> None:
    node, _, sub = node_on([])
    await use_calls(node, 90)
    order(node, Summaries(node, "?"))
    await until_written()
    assert sub.asked == []


async def test_a_summary_that_fails_changes_nothing() -> None:
    node, _, _ = node_on([ModelUnavailable("it is away", model="m")])
    summaries = Summaries(node, "?")
    handle = order(node, summaries)
    await until_written()
    await summaries.close()
    assert (await node.run.memory.expand(handle)).text == ENTRY


async def test_closing_cancels_what_is_still_being_written() -> None:
    node, _, sub = node_on(lambda messages: TRUE, latency_s=60)
    summaries = Summaries(node, "?")
    for number in range(9):
        order(node, summaries, f"{number} {ENTRY}")
    await until_written()
    assert sub.most_in_flight == 4
    await summaries.close()
    assert len(sub.asked) == 4
    assert not node.run.call_slots.locked()
