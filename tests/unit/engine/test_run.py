from __future__ import annotations

import asyncio

import pytest

from harlm import events
from harlm.config import Engine
from harlm.engine import Models, Run, Shared, new_run_id
from harlm.errors import BadCompletion, ModelUnavailable
from harlm.router import HeuristicRouter
from harlm.testing import EventLog, FakeSandbox, ScriptedModel
from harlm.types import Message


def run_with(model: ScriptedModel, sub: ScriptedModel | None = None, **settings: int) -> tuple[Run, EventLog]:
    log = EventLog()
    shared = Shared(
        run_id="R",
        sandbox=FakeSandbox(),
        router=HeuristicRouter(),
        sink=log,
        settings=Engine(**settings),  # type: ignore[arg-type] # numbers only
    )
    return Run(shared=shared, models=Models(root=model, sub=sub or model)), log


def test_run_ids_sort_by_time_and_are_ulids() -> None:
    ids = [new_run_id() for _ in range(50)]
    assert all(len(each) == 26 and each.isalnum() for each in ids)
    assert len(set(ids)) == 50
    assert [each[:10] for each in ids] == sorted(each[:10] for each in ids)


async def test_a_call_is_counted_and_traced() -> None:
    run, log = run_with(ScriptedModel(["hello"]))
    completion, seconds = await run.call(run.models.root, [Message(role="user", content="hi")], "root")
    assert completion.text == "hello"
    assert seconds >= 0
    assert [event.kind for event in log.events] == ["call_started", "call_finished"]
    assert run.account.usage.by_model["scripted/model"].calls == 1
    assert [event.seq for event in log.events] == [1, 2]
    assert log.events[0].run == "R"


async def test_a_reply_without_text_is_an_error_that_was_paid_for() -> None:
    run, log = run_with(ScriptedModel([""]))
    with pytest.raises(BadCompletion, match="scripted/model answered with no text"):
        await run.call(run.models.root, [], "root")
    assert run.account.usage.calls == 1
    assert [event.kind for event in log.events] == ["call_started", "call_finished"]


async def test_a_fault_of_a_model_object_is_traced() -> None:
    run, log = run_with(ScriptedModel([RuntimeError("no weights")]))
    with pytest.raises(RuntimeError):
        await run.call(run.models.root, [], "root")
    assert log.of(events.CallFailed)[0].error == "RuntimeError: no weights"


async def test_half_surrogates_of_a_reply_are_replaced() -> None:
    run, _ = run_with(ScriptedModel(["a \ud800 b"]))
    completion, _ = await run.call(run.models.root, [], "root")
    assert completion.text == "a \ufffd b"


async def test_a_failed_call_is_traced_and_not_counted() -> None:
    run, log = run_with(ScriptedModel([ModelUnavailable("away", model="m", status=503)]))
    with pytest.raises(ModelUnavailable):
        await run.call(run.models.root, [], "sub")
    (failed,) = log.of(events.CallFailed)
    assert (failed.error, failed.status) == ("away", 503)
    assert run.account.usage.calls == 0


async def test_a_cancelled_call_is_traced_and_frees_its_slot() -> None:
    run, log = run_with(ScriptedModel(["a", "b"], latency_s=5), concurrency=1)
    task = asyncio.create_task(run.call(run.models.root, [], "sub"))
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert log.of(events.CallFailed)[0].error == "cancelled"
    assert not run.shared.call_slots.locked()


async def test_no_more_calls_than_slots_are_in_flight_over_all_nodes() -> None:
    model = ScriptedModel(lambda messages: "x", latency_s=0.01)
    run, _ = run_with(model, concurrency=3)
    nodes = [run.child() for _ in range(4)]
    await asyncio.gather(*(node.call(model, [], "sub") for node in nodes for _ in range(5)))
    assert model.most_in_flight == 3
    assert run.account.usage.calls == 20


def test_children_are_named_and_counted_below_their_parent() -> None:
    run, log = run_with(ScriptedModel([]))
    first, second = run.child(), run.child()
    below = second.child()
    assert (first.node, second.node, below.node) == ("0.0", "0.1", "0.1.0")
    assert (below.parent, below.depth) == ("0.1", 2)
    below.emit(events.Noted(message="x"))
    assert (log.events[0].node, log.events[0].parent) == ("0.1.0", "0.1")


def test_models_can_be_named_with_and_without_their_provider() -> None:
    run, _ = run_with(ScriptedModel([], name="openai/big"), ScriptedModel([], name="openai/org/small"))
    assert set(run.models.by_name()) == {"openai/big", "big", "openai/org/small", "org/small"}
