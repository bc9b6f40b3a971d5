from __future__ import annotations

import asyncio

import pytest

from harlm import events
from harlm.errors import BadCompletion, ModelUnavailable
from harlm.testing import ScriptedModel
from harlm.types import Message
from tests.support.nodes import ask_model, node_with


async def test_a_call_is_counted_and_traced() -> None:
    node, log = node_with(ScriptedModel(["hello"]))
    completion = await ask_model(node, [Message(role="user", content="hi")])
    assert completion.text == "hello"
    assert [event.kind for event in log.events] == ["call_started", "call_finished"]
    assert node.account.usage.by_model["scripted/model"].calls == 1
    assert [event.seq for event in log.events] == [1, 2]
    assert log.events[0].run == "R"


async def test_a_reply_without_text_is_an_error_that_was_paid_for() -> None:
    node, log = node_with(ScriptedModel([""]))
    with pytest.raises(BadCompletion, match="scripted/model answered with no text"):
        await ask_model(node)
    assert node.account.usage.calls == 1
    assert [event.kind for event in log.events] == ["call_started", "call_finished"]


async def test_a_fault_of_a_model_object_is_traced() -> None:
    node, log = node_with(ScriptedModel([RuntimeError("no weights")]))
    with pytest.raises(RuntimeError):
        await ask_model(node)
    assert log.of(events.CallFailed)[0].error == "RuntimeError: no weights"


async def test_half_surrogates_of_a_reply_are_replaced() -> None:
    node, _ = node_with(ScriptedModel(["a \ud800 b"]))
    completion = await ask_model(node)
    assert completion.text == "a \ufffd b"


async def test_a_failed_call_is_traced_and_not_counted() -> None:
    node, log = node_with(ScriptedModel([ModelUnavailable("away", model="m", status=503)]))
    with pytest.raises(ModelUnavailable):
        await ask_model(node, role="sub")
    (failed,) = log.of(events.CallFailed)
    assert (failed.error, failed.status) == ("away", 503)
    assert node.account.usage.calls == 0


async def test_a_cancelled_call_is_traced_and_frees_its_slot() -> None:
    node, log = node_with(ScriptedModel(["a", "b"], latency_s=5), concurrency=1)
    task = asyncio.create_task(ask_model(node, role="sub"))
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert log.of(events.CallFailed)[0].error == "cancelled"
    assert not node.run.call_slots.locked()


async def test_no_more_calls_than_slots_are_in_flight_over_all_nodes() -> None:
    model = ScriptedModel(lambda messages: "x", latency_s=0.01)
    node, _ = node_with(model, concurrency=3)
    nodes = [node.child() for _ in range(4)]
    await asyncio.gather(*(ask_model(each, role="sub") for each in nodes for _ in range(5)))
    assert model.most_in_flight == 3
    assert node.account.usage.calls == 20
