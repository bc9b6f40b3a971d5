"""The process of one REPL. It is forked from the zygote or from another REPL's process, and can be replaced
when a cell kills it.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
from collections.abc import Callable

from harlm.errors import SandboxFailure
from harlm.protocols import ReplSetup
from harlm.sandbox.process import frames
from harlm.sandbox.process.connection import Ends, Link
from harlm.sandbox.process.scout import taken_over
from harlm.sandbox.process.worker_process import WorkerProcess
from harlm.sandbox.process.workers import Folders, Workers
from harlm.sandbox.process.zygote_socket import ask_for_sender

_FORK_S = 2.0


class ReplProcess:
    """The process of one REPL.

    Args:
        workers: starts and ends it.
        setup: of the REPL.
        on_call: called with each call of its cells and the size of the call's frame in bytes.

    Attributes:
        link: the connection to it; ``None`` if there is no process.
    """

    def __init__(
        self, workers: Workers, setup: ReplSetup, on_call: Callable[[frames.CallFrame, int], None]
    ) -> None:
        self.link: Link | None = None
        self._workers = workers
        self._setup = setup
        self._on_call = on_call
        self._folders: Folders | None = None
        self._path = ""  # of its folder, in the run's work folder
        self._only_to_read: list[int] | None = None

    async def start(self) -> None:
        """Have a process forked from the zygote, and set it up.

        Raises:
            SandboxFailure: it cannot be started, or did not start in time.
        """
        self.link, self._folders = await self._workers.start(self._setup, self._on_call)
        self._path = self.link.worker.folder

    async def drop(self) -> None:
        """End it, and release its folder."""
        rules, self._only_to_read = self._only_to_read, None
        for each in rules or ():
            os.close(each)
        link, self.link = self.link, None
        folders, self._folders = self._folders, None
        await self._workers.drop(link, folders)

    async def rules_to_read(self) -> list[int]:
        """Rules under which a fork can only read this process's folder: a descriptor that stays this object's;
        nothing on tiers without. They are made once.

        Raises:
            SandboxFailure: they cannot be made.
        """
        if self._only_to_read is None:
            made = await self._workers.rules(self._path, may_write=False)
            if self.link is None:  # dropped meanwhile
                for each in made:
                    os.close(each)
                return []
            self._only_to_read = made
        return self._only_to_read

    async def fork_into(
        self, branch: ReplProcess, link: Link, *, seed: int | None, read_only: bool = False
    ) -> bool:
        """Fork it, and make the fork the process of ``branch``.

        Args:
            branch: has no process yet.
            link: the connection to this process, which runs no cell.
            seed: of ``random`` in the fork; ``None`` if the fork is to be exact: ``random`` continues there as here.
            read_only: whether the fork must not change any file.

        Returns:
            whether it was forked.
        """
        name = f".branch-{secrets.token_hex(8)}"
        order = frames.Fork(seed=seed, folder=name, may_write=not read_only)
        branch._path = self._path if read_only else f"{self._path}/{name}"
        with contextlib.ExitStack() as held:
            try:
                rules = await (
                    self.rules_to_read() if read_only else self._workers.rules(branch._path, may_write=True)
                )
            except SandboxFailure:  # no space is left for its folder
                return False
            for each in () if read_only else rules:
                held.callback(os.close, each)
            ends = held.enter_context(Ends())
            ask_for_sender(ends.ours)
            self._workers.order_fork(link.worker)
            answer = link.due(lambda frame: isinstance(frame, frames.Forked | frames.Unforked))
            has_branch = False
            try:
                async with asyncio.timeout(_FORK_S):
                    await link.to_worker.send_with(order, [ends.theirs.fileno(), ends.output, *rules])
                    ends.give()
                    if isinstance(await answer, frames.Forked):
                        has_branch = await branch._take_over(ends, link.worker, self._folders)
            except (EOFError, OSError, TimeoutError, SandboxFailure):
                link.kill()
            if not has_branch and not self._workers.withdraw_fork(link.worker):  # another process was started
                link.worker.kill_children(self._workers.pids())
                link.kill()
            return has_branch

    async def _take_over(self, ends: Ends, parent: WorkerProcess, folders: Folders | None) -> bool:
        """Make the process at the other end this REPL's. Returns whether it is a child of ``parent``, as the
        kernel names it.
        """
        try:
            worker = await taken_over(ends, parent)
        except ProcessLookupError:
            return False
        if worker is None:
            return False
        self._folders = None if folders is None else folders.shared()
        self.link = self._workers.keep(Link(worker, self._on_call))
        await self._workers.adopt(worker)
        await self.link.connect(ends, largest=self._workers.largest_frame)
        return True
