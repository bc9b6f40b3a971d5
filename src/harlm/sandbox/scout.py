"""The scout of one cell as the host sees it: a fork of the REPL's process that asks early for what the cell will ask. Knows
processes and frames; refuses to know what is asked.

Whether a REPL makes a scout is its own affair; at most one process can come of it, as confined as the REPL itself, and it
ends with the cell.
"""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

from harlm.errors import SandboxFailure
from harlm.protocols import Foreseen, Foresight
from harlm.sandbox import wire
from harlm.sandbox.calls import Calls, Clock
from harlm.sandbox.control import ask_for_sender, readable, receive_with_sender
from harlm.sandbox.link import Ends, Link
from harlm.sandbox.worker_process import WorkerProcess

if TYPE_CHECKING:
    from collections.abc import Collection

    from harlm.sandbox.process import ProcessSandbox


class CellScout:
    """See the module.

    Args:
        sandbox: of the REPL.
        parent: the REPL's process.
        allowed: what may be asked.
        foresight: is asked.

    Raises:
        OSError: no descriptors are left.
    """

    def __init__(
        self, sandbox: ProcessSandbox, parent: WorkerProcess, allowed: Collection[str], foresight: Foresight
    ) -> None:
        self._sandbox = sandbox
        self._parent = parent
        self._allowed = allowed
        self._foresight = foresight
        self._link: Link | None = None
        self._calls: Calls | None = None
        self._told: wire.More | None = None
        self._too_soon: list[tuple[wire.Call, int]] = []
        self._ends = Ends()
        ask_for_sender(self._ends.ours)
        sandbox.order_fork(parent)
        self._listening = asyncio.create_task(self._listen())

    @property
    def descriptors(self) -> tuple[int, int]:
        """What the REPL's process is given for it: its wire and its output."""
        return self._ends.theirs.fileno(), self._ends.output

    def given(self) -> None:
        """The REPL's process has them."""
        self._ends.give()

    async def _listen(self) -> None:
        try:
            worker = await taken_over(self._ends, self._parent)
        except ProcessLookupError:
            return  # it found nothing to do
        if worker is None:
            return
        link = self._link = self._sandbox.keep(Link(worker, self._on_call))
        await link.connect(self._ends, largest=self._sandbox.largest_frame)
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
        self._told = wire.More(code=code, all=is_all)
        if self._calls is not None and self._link is not None:
            self._link.to_worker.send(self._told)

    def _on_call(self, call: wire.Call, size: int) -> None:
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
        is_unused = self._sandbox.revoke_fork(self._parent)
        if self._calls is not None:
            self._calls.refuse_all("the cell has ended")
        if self._link is not None:
            self._link.kill()
        elif not is_unused and not self._parent.kill_children(spared):
            # It has not said that it is there, or something else was started in its place; which cannot be found.
            self._parent.kill()

    async def close(self) -> None:
        """Wait until nothing is left of it, when it was ended."""
        self._listening.cancel()
        await asyncio.gather(self._listening, return_exceptions=True)
        with self._ends:
            pass
        if self._calls is not None:
            await self._calls.end()
        if self._link is not None:
            await self._link.close()
            self._sandbox.let_go(self._link)


def _foreseen(call: wire.Call) -> Foreseen:
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
