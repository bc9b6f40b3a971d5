"""The calls of one cell. They are answered concurrently, are not charged to the cell's time, and end with the
cell.
"""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable, Coroutine
from typing import NamedTuple

from harlm.errors import CodeError, SandboxFailure
from harlm.sandbox.process import frames
from harlm.sandbox.process.wire import Wire

_OUTSTANDING = 1024  # open calls of one REPL at which its socket is not read until some are answered
_OUTSTANDING_BYTES = 64 << 20  # the same limit, in bytes of the open calls
_UNREAD = 65_536  # open calls that are a violation: an attack on the host's memory

Answered = Callable[[frames.CallFrame, frames.ReplyFrame | frames.Refuse], None]


class Clock:
    """The time of one cell. It stands still while any call of the cell is open.

    Attributes:
        last_sign: when the cell last got an answer or printed, on the monotonic clock.
    """

    def __init__(self) -> None:
        self._started = time.monotonic()
        self._waited = 0.0
        self._waiting_since = 0.0
        self._calls = 0
        self.last_sign = self._started

    def pause(self) -> None:
        """Note that a call has begun."""
        if not self._calls:
            self._waiting_since = time.monotonic()
        self._calls += 1

    def resume(self) -> None:
        """Note that a call has ended."""
        self._calls -= 1
        if not self._calls:
            self.last_sign = time.monotonic()
            self._waited += self.last_sign - self._waiting_since

    def sign(self) -> None:
        """Note that the cell has done something."""
        self.last_sign = time.monotonic()

    def is_waiting(self) -> bool:
        """Whether any call is open."""
        return self._calls > 0

    def waited(self) -> float:
        """Seconds spent waiting for calls."""
        return self._waited + (time.monotonic() - self._waiting_since if self._calls else 0.0)

    def total(self) -> float:
        """Seconds since the cell began."""
        return time.monotonic() - self._started

    def own(self) -> float:
        """Seconds since the cell began, without those spent waiting for calls."""
        return self.total() - self.waited()


class _Open(NamedTuple):
    """An open call: its task, what that runs, and the bytes of its frame."""

    task: asyncio.Task[None]
    steps: Coroutine[object, object, None]
    size: int


class OpenCalls:
    """The open calls of one cell.

    Responsibilities: answer each call in a task of its own, pause the clock meanwhile, refuse the calls that
    are open at the end.

    Args:
        serve: returns the value of a call, or raises ``CodeError`` with a message for the cell.
        to_worker: where answers are sent.
        clock: the time of the cell.
        on_answer: called with each call and its answer, before the answer is sent.
        on_fault: called with an error in answering that is not the model's fault.
    """

    def __init__(
        self,
        serve: Callable[[frames.CallFrame], Awaitable[object]],
        to_worker: Wire,
        clock: Clock,
        *,
        on_answer: Answered,
        on_fault: Callable[[Exception], None],
    ) -> None:
        self._value_of = serve
        self._to_worker = to_worker
        self._clock = clock
        self._on_answer = on_answer
        self._on_fault = on_fault
        self._open: dict[int, _Open] = {}
        self._bytes = 0
        self._is_paused = False
        self._why = ""  # why calls are refused, once they are

    def take(self, call: frames.CallFrame, size: int) -> None:
        """Begin to answer one more call. After the end it is refused: it may have been sent before.

        Args:
            call: the call.
            size: bytes of its frame.

        Raises:
            SandboxFailure: its id is that of an open call, or far too many calls are open.
        """
        if self._why:
            self._to_worker.send(frames.Refuse(id=call.id, message=self._why))
            return
        if call.id in self._open:
            raise SandboxFailure(f"a cell made its worker send two open calls with the id {call.id}")
        if len(self._open) >= _UNREAD:
            raise SandboxFailure(
                f"a cell opened {_UNREAD:,} calls at once, which is more than any program needs"
            )
        self._bytes += size
        self._clock.pause()
        steps = self._serve(call)
        self._open[call.id] = _Open(asyncio.create_task(steps), steps, size)
        if self._is_full() and not self._is_paused:
            self._is_paused = True
            self._to_worker.pause()

    def _is_full(self) -> bool:
        return len(self._open) >= _OUTSTANDING or self._bytes >= _OUTSTANDING_BYTES

    async def _serve(self, call: frames.CallFrame) -> None:
        answer: frames.ReplyFrame | frames.Refuse | None = None
        try:
            answer = frames.ReplyFrame(id=call.id, value=await self._value_of(call))
        except CodeError as error:
            answer = frames.Refuse(id=call.id, message=str(error))
        except Exception as error:  # noqa: BLE001 - whatever it is, the REPL raises it again
            self._on_fault(error)
        finally:
            self._close(call.id)
        if answer is not None:
            self._on_answer(call, answer)
            self._to_worker.send(answer)

    def _close(self, call_id: int) -> None:
        self._clock.resume()
        if self._why:
            return
        self._bytes -= self._open.pop(call_id).size
        if self._is_paused and not self._is_full():
            self._is_paused = False
            self._to_worker.resume()

    def give_up(self, call_id: int) -> None:
        """End a call whose reply the worker does not need any more; it gets none. Unknown ids are ignored."""
        open_call = None if self._why else self._open.get(call_id)
        if open_call is None:
            return
        open_call.task.cancel()
        if (
            inspect.getcoroutinestate(open_call.steps) == inspect.CORO_CREATED
        ):  # then it never runs, not even to its end
            self._close(call_id)

    def are_open(self) -> bool:
        """Whether any call is open."""
        return bool(self._open)

    def refuse_all(self, why: str) -> None:
        """Cancel and refuse all open calls, and refuse later ones. A thread of the cell may still wait for an
        answer.

        Args:
            why: the message that is raised in the cell.
        """
        if self._why:
            return
        self._why = why
        for call_id, open_call in self._open.items():
            open_call.task.cancel()
            self._to_worker.send(frames.Refuse(id=call_id, message=why))
        if self._is_paused:
            self._is_paused = False
            self._to_worker.resume()

    async def end(self) -> None:
        """Refuse all open calls, and wait until their tasks have ended."""
        self.refuse_all("the cell that made this call has ended")
        if self._open:
            tasks = [each.task for each in self._open.values()]
            await asyncio.gather(*tasks, return_exceptions=True)
            self._open.clear()
