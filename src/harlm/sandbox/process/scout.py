"""The scout of one cell as the host sees it: a process that makes the calls of the cell early. It is a fork
of the REPL's process, or another process with copies of the variables.

A cell has at most one scout. It is confined like the REPL itself, and ends with the cell.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable, Collection, Sequence
from contextlib import suppress
from typing import TypeVar

from harlm.errors import SandboxFailure
from harlm.protocols import Foreseen, Foresight, ReplSetup
from harlm.sandbox.process import frames, wire
from harlm.sandbox.process.calls import Clock, OpenCalls
from harlm.sandbox.process.connection import Ends, Link
from harlm.sandbox.process.worker_process import WorkerProcess
from harlm.sandbox.process.workers import Folders, Workers
from harlm.sandbox.process.zygote_socket import ask_for_sender, readable, receive_with_sender

Scout = TypeVar("Scout", bound="CellScout")


class CellScout:
    """The scout of one cell; subclasses start its process.

    Args:
        workers: of the REPL's sandbox.
        allowed: names of the functions that it may call.
        foresight: takes its calls.
    """

    def __init__(self, workers: Workers, allowed: Collection[str], foresight: Foresight) -> None:
        self._workers = workers
        self._allowed = allowed
        self._foresight = foresight
        self._link: Link | None = None
        self._calls: OpenCalls | None = None
        self._known: frames.More | None = None
        self._tail = ""
        self._early_calls: list[tuple[frames.CallFrame, int]] = []
        self._starting = asyncio.create_task(self._start())

    async def _start(self) -> None:
        raise NotImplementedError

    def _listen(self, link: Link) -> None:
        """Begin to take the calls of the scout, which has started."""
        self._link = link
        link.on_retract = self._on_retract
        self._calls = OpenCalls(
            lambda call: self._foresight.foresee(_foreseen(call)),
            link.to_worker, Clock(), on_answer=lambda *_: None, on_fault=_ignore,
        )  # fmt: skip
        for call, size in self._early_calls:
            self._calls.take(call, size)
        if self._known is not None:
            link.to_worker.send(self._known)
        if self._tail:
            link.to_worker.send(frames.Tail(text=self._tail))

    def tell(self, code: str, *, is_all: bool) -> None:
        """Send the part of the cell that is known so far.

        Args:
            code: all whole statements so far.
            is_all: whether the cell is complete.
        """
        self._known, self._tail = frames.More(code=code, all=is_all), ""
        if self._calls is not None and self._link is not None:
            self._link.to_worker.send(self._known)

    def hint(self, tail: str) -> None:
        """Send the text after the whole statements.

        Args:
            tail: as far as it is written.
        """
        self._tail = tail
        if self._calls is not None and self._link is not None:
            self._link.to_worker.send(frames.Tail(text=tail))

    def _on_retract(self, ids: tuple[int, ...]) -> None:
        self._foresight.retract(ids)
        if self._calls is not None:
            for each in ids:
                self._calls.give_up(each)

    def _on_call(self, call: frames.CallFrame, size: int) -> None:
        if call.function not in self._allowed:
            raise SandboxFailure(f"a scout called {call.function!r}, which it was not given")
        if self._calls is None:
            self._early_calls.append((call, size))
        else:
            self._calls.take(call, size)

    def end(self, spared: Collection[int]) -> None:
        """End the scout with its cell: its calls are refused, and it is killed.

        Args:
            spared: ids of the processes of other REPLs, which the same process may have forked. They are not
                killed.
        """
        if self._calls is not None:
            self._calls.refuse_all("the cell has ended")
        if self._link is not None:
            self._link.kill()

    async def close(self) -> None:
        """Wait until its process and its calls have ended. Call ``end`` before."""
        self._starting.cancel()
        try:
            await asyncio.wait([self._starting])
        finally:
            if self._calls is not None:
                await self._calls.end()


class ForkedScout(CellScout):
    """A fork of the REPL's process, with all of its variables.

    Args:
        workers, allowed, foresight: see ``CellScout``.
        parent: the REPL's process.

    Raises:
        OSError: no descriptors are left.
    """

    def __init__(
        self, workers: Workers, parent: WorkerProcess, allowed: Collection[str], foresight: Foresight
    ) -> None:
        self._parent = parent
        self._ends = Ends()
        ask_for_sender(self._ends.ours)
        workers.order_fork(parent)
        super().__init__(workers, allowed, foresight)

    @property
    def descriptors(self) -> tuple[int, int]:
        """The scout's ends of its socket and of its output pipe, for the REPL's process."""
        return self._ends.theirs.fileno(), self._ends.output

    def given(self) -> None:
        """Close the descriptors here, after they were sent to the REPL's process."""
        self._ends.give()

    async def _start(self) -> None:
        try:
            worker = await taken_over(self._ends, self._parent)
        except ProcessLookupError:
            return  # it had nothing to do
        if worker is None:
            return
        link = self._link = self._workers.keep(Link(worker, self._on_call))
        await link.connect(self._ends, largest=self._workers.largest_frame)
        self._listen(link)

    def end(self, spared: Collection[int]) -> None:
        """See ``CellScout.end``."""
        is_unused = self._workers.revoke_fork(self._parent)
        super().end(spared)
        if self._link is None and not is_unused and not self._parent.kill_children(spared):
            # A process was started that is not connected: the scout itself or another in its place. It cannot
            # be found.
            self._parent.kill()

    async def close(self) -> None:
        """See ``CellScout.close``."""
        try:
            await super().close()
        finally:
            with self._ends:
                pass
            await self._workers.drop(self._link, None)


class CopiedScout(CellScout):
    """A separate process with copies of the variables that can be copied, for REPLs whose process cannot
    fork.

    Args:
        workers, allowed, foresight: see ``CellScout``.
        setup: of the REPL.
        copies: the copies that the REPL's process sent.
    """

    def __init__(
        self,
        workers: Workers,
        setup: ReplSetup,
        copies: bytes,
        allowed: Collection[str],
        foresight: Foresight,
    ) -> None:
        self._setup = setup
        self._order = frames.Follow(copies=copies, ahead=how_far(foresight))
        self._folders: Folders | None = None
        super().__init__(workers, allowed, foresight)

    async def _start(self) -> None:
        with suppress(SandboxFailure):
            link, self._folders = await self._workers.start(self._setup, self._on_call)
            self._listen(link)
            link.to_worker.send(self._order)

    async def close(self) -> None:
        """See ``CellScout.close``."""
        try:
            await super().close()
        finally:
            await self._workers.drop(self._link, self._folders)


class Scouts:
    """The scouts of one REPL. All of them have ended when the REPL is closed.

    Args:
        workers: of the REPL's sandbox.
    """

    def __init__(self, workers: Workers) -> None:
        self._workers = workers
        self._open: set[CellScout] = set()
        self._ending: set[asyncio.Task[None]] = set()

    def add(self, scout: Scout) -> Scout:
        """Register a scout that ``end_all`` ends, unless it has ended before. Returns it."""
        self._open.add(scout)
        return scout

    async def forked(
        self,
        link: Link,
        allowed: Collection[str],
        foresight: Foresight,
        *,
        rules: Callable[[], Awaitable[Sequence[int]]],
    ) -> ForkedScout | None:
        """A scout whose descriptors the REPL's process has received.

        Args:
            link: the connection to that process.
            allowed, foresight: see ``CellScout``.
            rules: returns those under which the scout can only read the folder of that process.

        Returns:
            the scout; ``None`` if there can be none.
        """
        if sys.platform != "linux":
            return None
        try:
            scout = self.add(ForkedScout(self._workers, link.worker, allowed, foresight))
        except OSError:  # no descriptors are left
            return None
        try:
            await link.to_worker.send_with(frames.Given(), [*scout.descriptors, *await rules()])
        except (OSError, SandboxFailure):
            self.end(scout)
            return None
        except BaseException:
            self.end(scout)
            raise
        scout.given()
        return scout

    def end(self, scout: CellScout) -> None:
        """End a scout. The cell does not wait until it has ended. Safe to call twice."""
        if scout in self._open:
            self._open.discard(scout)
            scout.end(self._workers.pids())
            ending = asyncio.create_task(scout.close())
            self._ending.add(ending)
            ending.add_done_callback(self._ending.discard)

    def end_all(self) -> None:
        """End every scout."""
        for scout in tuple(self._open):
            self.end(scout)

    async def close(self) -> None:
        """Wait until every scout has ended. Call ``end_all`` before."""
        if self._ending:
            await asyncio.wait(self._ending)


class StartedScout:
    """A ``harlm.protocols.EarlyScout``: a scout that was started while its cell is still being written.

    Args:
        scout: the scout.
        end: ends it.
    """

    def __init__(self, scout: CellScout, end: Callable[[CellScout], None]) -> None:
        self._scout = scout
        self._end = end

    def tell(self, code: str, *, is_all: bool) -> None:
        """See ``CellScout.tell``."""
        self._scout.tell(code, is_all=is_all)

    def hint(self, tail: str) -> None:
        """See ``CellScout.hint``."""
        self._scout.hint(tail)

    def close(self) -> None:
        """End the scout."""
        self._end(self._scout)


def how_far(foresight: Foresight | None) -> str:
    """How far a scout may run ahead, as frames say it: ``eager`` or ``safe``, or empty for no scout."""
    return "" if foresight is None else "eager" if foresight.is_eager else "safe"


def _foreseen(call: frames.CallFrame) -> Foreseen:
    return Foreseen(
        number=call.id, function=call.function, arguments=call.arguments, needs=call.needs, is_certain=call.certain
    )  # fmt: skip


def _ignore(fault: Exception) -> None:
    """Ignore an error of the host in an early call. It counts when the cell itself makes the call."""


async def taken_over(ends: Ends, parent: WorkerProcess) -> WorkerProcess | None:
    """The process at the other end, as the kernel names it, once it has sent that it is ready.

    Returns:
        the process; ``None`` if it is not a child of ``parent``, or sent anything else.

    Raises:
        ProcessLookupError: it has ended since.
    """
    ready = wire.READY
    ends.ours.setblocking(False)
    data = b""
    sender = None
    while len(data) < len(ready):
        await readable(ends.ours)
        piece, descriptors, sender = receive_with_sender(ends.ours, len(ready) - len(data))
        for each in descriptors:
            os.close(each)
        if not piece:
            return None
        data += piece
    if sender is None or data != ready:
        return None
    worker = WorkerProcess(sender, os.pidfd_open(sender))
    started_by = worker.parent()
    if started_by == parent.pid:
        return worker
    worker.close()
    if started_by is None:
        raise ProcessLookupError(sender)
    return None
