"""The calls of one cell: none is open after the cell has ended, not even one that came later."""

from __future__ import annotations

import asyncio

from harlm.sandbox.process import frames
from harlm.sandbox.process.calls import Clock, OpenCalls
from harlm.sandbox.process.repl import ProcessRepl


class Wire:
    """Keeps the frames that are sent to the worker."""

    def __init__(self) -> None:
        self.sent: list[object] = []

    def send(self, frame: object) -> None:
        self.sent.append(frame)


async def _never(call: frames.CallFrame) -> object:
    return await asyncio.get_running_loop().create_future()


def _calls(to_worker: Wire) -> OpenCalls:
    return OpenCalls(_never, to_worker, Clock(), on_answer=lambda *_: None, on_fault=lambda _: None)  # type: ignore[arg-type] # only send is used


def _call(number: int) -> frames.CallFrame:
    return frames.CallFrame(id=number, function="llm_query", arguments={})


async def test_a_call_that_comes_after_the_end_is_refused_and_not_awaited() -> None:
    to_worker = Wire()
    calls = _calls(to_worker)
    calls.take(_call(1), 10)
    await asyncio.sleep(0)
    calls.refuse_all("the cell has ended")
    calls.take(_call(2), 10)
    async with asyncio.timeout(5):
        await calls.end()
    assert not calls.are_open()
    assert to_worker.sent == [frames.Refuse(id=number, message="the cell has ended") for number in (1, 2)]


async def test_after_the_end_no_call_is_open() -> None:
    calls = _calls(Wire())
    calls.take(_call(1), 10)
    assert calls.are_open()
    await calls.end()
    assert not calls.are_open()


async def test_waiting_for_calls_is_not_charged(repl: ProcessRepl) -> None:
    seen = await repl.run("print(llm_query('slow'), llm_query('slow'))")
    assert seen.output == "reply reply\n"
    assert seen.waiting_s > 1.0


# -- calls that are given up ---------------------------------------------------------------------------------


class Serving:
    """Answers calls when it is told to."""

    def __init__(self) -> None:
        self.begun: list[int] = []
        self.cancelled: list[int] = []
        self.replied = asyncio.Event()

    async def value_of(self, call: frames.CallFrame) -> object:
        self.begun.append(call.id)
        try:
            await self.replied.wait()
        except asyncio.CancelledError:
            self.cancelled.append(call.id)
            raise
        return f"reply {call.id}"


def _serving() -> tuple[Serving, Wire, Clock, OpenCalls]:
    serving, to_worker, clock = Serving(), Wire(), Clock()
    calls = OpenCalls(serving.value_of, to_worker, clock, on_answer=lambda *_: None, on_fault=lambda _: None)  # type: ignore[arg-type] # only send is used
    return serving, to_worker, clock, calls


async def test_a_call_that_is_given_up_ends_without_an_answer() -> None:
    serving, to_worker, clock, calls = _serving()
    calls.take(_call(1), 10)
    calls.take(_call(2), 10)
    await asyncio.sleep(0)
    calls.give_up(1)
    await asyncio.sleep(0)
    assert serving.cancelled == [1]
    serving.replied.set()
    for _ in range(3):
        await asyncio.sleep(0)
    assert to_worker.sent == [frames.ReplyFrame(id=2, value="reply 2")]
    assert not calls.are_open()
    assert not clock.is_waiting()
    await calls.end()


async def test_a_call_that_is_given_up_before_it_began_is_never_made() -> None:
    serving, to_worker, clock, calls = _serving()
    calls.take(_call(1), 10)
    calls.give_up(1)
    assert not calls.are_open()
    assert not clock.is_waiting()
    calls.take(_call(1), 10)  # its id is free again
    await asyncio.sleep(0)
    assert serving.begun == [1]
    serving.replied.set()
    for _ in range(3):
        await asyncio.sleep(0)
    assert to_worker.sent == [frames.ReplyFrame(id=1, value="reply 1")]
    await calls.end()
    assert not clock.is_waiting()


async def test_ids_of_no_open_call_are_ignored() -> None:
    serving, to_worker, _, calls = _serving()
    calls.take(_call(1), 10)
    await asyncio.sleep(0)
    for number in (0, 2, -1, 1 << 70):
        calls.give_up(number)
    assert serving.cancelled == []
    calls.give_up(1)
    calls.give_up(1)
    await calls.end()
    calls.give_up(1)
    assert to_worker.sent == [frames.Refuse(id=1, message="the cell that made this call has ended")]


async def test_a_call_that_is_given_up_makes_room() -> None:
    paused: list[bool] = []

    class Pausing(Wire):
        def pause(self) -> None:
            paused.append(True)

        def resume(self) -> None:
            paused.append(False)

    calls = _calls(Pausing())
    calls.take(_call(1), 65 << 20)
    assert paused == [True]
    calls.give_up(1)
    assert paused == [True, False]
    await calls.end()
