"""The sandbox on a system with processes: each REPL is a process, forked from the zygote of its run.

What it protects from depends on the tier, and ``harlm doctor`` tests it:

- ``s3`` and ``s2``: a cell reads no files except Python's own, changes none outside its folder, reaches no
  network, no other process and no memory but its own, starts no process, and cannot exceed its limits.
- ``s1``: as above, but a cell can read what every user may read.
- ``s0``: protects from accidents only.

It does not protect from faults of the kernel, from side channels, or from what the host does with the output
of a cell: a prompt that a cell sends to a model leaves this machine. See ``docs/design/sandbox.md``.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence

from harlm.cleanup import finished
from harlm.config import SandboxSettings
from harlm.errors import SandboxFailure
from harlm.protocols import ReplHost, ReplSetup
from harlm.sandbox.process.repl import ProcessRepl
from harlm.sandbox.process.workers import Workers


class ProcessSandbox:
    """Opens REPLs, each in a process of its own. The context of the first is shared in memory with all later
    ones.

    Args:
        tier: ``s3``, ``s2``, ``s1`` or ``s0``; ``harlm.sandbox.tiers`` finds out which can be built.
        limits: for each cell and REPL.
        wrapper: a command that confines the program that it starts (macOS); empty for none.
    """

    def __init__(self, tier: str, limits: SandboxSettings, *, wrapper: Sequence[str] = ()) -> None:
        self.tier = "seatbelt" if wrapper else tier
        self._workers = Workers(tier, limits, wrapper)
        self._starting = asyncio.Lock()
        self._closed = False

    async def open(self, setup: ReplSetup, host: ReplHost) -> ProcessRepl:
        """A new REPL with the context loaded.

        Raises:
            SandboxFailure: it cannot be started, or this sandbox is closed.
        """
        if sys.platform == "win32":
            raise SandboxFailure(
                "processes cannot be confined on Windows; use WSL, or pip install 'harlm[monty]'"
            )
        async with self._starting:
            if self._closed:
                raise SandboxFailure("this sandbox is closed")
            if not self._workers.is_started:
                await self._workers.start_zygote(setup.context)
        repl = ProcessRepl(self._workers, setup, host)
        self._workers.join(repl)
        try:
            await repl.start()
        except BaseException:
            await repl.close()
            raise
        return repl

    async def close(self) -> None:
        """End every open REPL, and the run's zygote. A REPL that is being opened ends with an error."""
        self._closed = True
        self._workers.end()
        await finished(self._workers.close())
