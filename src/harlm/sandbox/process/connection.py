"""The connection to one worker process: a socket for frames and a pipe for raw output. It reports when the
worker is gone and when it breaks the protocol.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import Callable
from typing import Self

from harlm.errors import SandboxFailure
from harlm.sandbox.process import frames
from harlm.sandbox.process.raw_output import RawOutput
from harlm.sandbox.process.wire import Wire
from harlm.sandbox.process.worker_process import WorkerProcess

_END_S = 2.0


class Ends:
    """Both ends of a new socket and a new pipe, which are closed on exit unless they were taken.

    Attributes:
        ours, theirs: the ends of the socket for the host and the worker.
        output: the writing end of the pipe, for the worker; -1 once it is closed.

    Raises:
        OSError: no descriptors are left.
    """

    def __init__(self) -> None:
        self.ours, self.theirs = socket.socketpair()
        try:
            self._read, self.output = os.pipe()
        except OSError:
            self.ours.close()
            self.theirs.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.give()
        if self._read >= 0:
            os.close(self._read)
            self.ours.close()

    def give(self) -> None:
        """Close the worker's ends here, after they were sent to the worker."""
        self.theirs.close()
        if self.output >= 0:
            os.close(self.output)
            self.output = -1

    def taken(self) -> tuple[socket.socket, int]:
        """The host's ends: the socket, and the reading end of the pipe. The caller must close them."""
        self.give()
        read, self._read = self._read, -1
        return self.ours, read


class Link:
    """The connection to one worker.

    Responsibilities: pass calls on, wait for the one other frame that is due, treat every other frame as a
    violation.

    Args:
        worker: the process.
        on_call: called with each call of the worker and the size of its frame in bytes. A ``SandboxFailure``
            that it raises is a violation.

    Attributes:
        worker: the process.
        violation: how the worker broke the protocol; ``None`` if it did not.
        was_killed: whether the host has ended the worker.
        on_retract: called with the ids of calls that a scout takes back; ``None`` if the worker is no scout.
    """

    def __init__(self, worker: WorkerProcess, on_call: Callable[[frames.CallFrame, int], None]) -> None:
        self.worker = worker
        self.violation: SandboxFailure | None = None
        self._on_flood: Callable[[], None] = worker.kill
        self._on_sign: Callable[[], None] = lambda: None
        self._on_copies: Callable[[bytes], None] = lambda _: None
        self.on_retract: Callable[[tuple[int, ...]], None] | None = None
        self.was_killed = False
        self._is_closed = False
        self._has_ended = False
        self._on_call = on_call
        self._wire: Wire | None = None
        self._raw: RawOutput | None = None
        self._due: asyncio.Future[frames.News] | None = None
        self._accepts: Callable[[frames.News], bool] = lambda _: False

    async def connect(self, ends: Ends, *, largest: int) -> None:
        """Take over the host's ends of the worker's socket and pipe.

        Args:
            ends: of the socket and the pipe.
            largest: bytes that one frame of the worker may have.

        Raises:
            OSError: the event loop cannot watch them.
        """
        ours, output = ends.taken()
        try:
            self._raw = RawOutput(output, lambda: self._on_flood())
        except BaseException:
            ours.close()
            raise
        self._wire = await Wire.over(ours, largest, self._on_frame, self._on_end)
        if self._is_closed:
            self.end()
        # A process that the worker started may hold the socket open after the worker has ended.
        self.worker.on_end(self._wire.abort)

    def attend(
        self,
        *,
        on_flood: Callable[[], None],
        on_sign: Callable[[], None],
        on_copies: Callable[[bytes], None],
    ) -> None:
        """Report on the cell that runs from now on.

        Args:
            on_flood: called when the worker has written too much raw output.
            on_sign: called when the cell prints.
            on_copies: called with the data for a scout of the cell, if the worker cannot fork.
        """
        self._on_flood, self._on_sign, self._on_copies = on_flood, on_sign, on_copies

    @property
    def to_worker(self) -> Wire:
        """The wire that carries frames to the worker. Only after ``connect``."""
        assert self._wire is not None
        return self._wire

    @property
    def raw(self) -> RawOutput:
        """The raw output of the worker. Only after ``connect``."""
        assert self._raw is not None
        return self._raw

    @property
    def is_alive(self) -> bool:
        """Whether the worker can still answer. A process that is being killed, or whose socket has ended,
        cannot: the kernel closes the sockets of a dying process before it reports that the process is gone.
        """
        return not (self.was_killed or self._has_ended or self.worker.ended.is_set())

    def due(self, accepts: Callable[[frames.News], bool]) -> asyncio.Future[frames.News]:
        """The next frame of the worker that belongs to no call and no scout. It replaces an earlier ``due``.

        Args:
            accepts: whether a frame is the expected one; any other is a violation.

        Returns:
            a future for the frame. It fails with ``EOFError`` if the worker has ended or ends, and with
            ``SandboxFailure`` if the worker breaks the protocol.
        """
        self._due = asyncio.get_running_loop().create_future()
        self._due.add_done_callback(_retrieved)
        self._accepts = accepts
        if self._has_ended:  # the wire reports its end only once
            self._due.set_exception(self.violation or EOFError())
        return self._due

    def _on_frame(self, frame: frames.News, size: int) -> None:
        if isinstance(frame, frames.CallFrame):
            self._on_call(frame, size)
        elif isinstance(frame, frames.TooLarge):
            self.to_worker.send(frames.Refuse(id=frame.id, message=frame.why))
        elif isinstance(frame, frames.Alive):
            self._on_sign()
        elif isinstance(frame, frames.Retract) and self.on_retract is not None:
            self.on_retract(frame.ids)
        elif isinstance(frame, frames.Copies):
            self._on_copies(frame.data)
        elif self._due is not None and not self._due.done() and self._accepts(frame):
            self._due.set_result(frame)
        else:
            raise SandboxFailure(f"a cell made its worker break the protocol with {type(frame).__name__}")

    def _on_end(self, violation: SandboxFailure | None) -> None:
        self.violation = violation
        self._has_ended = True
        if self._due is not None and not self._due.done():
            self._due.set_exception(violation or EOFError())
        self.worker.kill()

    def kill(self) -> None:
        """Kill the worker."""
        self.was_killed = True
        self.worker.kill()

    def end(self) -> None:
        """Kill the worker, and close the socket and the pipe, without waiting. Safe to call twice."""
        self._is_closed = True
        self.kill()
        if self._wire is not None:
            self._wire.abort()
        if self._raw is not None:
            self._raw.close()

    async def close(self) -> None:
        """``end``, then wait until the worker is gone, at most two seconds. Safe to call twice."""
        self.end()
        try:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_END_S):
                    await self.worker.ended.wait()
        finally:
            self.worker.close()


def _retrieved(due: asyncio.Future[frames.News]) -> None:
    """Mark the result as retrieved: the waiting task may have been cancelled."""
    if not due.cancelled():
        due.exception()
