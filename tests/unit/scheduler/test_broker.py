"""Calls that a scout makes early, and the cell claims."""

from __future__ import annotations

import asyncio
import gc
import tracemalloc
import weakref
from collections.abc import Mapping
from contextlib import suppress

import pytest

from harlm.errors import CallLimit, CodeError
from harlm.protocols import Foreseen
from harlm.scheduler.broker import Broker, Making
from harlm.types import Usage
from tests.support.virtual_time import Clock


class Model:
    """Replies with the prompt and the number of the call. ``slow`` never replies, ``bad`` fails, ``costly``
    is refused if it is early.
    """

    def __init__(self) -> None:
        self.made: list[str] = []
        self.cancelled: list[str] = []

    def begin(self, function: str, arguments: Mapping[str, object], is_early: bool, sample: int) -> Making:
        prompt = str(arguments["prompt"])
        self.made.append(prompt)
        return Making(self._reply(prompt, len(self.made), is_early), lambda: Usage(calls=1, input_tokens=10))

    async def _reply(self, prompt: str, number: int, is_early: bool) -> str:
        try:
            await asyncio.sleep(3600 if prompt == "slow" else 0)
        except asyncio.CancelledError:
            self.cancelled.append(prompt)
            raise
        if prompt == "bad":
            raise CodeError("no reply")
        if prompt == "costly" and is_early:
            raise CallLimit("too costly", limit="calls", used=1, allowed=1)
        return f"{prompt} #{number}"


def foreseen(number: int, prompt: str, *needs: int, certain: bool = True) -> Foreseen:
    return Foreseen(
        number=number,
        function="llm_query",
        arguments={"prompt": prompt, "model": None},
        needs=needs,
        is_certain=certain,
    )


def asked(prompt: str) -> tuple[str, dict[str, object]]:
    return "llm_query", {"prompt": prompt, "model": None}


async def test_a_foreseen_call_is_claimed_and_made_once() -> None:
    model = Model()
    broker = Broker(model.begin)
    assert await broker.foresee(foreseen(1, "a")) == "a #1"
    assert await broker.claim(*asked("a")) == "a #1"
    record = await broker.close()
    assert model.made == ["a"]
    assert (record.early.made, record.early.claimed, record.early.wasted) == (1, 1, 0)


async def test_a_late_scout_begins_no_call_again() -> None:
    model = Model()
    broker = Broker(model.begin)
    assert await broker.claim(*asked("a")) == "a #1"
    assert await broker.foresee(foreseen(1, "a")) == "a #1"
    assert await broker.foresee(foreseen(2, "a")) == "a #2"  # the second of its kind
    assert model.made == ["a", "a"]


async def test_the_same_prompt_gets_one_reply_each_time() -> None:
    broker = Broker(Model().begin)
    await asyncio.gather(*(broker.foresee(foreseen(at, "same")) for at in range(3)))
    assert [await broker.claim(*asked("same")) for _ in range(4)] == [
        "same #1",
        "same #2",
        "same #3",
        "same #4",
    ]


async def test_a_failure_reaches_only_the_cell_that_claims_the_call() -> None:
    broker = Broker(Model().begin)
    with pytest.raises(CodeError, match="no reply"):
        await broker.foresee(foreseen(1, "bad"))
    with pytest.raises(CodeError, match="no reply"):
        await broker.claim(*asked("bad"))
    await broker.close()


async def test_a_call_that_was_refused_early_is_made_again_for_the_cell() -> None:
    model = Model()
    broker = Broker(model.begin)
    with pytest.raises(CallLimit):
        await broker.foresee(foreseen(1, "costly"))
    assert await broker.claim(*asked("costly")) == "costly #2"


async def test_unclaimed_calls_are_cancelled_and_counted() -> None:
    model = Model()
    broker = Broker(model.begin)
    waiting = [
        asyncio.create_task(broker.foresee(foreseen(at, each))) for at, each in enumerate(("slow", "a"))
    ]
    await asyncio.sleep(0.01)
    assert len(broker.unclaimed) == 2
    record = await broker.close()
    assert model.cancelled == ["slow"]
    assert (record.early.wasted, record.early.wasted_tokens) == (2, 20)
    await asyncio.gather(*waiting, return_exceptions=True)


async def test_of_an_ended_call_only_the_value_and_the_figures_stay() -> None:
    kept: list[weakref.ref[object]] = []

    class Account:
        """Stands for all that making a call needs."""

        usage = Usage(calls=1)

    async def reply() -> str:
        await asyncio.sleep(0)
        return "reply"

    def begin(function: str, arguments: Mapping[str, object], is_early: bool, sample: int) -> Making:
        account, value = Account(), asyncio.ensure_future(reply())
        kept.extend((weakref.ref(account), weakref.ref(value)))
        return Making(value, lambda: account.usage)

    broker = Broker(begin)
    assert await broker.foresee(foreseen(1, "a")) == "reply"
    await asyncio.sleep(0)
    assert [each() for each in kept] == [None, None]
    assert [each.usage for each in broker.unclaimed] == [Usage(calls=1)]
    assert await broker.claim(*asked("a")) == "reply"
    assert (await broker.close()).calls[0].usage == Usage(calls=1)


async def test_a_cancelled_claim_does_not_end_the_call() -> None:
    model = Model()
    broker = Broker(model.begin)
    claiming = asyncio.create_task(broker.claim(*asked("slow")))
    await asyncio.sleep(0)
    claiming.cancel()
    await asyncio.gather(claiming, return_exceptions=True)
    assert model.cancelled == []
    await broker.close()
    assert model.cancelled == ["slow"]


async def test_uncertain_calls_are_made_only_while_the_budget_allows() -> None:
    model = Model()
    broker = Broker(model.begin, may_risk=lambda: False)
    waiting = asyncio.create_task(broker.foresee(foreseen(1, "a", certain=False)))
    assert await broker.foresee(foreseen(2, "b")) == "b #1"
    assert model.made == ["b"]
    waiting.cancel()


async def test_the_record_has_the_calls_and_their_needs() -> None:
    clock = Clock()
    broker = Broker(Model().begin, now=clock)
    for number, (prompt, needs) in enumerate([("a", ()), ("b", ()), ("c", (1, 2))], start=1):
        waiting = asyncio.create_task(broker.foresee(foreseen(number, prompt, *needs)))
        await asyncio.sleep(0)
        clock.now += 1
        await waiting
        await broker.claim(*asked(prompt))
    record = await broker.close()
    assert record.edges == {3: (1, 2)}
    assert record.critical_path_s == 2
    assert record.busy_s == 3
    assert record.parallelism == 1


async def test_no_prompt_is_kept_after_its_call() -> None:
    class Short:
        def begin(
            self, function: str, arguments: Mapping[str, object], is_early: bool, sample: int
        ) -> Making:
            return Making(self._reply(arguments), Usage)

        async def _reply(self, arguments: Mapping[str, object]) -> str:
            await asyncio.sleep(0)
            return "reply"

    broker = Broker(Short().begin)
    tracemalloc.start()
    try:
        for number in range(60):
            assert await broker.claim(*asked(f"{number} " + "x" * 1_000_000)) == "reply"
        assert tracemalloc.get_traced_memory()[0] < 10_000_000
    finally:
        tracemalloc.stop()
    assert len((await broker.close()).calls) == 60


async def test_no_prompt_of_a_failed_call_is_kept_and_a_late_scout_is_told() -> None:
    class Failing:
        def begin(
            self, function: str, arguments: Mapping[str, object], is_early: bool, sample: int
        ) -> Making:
            return Making(self._reply(arguments), Usage)

        async def _reply(self, arguments: Mapping[str, object]) -> str:
            await asyncio.sleep(0)
            raise CodeError("too long")

    broker = Broker(Failing().begin)
    gc.disable()  # nothing waits for it
    tracemalloc.start()
    try:
        for number in range(60):
            with suppress(CodeError):
                await broker.claim(*asked(f"{number} " + "x" * 1_000_000))
        assert tracemalloc.get_traced_memory()[0] < 10_000_000
    finally:
        tracemalloc.stop()
        gc.enable()
    with pytest.raises(CodeError, match="too long"):
        await broker.foresee(foreseen(1, "0 " + "x" * 1_000_000))


async def test_large_replies_are_dropped_once_the_cell_has_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harlm.scheduler.broker._REPLIES", 50)
    broker = Broker(Model().begin)
    for number in range(20):
        assert await broker.claim(*asked(f"{number}")) == f"{number} #{number + 1}"
    assert sum(call.task is not None for call in broker._calls) < 15
    late = asyncio.create_task(broker.foresee(foreseen(1, "0")))
    assert await broker.foresee(foreseen(2, "19")) == "19 #20"
    await asyncio.sleep(0)
    assert not late.done(), "a scout that is too late gets no reply"
    late.cancel()
    assert len((await broker.close()).calls) == 20


# -- calls that are taken back -------------------------------------------------------------------------------


async def looking_ahead(broker: Broker, *calls: Foreseen) -> list[asyncio.Task[object]]:
    """A scout that waits for some calls, which have begun."""
    waiting = [asyncio.create_task(broker.foresee(each)) for each in calls]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    return waiting


async def given_up(waiting: list[asyncio.Task[object]]) -> None:
    for each in waiting:
        each.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)


async def test_a_call_that_is_taken_back_is_cancelled_settled_and_counted_as_wasted() -> None:
    model = Model()
    broker = Broker(model.begin)
    waiting = await looking_ahead(broker, foreseen(1, "slow"))
    broker.retract([1])
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert model.cancelled == ["slow"]
    assert [each.usage for each in broker.unclaimed] == [Usage(calls=1, input_tokens=10)]
    record = await broker.close()
    assert (record.early.made, record.early.claimed, record.early.wasted) == (1, 0, 1)
    assert record.early.wasted_tokens == 10
    await given_up(waiting)


async def test_the_cell_makes_a_call_that_was_taken_back_anew_with_the_same_sample() -> None:
    samples: list[int] = []
    model = Model()

    def begin(function: str, arguments: Mapping[str, object], is_early: bool, sample: int) -> Making:
        samples.append(sample)
        return model.begin(function, arguments, is_early, sample)

    broker = Broker(begin)
    waiting = await looking_ahead(broker, foreseen(1, "slow"))
    broker.retract([1])
    claiming = asyncio.create_task(broker.claim(*asked("slow")))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert samples == [0, 0]
    assert model.cancelled == ["slow"]
    record = await broker.close()
    assert [call.is_claimed for call in record.calls] == [False, True]
    await given_up([*waiting, claiming])


async def test_a_call_that_the_cell_has_made_is_kept() -> None:
    model = Model()
    broker = Broker(model.begin)
    waiting = await looking_ahead(broker, foreseen(1, "slow"))
    claiming = asyncio.create_task(broker.claim(*asked("slow")))
    await asyncio.sleep(0)
    broker.retract([1])
    await asyncio.sleep(0)
    assert model.cancelled == []
    waiting += await looking_ahead(broker, foreseen(2, "slow"))
    assert model.made == ["slow"], "the scout's next equal call is that one"
    await broker.close()
    await given_up([*waiting, claiming])


async def test_of_equal_calls_the_last_is_taken_back_and_the_others_stay_matched() -> None:
    model = Model()
    broker = Broker(model.begin)
    waiting = await looking_ahead(broker, *(foreseen(number, "slow") for number in (1, 2, 3)))
    broker.retract([2, 3])
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert model.cancelled == ["slow", "slow"]
    waiting += await looking_ahead(broker, foreseen(4, "slow"))
    assert len(model.made) == 4, "the second one is begun once more"
    record = await broker.close()
    assert len(record.calls) == 4
    await given_up(waiting)


async def test_a_reply_that_has_arrived_is_kept_for_the_next_equal_call() -> None:
    model = Model()
    broker = Broker(model.begin)
    assert await broker.foresee(foreseen(1, "a")) == "a #1"
    broker.retract([1])
    assert await broker.foresee(foreseen(2, "a")) == "a #1"
    broker.retract([2])
    assert await broker.claim(*asked("a")) == "a #1"
    assert await broker.claim(*asked("a")) == "a #2"
    record = await broker.close()
    assert (record.early.made, record.early.wasted) == (1, 0)


async def test_the_kth_equal_call_gets_the_kth_reply_after_some_were_taken_back() -> None:
    broker = Broker(Model().begin)
    for number in (1, 2, 3):
        await broker.foresee(foreseen(number, "same"))
    broker.retract([3, 2])
    assert await broker.claim(*asked("same")) == "same #1"
    assert await broker.foresee(foreseen(4, "same")) == "same #2"
    assert [await broker.claim(*asked("same")) for _ in range(3)] == ["same #2", "same #3", "same #4"]


async def test_unknown_numbers_are_ignored() -> None:
    model = Model()
    broker = Broker(model.begin)
    waiting = await looking_ahead(broker, foreseen(1, "slow"))
    broker.retract([0, -1, 2, 1 << 70, 99])
    broker.retract([])
    assert await broker.foresee(foreseen(3, "a")) == "a #2"
    broker.retract([3, 3, 3])
    assert model.cancelled == []
    await broker.close()
    broker.retract([1, 3])
    await given_up(waiting)


async def test_a_call_that_was_never_made_for_the_scout_can_be_taken_back() -> None:
    model = Model()
    broker = Broker(model.begin, may_risk=lambda: False)
    waiting = await looking_ahead(broker, foreseen(1, "a", certain=False))
    broker.retract([1])
    assert await broker.claim(*asked("a")) == "a #1"
    assert (await broker.close()).early.made == 0
    await given_up(waiting)


async def test_what_may_not_be_foreseen_is_left_to_the_cell() -> None:
    model = Model()
    broker = Broker(model.begin, may_foresee=lambda function, arguments: arguments["prompt"] != "secret")
    waiting = await looking_ahead(broker, foreseen(1, "secret"), foreseen(2, "open"))
    assert model.made == ["open"]
    assert await broker.claim(*asked("secret")) == "secret #2"
    await broker.close()
    await given_up(waiting)


async def test_what_may_not_be_made_early_is_left_to_the_cell() -> None:
    model = Model()
    broker = Broker(model.begin, may_foresee=lambda function, arguments: arguments["prompt"] != "mine")
    early = asyncio.ensure_future(broker.foresee(foreseen(1, "mine")))
    assert await broker.foresee(foreseen(2, "yours")) == "yours #1"
    assert not early.done()
    assert await broker.claim(*asked("mine")) == "mine #2"
    record = await broker.close()
    assert [(each.is_early, each.is_claimed) for each in record.calls] == [(True, False), (False, True)]
    early.cancel()


async def test_a_tool_that_may_change_something_is_never_made_for_a_scout() -> None:
    model = Model()
    broker = Broker(model.begin)
    call = Foreseen(number=1, function="tool", arguments={"name": "note", "arguments": {}})
    early = asyncio.ensure_future(broker.foresee(call))
    await asyncio.sleep(0)
    assert not early.done()
    assert model.made == []
    early.cancel()
