"""The calls of one cell: answered side by side, not charged to its time, and ended with it. Knows frames and seconds; refuses to
know what a call means.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

from harlm.errors import CodeError, SandboxFailure
from harlm.sandbox.process import frames
from harlm.sandbox.process.wire import Wire

_OUTSTANDING = 1024  # calls of one REPL that are being answered, before its socket is not read any more
_OUTSTANDING_BYTES = 64 << 20  # as above: of what they ask
_UNREAD = (
    65_536  # calls that one piece of the socket may hold beyond that; more is an attack on the host's memory
)

Answered = Callable[[frames.Call, frames.Reply | frames.Refuse], None]


class Clock:
    """The time of one cell, which stands still while any of its calls is under way."""

    def __init__(self) -> None:
        self._started = time.monotonic()
        self._waited = 0.0
        self._waiting_since = 0.0
        self._calls = 0
        self.last_sign = self._started
        """When the cell last was told something, or printed."""

    def pause(self) -> None:
        """A call began."""
        if not self._calls:
            self._waiting_since = time.monotonic()
        self._calls += 1

    def resume(self) -> None:
        """A call ended."""
        self._calls -= 1
        if not self._calls:
            self.last_sign = time.monotonic()
            self._waited += self.last_sign - self._waiting_since

    def sign(self) -> None:
        """The cell did something."""
        self.last_sign = time.monotonic()

    def is_waiting(self) -> bool:
        """Whether any call is under way."""
        return self._calls > 0

    def waited(self) -> float:
        """Seconds spent waiting for calls."""
        return self._waited + (time.monotonic() - self._waiting_since if self._calls else 0.0)

    def total(self) -> float:
        """Seconds since the cell began."""
        return time.monotonic() - self._started

    def own(self) -> float:
        """Seconds since it began in which it did not wait."""
        return self.total() - self.waited()


class Calls:
    """What a cell has asked and not been told yet.

    Responsibilities: answer each call in a task of its own, keep the clock still meanwhile, refuse what is left at the end.

    Args:
        serve: the value of a call.
        on_answer: told of every answer, before it is sent.
        on_fault: told of anything that goes wrong in answering and is not the model's fault.
    """

    def __init__(
        self,
        serve: Callable[[frames.Call], Awaitable[object]],
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
        self._open: dict[int, asyncio.Task[None]] = {}
        self._bytes = 0
        self._is_paused = False
        self._why = ""  # nothing is answered any more

    def take(self, call: frames.Call, size: int) -> None:
        """Begin to answer one more call; refuse it after the end, for it may have been on its way.

        Raises:
            SandboxFailure: its id is that of an open call, or far too many are open.
        """
        if self._why:
            self._to_worker.send(frames.Refuse(id=call.id, message=self._why))
            return
        if call.id in self._open:
            raise SandboxFailure(f"a cell made its worker ask twice under the number {call.id}")
        if len(self._open) >= _UNREAD:
            raise SandboxFailure(
                f"a cell opened {_UNREAD:,} calls at once, which is more than any program needs"
            )
        self._bytes += size
        self._clock.pause()
        self._open[call.id] = asyncio.create_task(self._serve(call, size))
        if self._is_full() and not self._is_paused:
            self._is_paused = True
            self._to_worker.pause()

    def _is_full(self) -> bool:
        return len(self._open) >= _OUTSTANDING or self._bytes >= _OUTSTANDING_BYTES

    async def _serve(self, call: frames.Call, size: int) -> None:
        answer: frames.Reply | frames.Refuse | None = None
        try:
            answer = frames.Reply(id=call.id, value=await self._value_of(call))
        except CodeError as error:
            answer = frames.Refuse(id=call.id, message=str(error))
        except Exception as error:  # noqa: BLE001 - re-raised by whoever runs the cell
            self._on_fault(error)
        finally:
            self._clock.resume()
            if not self._why:
                del self._open[call.id]
                self._bytes -= size
                if self._is_paused and not self._is_full():
                    self._is_paused = False
                    self._to_worker.resume()
        if answer is not None:
            self._on_answer(call, answer)
            self._to_worker.send(answer)

    def are_open(self) -> bool:
        """Whether any is under way."""
        return bool(self._open)

    def refuse_all(self, why: str) -> None:
        """Cancel what is under way, and refuse it: a thread of the cell may wait for it in a later one."""
        if self._why:
            return
        self._why = why
        for call_id, task in self._open.items():
            task.cancel()
            self._to_worker.send(frames.Refuse(id=call_id, message=why))
        if self._is_paused:
            self._is_paused = False
            self._to_worker.resume()

    async def end(self) -> None:
        """As ``refuse_all``, and wait until nothing of it is left."""
        self.refuse_all("the cell that made this call has ended")
        if self._open:
            await asyncio.gather(*self._open.values(), return_exceptions=True)
            self._open.clear()
