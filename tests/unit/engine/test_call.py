"""The path of a call: known, slot, sized, traced, layered."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from harlm import events
from harlm.budget import Account, Caps
from harlm.engine import Node
from harlm.engine.call import Call, make
from harlm.errors import BadCompletion, CallLimit, DeadlineExceeded, ModelUnavailable
from harlm.events import Role
from harlm.journal import InMemoryCalls, Reuse
from harlm.testing import EventLog, ScriptedModel
from harlm.types import LONGEST_REPLY, Completion, Message, Sampling, Usage
from tests.support.nodes import ask_model, node_with

MONEY = Caps(micros=10_000_000)


def asking(text: str) -> list[Message]:
    return [Message(role="user", content=text)]


def that_reuses(
    model: ScriptedModel, store: InMemoryCalls | None = None, *, concurrency: int = 8
) -> tuple[Node, EventLog]:
    """A node whose run knows the calls of ``store``."""
    node, log = node_with(model, concurrency=concurrency)
    node.run.reuse, node.run.identity_of = Reuse(store or InMemoryCalls()), lambda each: each.name
    return node, log


async def reply_to(
    node: Node, text: str, role: Role = "sub", *, sample: int = 0, limit: int | None = None
) -> str:
    call = Call(model=node.models.root, messages=asking(text), role=role, sample=sample, limit=limit)
    return (await make(node, call))[0].text


class Measured(ScriptedModel):
    """A model whose replies may be cut, at a length that the test chooses.

    Attributes:
        sampled: the sampling of each call.
    """

    def __init__(self, replies: Sequence[str | Exception], cut: Callable[[int, int], int | None]) -> None:
        super().__init__(replies)
        self.sampled: list[Sampling] = []
        self._cut = cut

    async def complete(self, messages: Sequence[Message], sampling: Sampling) -> Completion:
        """A reply that is cut if ``cut`` of its number and limit is the length at which it was."""
        self.sampled.append(sampling)
        completion = await super().complete(messages, sampling)
        length = self._cut(len(self.sampled), sampling.max_tokens or 0)
        if length is None:
            return completion
        return replace(completion, stop="length", usage=replace(completion.usage, output_tokens=length))

    @property
    def limits(self) -> list[int | None]:
        return [each.max_tokens for each in self.sampled]


# -- known -------------------------------------------------------------------------------------------------


async def test_a_call_that_was_paid_for_is_not_made_again() -> None:
    model = ScriptedModel(["first", "second"])
    node, log = that_reuses(model)
    assert await reply_to(node, "why?") == "first"
    paid = node.account.usage
    completion, seconds = await make(node, Call(model=model, messages=asking("why?"), role="sub"))
    assert (completion.text, completion.usage, seconds) == ("first", Usage(), 0.0)
    assert node.account.usage == paid
    assert len(model.asked) == 1
    assert [event.kind for event in log.events] == ["call_started", "call_finished", "reused"]
    (reused,) = log.of(events.Reused)
    assert (reused.role, reused.model, reused.text) == ("sub", "scripted/model", "first")
    assert reused.saved.calls == 1


async def test_samples_and_branches_are_calls_of_their_own() -> None:
    model = ScriptedModel([f"reply {number}" for number in range(9)])
    node, _ = that_reuses(model)
    branch = node.child(sample=1)
    replies = [
        await reply_to(node, "why?"),
        await reply_to(node, "why?", sample=1),
        await reply_to(branch, "why?"),
        await reply_to(node.child(), "why?"),
    ]
    assert replies == ["reply 0", "reply 1", "reply 2", "reply 0"]


async def test_a_model_without_an_identity_is_asked_each_time() -> None:
    node, _ = that_reuses(ScriptedModel(["first", "second"]))
    node.run.identity_of = lambda _: None
    assert [await reply_to(node, "why?") for _ in range(2)] == ["first", "second"]


async def test_what_was_left_of_the_budget_is_no_part_of_a_root_call() -> None:
    node, _ = that_reuses(ScriptedModel(["first", "second", "third"]))
    turns = ["Output:\n1\n\nTurn 2 of 20. Left: $5.", "Output:\n1\n\nTurn 2 of 20. Left: $4."]
    assert [await reply_to(node, turn, "root") for turn in turns] == ["first", "first"]
    assert [await reply_to(node, turn, "sub") for turn in turns] == ["second", "third"]


async def test_a_known_reply_that_is_longer_than_the_limit_is_not_used() -> None:
    node, _ = that_reuses(ScriptedModel(["a reply of some words", "short"]))
    await reply_to(node, "why?")
    assert await reply_to(node, "why?", limit=2) == "short"


async def test_equal_calls_at_the_same_time_are_one_request() -> None:
    model = ScriptedModel(["first", "second"], latency_s=0.01)
    node, _ = that_reuses(model, concurrency=1)
    assert await asyncio.gather(*(reply_to(node, "why?") for _ in range(5))) == ["first"] * 5
    assert len(model.asked) == 1


async def test_replies_of_sub_calls_become_entries_and_those_of_the_root_do_not() -> None:
    store = InMemoryCalls()
    for _ in range(2):  # paid for, then reused
        node, _ = that_reuses(ScriptedModel(["about walruses", "about walnuts"]), store)
        await reply_to(node, "what is it about?", "sub")
        await reply_to(node, "what else?", "root")
        assert [each.text for each in await node.run.memory.search("about", 5)] == ["about walruses"]


# -- slot --------------------------------------------------------------------------------------------------


async def test_a_cut_reply_is_neither_kept_for_later_runs_nor_searched() -> None:
    node, _ = that_reuses(Measured(["half a repl", "the other"], lambda number, limit: 3))
    assert await reply_to(node, "why?") == "half a repl"
    assert await reply_to(node, "why?") == "the other"
    assert await node.run.memory.search("half a repl", 5) == []


async def test_no_more_calls_than_slots_are_in_flight_over_all_nodes() -> None:
    model = ScriptedModel(lambda messages: "x", latency_s=0.01)
    node, _ = node_with(model, concurrency=3)
    nodes = [node.child() for _ in range(4)]
    await asyncio.gather(*(ask_model(each, role="sub") for each in nodes for _ in range(5)))
    assert model.most_in_flight == 3
    assert node.account.usage.calls == 20


async def test_a_cancelled_call_is_traced_and_frees_its_slot() -> None:
    node, log = node_with(ScriptedModel(["a", "b"], latency_s=5), concurrency=1)
    task = asyncio.create_task(ask_model(node, role="sub"))
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert log.of(events.CallFailed)[0].error == "cancelled"
    assert not node.run.call_slots.locked()


async def test_a_known_call_needs_no_slot() -> None:
    node, _ = that_reuses(ScriptedModel(["first"]), concurrency=1)
    await reply_to(node, "why?")
    async with node.run.call_slots:
        assert await reply_to(node, "why?") == "first"


# -- sized -------------------------------------------------------------------------------------------------


async def test_a_reply_has_a_limit_only_if_money_or_tokens_are_limited() -> None:
    for caps, limits in ((Caps(calls=9), [None]), (Caps(tokens=100_000), [8_192]), (MONEY, [8_192])):
        model = Measured(["a reply"], lambda number, limit: None)
        await ask_model(node_with(model, caps=caps)[0], asking("hi"))
        assert model.limits == limits


async def test_the_limit_follows_the_replies_so_far() -> None:
    model = Measured(["word " * 400] * 20, lambda number, limit: None)
    node, _ = node_with(model, caps=MONEY)
    for _ in range(10):
        await ask_model(node, asking("hi"), role="sub")
    assert model.limits[0] == 4_096
    assert model.limits[-1] is not None
    assert 256 <= model.limits[-1] < 1_000


async def test_a_limit_that_the_caller_chose_is_sent_as_it_is() -> None:
    model = Measured(["cut"], lambda number, limit: limit)
    node, _ = node_with(model, caps=MONEY)
    assert await reply_to(node, "hi", limit=77) == "cut"
    assert model.limits == [77]


async def test_a_reply_cut_at_our_limit_is_requested_once_more_with_a_larger_one() -> None:
    model = Measured(["cut", "whole"], lambda number, limit: limit if number == 1 else None)
    node, log = node_with(model, caps=MONEY)
    streamed: list[str] = []
    call = Call(model=model, messages=asking("hi"), role="root", on_text=streamed.append)
    assert (await make(node, call))[0].text == "whole"
    assert model.limits == [8_192, 16_384]
    assert [each.on_text is None for each in model.sampled] == [False, True], "only the first is foreseen"
    assert len(log.of(events.CallFinished)) == 2


async def test_a_reply_cut_twice_is_returned_as_it_is() -> None:
    model = Measured(["cut", "cut again", "never"], lambda number, limit: limit)
    node, _ = node_with(model, caps=MONEY)
    assert (await ask_model(node, asking("hi"))).text == "cut again"


async def test_a_reply_that_the_model_itself_ended_is_not_requested_again() -> None:
    model = Measured(["cut", "never"], lambda number, limit: limit // 2)
    node, _ = node_with(model, caps=MONEY)
    assert (await ask_model(node, asking("hi"))).text == "cut"


async def test_if_the_second_attempt_fails_the_cut_reply_stays() -> None:
    model = Measured(["cut", ModelUnavailable("gone", model="m")], lambda number, limit: limit)
    node, log = node_with(model, caps=MONEY)
    completion = await ask_model(node, asking("hi"))
    assert (completion.text, completion.stop) == ("cut", "length")
    assert log.of(events.CallFailed)[0].error == "gone"


# -- traced ------------------------------------------------------------------------------------------------


async def test_a_call_is_counted_and_traced() -> None:
    node, log = node_with(ScriptedModel(["hello"]))
    completion = await ask_model(node, asking("hi"))
    assert completion.text == "hello"
    assert [event.kind for event in log.events] == ["call_started", "call_finished"]
    assert node.account.usage.by_model["scripted/model"].calls == 1
    assert [event.seq for event in log.events] == [1, 2]
    assert log.events[0].run == "R"


async def test_calls_are_numbered_over_all_nodes() -> None:
    node, log = node_with(ScriptedModel(lambda messages: "x"))
    for each in (node, node.child(), node):
        await ask_model(each)
    assert [each.call for each in log.of(events.CallStarted)] == [1, 2, 3]
    assert [each.call for each in log.of(events.CallFinished)] == [1, 2, 3]


async def test_the_seed_of_the_run_and_the_stream_reach_the_model() -> None:
    model = Measured(["x"], lambda number, limit: None)
    node, _ = node_with(model, seed=7)
    streamed: list[str] = []
    await make(node, Call(model=model, messages=asking("hi"), role="root", on_text=streamed.append))
    (sampling,) = model.sampled
    assert (sampling.seed, sampling.on_text) == (7, streamed.append)


async def test_only_calls_of_root_models_decide_how_much_time_is_kept() -> None:
    node, _ = node_with(ScriptedModel(lambda messages: "x", latency_s=0.001))
    await ask_model(node, role="sub")
    assert node.run.slowest_root_s == 0.0
    await ask_model(node, role="root")
    assert node.run.slowest_root_s > 0.0


async def test_a_failed_call_is_traced_and_not_counted() -> None:
    node, log = node_with(ScriptedModel([ModelUnavailable("away", model="m", status=503)]))
    with pytest.raises(ModelUnavailable):
        await ask_model(node, role="sub")
    (failed,) = log.of(events.CallFailed)
    assert (failed.error, failed.status) == ("away", 503)
    assert node.account.usage.calls == 0


async def test_a_fault_of_a_model_object_is_traced() -> None:
    node, log = node_with(ScriptedModel([RuntimeError("no weights")]))
    with pytest.raises(RuntimeError):
        await ask_model(node)
    assert log.of(events.CallFailed)[0].error == "RuntimeError: no weights"


async def test_half_surrogates_of_a_reply_are_replaced() -> None:
    node, _ = node_with(ScriptedModel(["a \ud800 b"]))
    completion = await ask_model(node)
    assert completion.text == "a \ufffd b"


async def test_a_reply_without_text_is_an_error_that_was_paid_for() -> None:
    node, log = node_with(ScriptedModel([""]))
    with pytest.raises(BadCompletion, match="scripted/model answered with no text"):
        await ask_model(node)
    assert node.account.usage.calls == 1
    assert [event.kind for event in log.events] == ["call_started", "call_finished"]


# -- refused -----------------------------------------------------------------------------------------------


async def test_a_refusal_is_noted_at_the_account() -> None:
    node, _ = node_with(ScriptedModel([]), caps=Caps(calls=0))
    with pytest.raises(CallLimit) as caught:
        await ask_model(node)
    assert node.account.refused is caught.value


async def test_a_call_after_the_time_to_work_is_refused_and_the_last_call_may_still_be_made() -> None:
    node, _ = node_with(ScriptedModel(["the last"], latency_s=0.001))
    now = time.monotonic()  # 60 of 10,060 seconds are left
    node = replace(node, account=Account(Caps(ends=now + 60), began=now - 10_000))
    node.run.slowest_root_s = 1_000.0  # so at least 1,000 are kept for the last call
    with pytest.raises(DeadlineExceeded):
        await ask_model(node)
    assert isinstance(node.account.refused, DeadlineExceeded)
    call = Call(model=node.models.root, messages=asking("hi"), role="root", is_last=True)
    assert (await make(node, call))[0].text == "the last"


async def test_a_timeout_of_the_model_itself_is_not_the_end_of_the_time() -> None:
    node, _ = node_with(ScriptedModel([TimeoutError("the socket")]), caps=Caps(ends=time.monotonic() + 60))
    with pytest.raises(TimeoutError, match="the socket"):
        await ask_model(node)
    assert node.account.refused is None


async def test_a_reply_that_is_too_long_is_cut_and_said() -> None:
    node, log = node_with(ScriptedModel(lambda messages: "x" * (LONGEST_REPLY + 1)))
    completion, _ = await make(node, Call(model=node.models.root, messages=asking("hi"), role="root"))
    assert (len(completion.text), completion.stop) == (LONGEST_REPLY, "length")
    (finished,) = log.of(events.CallFinished)
    assert (len(finished.text), finished.stop) == (LONGEST_REPLY, "length")
    assert ["cut after 2,000,000 characters" in each.message for each in log.of(events.Noted)] == [True]
