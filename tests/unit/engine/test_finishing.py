"""How a node ends when its budget is spent."""

from __future__ import annotations

import time
from collections.abc import Sequence

import pytest

from harlm import events
from harlm.budget import Caps
from harlm.engine.finishing import Finishing, Learned
from harlm.errors import CallLimit, DeadlineExceeded, LimitExceeded, ModelUnavailable
from harlm.testing import ScriptedModel
from harlm.types import Context, Message, Mode, Observation, Task
from tests.support.nodes import PRICES, answer_of, node_with

DONE = "```repl\nFINAL('done')\n```"
SPENT = LimitExceeded("it is spent", limit="calls", used=1, allowed=1)


def is_last_call(messages: Sequence[Message]) -> bool:
    return "<learned>" in messages[-1].content


async def test_a_refused_call_is_an_exception_in_the_cell_and_the_node_finishes_with_what_it_has() -> None:
    def words(messages: Sequence[Message]) -> str:
        if is_last_call(messages):
            return "as far as I know: 42"
        if len(messages) == 1:
            return "forty-two"
        return "```repl\nfor i in range(50):\n    print(llm_query('a part'))\n```"

    node, log = node_with(ScriptedModel(words), caps=Caps(calls=5), prices=PRICES)
    with pytest.raises(CallLimit) as caught:
        await answer_of(node)
    partial = caught.value.partial
    assert partial is not None
    assert (partial.text, partial.status, partial.usage.calls) == ("as far as I know: 42", "partial", 5)
    cell = log.of(events.CellFinished)[0]
    assert cell.output.count("forty-two") == 3, "the first call, three in the cell, and the last"
    assert "llm_query was not made: 4 calls of 5 calls are used" in (cell.error or "")
    assert [event.limit for event in log.of(events.LimitReached)] == ["calls"]
    assert log.of(events.NodeFinished)[0].status == "partial"


async def test_if_the_last_call_fails_too_what_was_learned_is_the_answer() -> None:
    def words(messages: Sequence[Message]) -> str:
        if is_last_call(messages):
            raise ModelUnavailable("gone", model="scripted/model")
        return "forty-two" if len(messages) == 1 else "```repl\nwhile True:\n    llm_query('a part')\n```"

    node, _ = node_with(ScriptedModel(words), caps=Caps(calls=6), prices=PRICES)
    with pytest.raises(LimitExceeded) as caught:
        await answer_of(node)
    assert caught.value.partial is not None
    assert caught.value.partial.text.startswith("No answer was reached: 5 calls of 6 calls are used")
    assert "Asked: a part\nReply: forty-two" in caught.value.partial.text


async def test_a_budget_too_small_for_anything_is_a_typed_refusal_before_any_call() -> None:
    model = ScriptedModel(lambda messages: DONE)
    for caps in (Caps(tokens=100), Caps(micros=3)):
        node, _ = node_with(model, caps=caps, prices=PRICES)
        with pytest.raises(LimitExceeded) as caught:
            await answer_of(node)
        assert caught.value.partial is not None
        assert "Nothing had been learned" in caught.value.partial.text
    assert model.asked == []


@pytest.mark.parametrize("mode", ["direct", "repl", "full"])
async def test_no_model_is_asked_if_the_time_has_ended_before_the_start(mode: Mode) -> None:
    model = ScriptedModel(lambda messages: DONE)
    node, _ = node_with(model, caps=Caps(ends=time.monotonic() - 1))
    with pytest.raises(DeadlineExceeded) as caught:
        await answer_of(node, mode)
    assert caught.value.partial is not None
    assert model.asked == []


async def test_a_cell_that_computes_for_ever_ends_with_the_time() -> None:
    def words(messages: Sequence[Message]) -> str:
        if is_last_call(messages):
            return "what the first turn printed: " + messages[-1].content.partition("first ")[2][:5]
        if len(messages) == 2:
            return "```repl\nprint('first found')\n```"
        return "```repl\nimport time\ntime.sleep(2)\n```"

    node, log = node_with(ScriptedModel(words), caps=Caps(ends=time.monotonic() + 0.5))
    with pytest.raises(DeadlineExceeded) as caught:
        await answer_of(node)
    assert caught.value.partial is not None
    assert caught.value.partial.text == "what the first turn printed: found"
    assert len(log.of(events.CellStarted)) == 2
    assert len(log.of(events.CellFinished)) == 1, "the second cell was cut"


async def test_the_last_call_is_cut_to_what_the_reserve_covers() -> None:
    model = ScriptedModel(["a reply"])
    node, _ = node_with(model, caps=Caps(tokens=2_000), prices=PRICES)
    learned = Learned()
    finishing = Finishing(Task(question="What?", context=Context.of_text("x")), node, learned)
    held = node.account.held.tokens
    assert held == 400, "a fifth of what is left"
    learned.said("word " * 5_000)
    assert await finishing.text(SPENT) == "a reply"
    assert node.account.usage.input_tokens <= held
    assert "characters left out" in model.asked[0][0].content


async def test_without_room_for_a_reserve_what_was_learned_is_returned() -> None:
    model = ScriptedModel([])
    node, _ = node_with(model, caps=Caps(calls=0))
    learned = Learned()
    finishing = Finishing(Task(question="What?", context=Context.of_text("x")), node, learned)
    learned.said("the sky is blue")
    assert await finishing.text(SPENT) == (
        "No answer was reached: it is spent. Learned by then:\n\nthe sky is blue"
    )
    assert model.asked == []


def test_what_was_learned_begins_with_the_prose_and_the_newest_output() -> None:
    learned = Learned()
    learned.said("I think so.")
    learned.said("")
    learned.printed([Observation(output="old\n"), Observation(output="  \n"), Observation(output="new\n")])
    learned.replied("is it?", "it is")
    assert learned.text() == "I think so.\n\nnew\n\nold\n\nAsked: is it?\nReply: it is"


def test_only_the_newest_outputs_and_replies_are_kept() -> None:
    learned = Learned()
    for number in range(100):
        learned.printed([Observation(output=f"output {number}.")])
        learned.replied(f"question {number}.", "yes")
    text = learned.text(1_000_000)
    assert "output 99." in text
    assert "output 95." not in text
    assert text.count("Asked: ") == 64
    assert "question 99." in text


def test_what_was_learned_is_cut_to_the_given_length() -> None:
    learned = Learned()
    learned.said("a" * 10_000)
    text = learned.text(300)
    assert text.startswith("a" * 200 + "\n")
    assert "of 10,000 characters left out" in text
    assert len(text) < 400
