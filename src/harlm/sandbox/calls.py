"""The calls of one cell: answered side by side, not charged to its time, and ended with it. Knows frames and seconds; refuses to
know what a call means.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable

from harlm.errors import CodeError, SandboxFailure
from harlm.protocols import ReplHost
from harlm.sandbox import wire

_OUTSTANDING = 4096  # calls of one REPL that are being answered, before its socket is not read any more
_UNREAD = 65_536  # replies that a worker may leave unread; more is an attack on the host's memory


class Clock:
    """The time of one cell, which stands still while any of its calls is under way."""

    def __init__(self, allowed: float) -> None:
        self._allowed = allowed
        self._started = time.monotonic()
        self._waited = 0.0
        self._waiting_since = 0.0
        self._calls = 0
        self.ran_out = False

    def pause(self) -> None:
        """A call began."""
        if not self._calls:
            self._waiting_since = time.monotonic()
        self._calls += 1

    def resume(self) -> None:
        """A call ended."""
        self._calls -= 1
        if not self._calls:
            self._waited += time.monotonic() - self._waiting_since

    def waited(self) -> float:
        """Seconds spent waiting for calls."""
        return self._waited + (time.monotonic() - self._waiting_since if self._calls else 0.0)

    def total(self) -> float:
        """Seconds since the cell began."""
        return time.monotonic() - self._started

    def left(self) -> float:
        """Seconds of its own that the cell may still use."""
        return self._allowed - (self.total() - self.waited())


class Calls:
    """What a cell has asked and not been told yet.

    Responsibilities: answer each call in a task of its own, keep the clock still meanwhile, refuse what is left at the end.

    Args:
        on_fault: told of anything that goes wrong in answering and is not the model's fault.
    """

    def __init__(
        self, host: ReplHost, to_worker: wire.Wire, clock: Clock, *, on_fault: Callable[[Exception], None]
    ) -> None:
        self._host = host
        self._to_worker = to_worker
        self._clock = clock
        self._on_fault = on_fault
        self._room = asyncio.Semaphore(_OUTSTANDING)
        self._open: dict[int, asyncio.Task[None]] = {}

    def __contains__(self, call_id: int) -> bool:
        return call_id in self._open

    async def take(self, call: wire.Call) -> None:
        """Begin to answer one more call; waits while too many are being answered.

        Raises:
            SandboxFailure: the worker reads none of its replies.
        """
        if len(self._open) >= _UNREAD:
            raise SandboxFailure(
                f"a cell left {_UNREAD:,} replies to its calls unread, which is more than any program needs"
            )
        await self._room.acquire()
        self._clock.pause()
        self._open[call.id] = task = asyncio.create_task(self._serve(call))
        task.add_done_callback(lambda _: self._open.pop(call.id, None))

    async def end(self) -> None:
        """Cancel what is under way, and refuse it: a thread of the cell may wait for it in a later one."""
        left = dict(self._open)
        for task in left.values():
            task.cancel()
        await asyncio.gather(*left.values(), return_exceptions=True)
        for call_id in left:
            await self._send(wire.Refuse(id=call_id, message="the cell that made this call has ended"))

    async def _serve(self, call: wire.Call) -> None:
        try:
            answer = await self._answer(call)
        finally:  # what is left is to send it; waiting for that must not keep anyone from reading
            self._room.release()
            self._clock.resume()
        if answer is not None:
            await self._send(answer)

    async def _answer(self, call: wire.Call) -> wire.Reply | wire.Refuse | None:
        try:
            return wire.Reply(id=call.id, value=await self._host.call(call.function, call.arguments))
        except CodeError as error:
            return wire.Refuse(id=call.id, message=str(error))
        except Exception as error:  # noqa: BLE001 - re-raised by whoever runs the cell
            self._on_fault(error)
            return None

    async def _send(self, answer: wire.Reply | wire.Refuse) -> None:
        with contextlib.suppress(ConnectionError):  # the worker died meanwhile; the reader finds out
            await self._to_worker.send(answer)
