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
