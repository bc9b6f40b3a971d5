"""One worker process and the lines to it: a socket for frames, a pipe for raw output. Knows when it is gone and whether it
broke the protocol; refuses to know what a cell is.
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
    """Both ends of a socket and of a pipe for output, until they are given away."""

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
        """The worker has its ends: close them here."""
        self.theirs.close()
        if self.output >= 0:
            os.close(self.output)
            self.output = -1

    def taken(self) -> tuple[socket.socket, int]:
        """This side's ends, which somebody else closes from now on."""
        self.give()
        read, self._read = self._read, -1
        return self.ours, read


class Link:
    """See the module.

    Responsibilities: hand on calls, wait for the one other frame that is due, take anything else for a violation.

    Args:
        on_call: told of every call and its size. What it raises is a violation.

    Attributes:
        violation: how the worker broke the protocol.
        was_killed: whether the host ended the worker.
    """

    def __init__(self, worker: WorkerProcess, on_call: Callable[[frames.Call, int], None]) -> None:
        self.worker = worker
        self.violation: SandboxFailure | None = None
        self._on_flood: Callable[[], None] = worker.kill
        self._on_sign: Callable[[], None] = lambda: None
        self._on_copies: Callable[[bytes], None] = lambda _: None
        self.was_killed = False
        self._is_closed = False
        self._has_ended = False
        self._on_call = on_call
        self._wire: Wire | None = None
        self._raw: RawOutput | None = None
        self._due: asyncio.Future[frames.News] | None = None
        self._accepts: Callable[[frames.News], bool] = lambda _: False

    async def connect(self, ends: Ends, *, largest: int) -> None:
        """Take over this side of the worker's socket and pipe.

        Args:
            largest: bytes that one frame of the worker may have.
        """
        ours, output = ends.taken()
        self._raw = RawOutput(output, lambda: self._on_flood())
        self._wire = await Wire.over(ours, largest, self._on_frame, self._on_end)
        if self._is_closed:
            self._wire.abort()
            self._raw.close()
        # Something that it started may still hold the socket when it is gone.
        self.worker.on_end(self._wire.abort)

    def attend(
        self,
        *,
        on_flood: Callable[[], None],
        on_sign: Callable[[], None],
        on_copies: Callable[[bytes], None],
    ) -> None:
        """Report on the cell that runs now.

        Args:
            on_flood: called if the worker writes without end.
            on_sign: called when its cell prints.
            on_copies: called with what a scout of its cell needs, if the worker cannot fork.
        """
        self._on_flood, self._on_sign, self._on_copies = on_flood, on_sign, on_copies

    @property
    def to_worker(self) -> Wire:
        """For frames to the worker."""
        assert self._wire is not None
        return self._wire

    @property
    def raw(self) -> RawOutput:
        """What the worker writes below Python."""
        assert self._raw is not None
        return self._raw

    @property
    def is_alive(self) -> bool:
        """Whether the worker can still answer. A process that is being killed, or whose socket has ended, cannot: the
        kernel closes the sockets of a dying process before it reports that the process is gone.
        """
        return not (self.was_killed or self._has_ended or self.worker.ended.is_set())

    def due(self, accepts: Callable[[frames.News], bool]) -> asyncio.Future[frames.News]:
        """The next frame that is not a call; one that is not accepted is a violation.

        Raises (when awaited):
            EOFError: the worker is gone.
            SandboxFailure: it broke the protocol.
        """
        self._due = asyncio.get_running_loop().create_future()
        self._due.add_done_callback(_retrieved)
        self._accepts = accepts
        if self._has_ended:  # the wire reports its end only once
            self._due.set_exception(self.violation or EOFError())
        return self._due

    def _on_frame(self, frame: frames.News, size: int) -> None:
        if isinstance(frame, frames.Call):
            self._on_call(frame, size)
        elif isinstance(frame, frames.Alive):
            self._on_sign()
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
        """End the worker."""
        self.was_killed = True
        self.worker.kill()

    async def close(self) -> None:
        """End the worker, and wait until it is gone."""
        self._is_closed = True
        self.kill()
        if self._wire is not None:
            self._wire.abort()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_END_S):
                await self.worker.ended.wait()
        self.worker.close()
        if self._raw is not None:
            self._raw.close()


def _retrieved(due: asyncio.Future[frames.News]) -> None:
    """Nobody may be waiting any more for what came."""
    if not due.cancelled():
        due.exception()
