from __future__ import annotations

import asyncio

import pytest

from harlm.errors import BadCompletion, ModelUnavailable
from harlm.testing import ScriptedModel
from harlm.types import Message, Sampling

HELLO = [Message(role="user", content="hello")]


async def test_replies_come_in_order_and_the_end_of_the_script_is_an_error() -> None:
    model = ScriptedModel(["one", "two"])
    assert [(await model.complete(HELLO, Sampling())).text for _ in range(2)] == ["one", "two"]
    with pytest.raises(BadCompletion, match="the script of scripted/model has only 2 replies"):
        await model.complete(HELLO, Sampling())


async def test_a_function_sees_the_messages_and_usage_is_counted() -> None:
    model = ScriptedModel(lambda messages: messages[-1].content[::-1], name="x/y")
    completion = await model.complete(HELLO, Sampling())
    assert (completion.text, completion.model, completion.usage.calls) == ("olleh", "x/y", 1)
    assert model.asked == [tuple(HELLO)]


async def test_an_exception_of_the_script_is_raised() -> None:
    model = ScriptedModel([ModelUnavailable("gone", model="m"), "back"])
    with pytest.raises(ModelUnavailable):
        await model.complete(HELLO, Sampling())
    assert (await model.complete(HELLO, Sampling())).text == "back"


async def test_calls_in_flight_are_counted_at_their_most() -> None:
    model = ScriptedModel(lambda messages: "x", latency_s=0.001)
    await asyncio.gather(*(model.complete(HELLO, Sampling()) for _ in range(5)))
    assert model.most_in_flight == 5
