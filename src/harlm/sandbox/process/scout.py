"""The scout of one cell as the host sees it: a fork of the REPL's process, or another process with copies of what its cells made,
that asks early for what the cell will ask. Knows processes and frames; refuses to know what is asked.

Whether a REPL makes a scout is its own affair; at most one process can come of it, as confined as the REPL itself, and it
ends with the cell.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Collection
from contextlib import suppress

from harlm.errors import SandboxFailure
from harlm.protocols import Foreseen, Foresight, ReplSetup
from harlm.sandbox.process import frames
from harlm.sandbox.process.calls import Calls, Clock
from harlm.sandbox.process.connection import Ends, Link
from harlm.sandbox.process.worker_process import WorkerProcess
from harlm.sandbox.process.workers import Folders, Workers
from harlm.sandbox.process.zygote_socket import ask_for_sender, readable, receive_with_sender


class CellScout:
    """Asks early for what one cell will ask, from wherever it runs.

    Args:
        workers: of the REPL's sandbox.
        allowed: what may be asked.
        foresight: is asked.
    """

    def __init__(self, workers: Workers, allowed: Collection[str], foresight: Foresight) -> None:
        self._workers = workers
        self._allowed = allowed
        self._foresight = foresight
        self._link: Link | None = None
        self._calls: Calls | None = None
        self._told: frames.More | None = None
        self._too_soon: list[tuple[frames.Call, int]] = []
        self._starting = asyncio.create_task(self._start())

    async def _start(self) -> None:
        raise NotImplementedError

    def _listen(self, link: Link) -> None:
        """The scout is there."""
        self._link = link
        self._calls = Calls(
            lambda call: self._foresight.foresee(_foreseen(call)),
            link.to_worker, Clock(), on_answer=lambda *_: None, on_fault=_told_to_the_cell,
        )  # fmt: skip
        for call, size in self._too_soon:
            self._calls.take(call, size)
        if self._told is not None:
            link.to_worker.send(self._told)

    def tell(self, code: str, *, is_all: bool) -> None:
        """What there is of a cell that is still being written: whole statements, each time all of them."""
        self._told = frames.More(code=code, all=is_all)
        if self._calls is not None and self._link is not None:
            self._link.to_worker.send(self._told)

    def _on_call(self, call: frames.Call, size: int) -> None:
        if call.function not in self._allowed:
            raise SandboxFailure(f"a scout asked for {call.function!r}, which it was not given")
        if self._calls is None:
            self._too_soon.append((call, size))
        else:
            self._calls.take(call, size)

    def end(self, spared: Collection[int]) -> None:
        """The cell has ended: nothing may be started any more, and nothing is asked.

        Args:
            spared: the processes of other REPLs, which this one may have forked as well.
        """
        if self._calls is not None:
            self._calls.refuse_all("the cell has ended")
        if self._link is not None:
            self._link.kill()

    async def close(self) -> None:
        """Wait until nothing is left of it, when it was ended."""
        self._starting.cancel()
        await asyncio.gather(self._starting, return_exceptions=True)
        if self._calls is not None:
            await self._calls.end()


class ForkedScout(CellScout):
    """A fork of the REPL's process: it has all that the cell has.

    Args:
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
        """What the REPL's process is given for it: its wire and its output."""
        return self._ends.theirs.fileno(), self._ends.output

    def given(self) -> None:
        """The REPL's process has them."""
        self._ends.give()

    async def _start(self) -> None:
        try:
            worker = await taken_over(self._ends, self._parent)
        except ProcessLookupError:
            return  # it found nothing to do
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
            # It has not said that it is there, or something else was started in its place; which cannot be found.
            self._parent.kill()

    async def close(self) -> None:
        """See ``CellScout.close``."""
        await super().close()
        with self._ends:
            pass
        await self._workers.end(self._link, None)


class CopiedScout(CellScout):
    """A process of its own, with copies of what can be copied: where the REPL's cannot fork.

    Args:
        setup: of the REPL.
        copies: what its process sent of them.
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
        await super().close()
        await self._workers.end(self._link, self._folders)


def how_far(foresight: Foresight | None) -> str:
    """How far a scout may look past a possible end; nothing where there is none."""
    return "" if foresight is None else "eager" if foresight.is_eager else "safe"


def _foreseen(call: frames.Call) -> Foreseen:
    return Foreseen(
        number=call.id, function=call.function, arguments=call.arguments, needs=call.needs, is_certain=call.certain
    )  # fmt: skip


def _told_to_the_cell(fault: Exception) -> None:
    """A fault of ours in a call that was made early: it counts when the cell itself makes the call."""


async def taken_over(ends: Ends, parent: WorkerProcess) -> WorkerProcess | None:
    """The process at the other end, as the kernel names it, when it has said that it is ready; None if it is no child of
    ``parent``.

    Raises:
        ProcessLookupError: it has ended since.
    """
    ready = frames.READY
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
