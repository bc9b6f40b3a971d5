"""Where model-written code runs on a system with processes: a REPL for each agent, forked from the zygote of its run.

What it protects from depends on the tier, and what each stops is tried by ``harlm doctor``: on ``s3`` and ``s2`` a cell
reads no file but Python's own, changes none outside its folder, reaches no network, no other process and no memory but
its own, starts no process, and cannot use more than its limits; ``s1`` lets it read what every user may read; ``s0``
protects from accidents only. See ``docs/design/sandbox.md``.

What it does not protect from: faults of the kernel, side channels, and what the host itself does with what a cell says
(a prompt that it sends to a model leaves this machine).
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence

from harlm.config import SandboxSettings
from harlm.errors import SandboxFailure
from harlm.protocols import ReplHost, ReplSetup
from harlm.sandbox.process.repl import ProcessRepl
from harlm.sandbox.process.workers import Workers


class ProcessSandbox:
    """Opens REPLs in processes of their own. The context of the first is shared with all that follow.

    Args:
        tier: ``s3``, ``s2``, ``s1`` or ``s0``; ``harlm.sandbox.tiers`` finds out which can be built.
        limits: for each cell and REPL.
        wrapper: a command that confines what it starts (macOS).
    """

    def __init__(self, tier: str, limits: SandboxSettings, *, wrapper: Sequence[str] = ()) -> None:
        self.tier = "seatbelt" if wrapper else tier
        self._workers = Workers(tier, limits, wrapper)
        self._starting = asyncio.Lock()
        self._closed = False

    async def open(self, setup: ReplSetup, host: ReplHost) -> ProcessRepl:
        """A REPL with the context loaded."""
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
        """End every REPL that is left, and the run's zygote."""
        async with self._starting:
            self._closed = True
        await self._workers.close()
