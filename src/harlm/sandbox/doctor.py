"""Tests what the sandbox on this machine protects from, by building it and trying to break out. Only what was
tested is reported.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

from harlm import temporary
from harlm.config import SandboxSettings
from harlm.errors import SandboxFailure
from harlm.protocols import ReplSetup
from harlm.sandbox.tiers import Choice, NoCalls, TierCheck, choose, refusal, sandbox_on
from harlm.types import Context


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxCheck:
    """The result of the test.

    Attributes:
        tier: the tier of the sandbox; ``None`` if none can be built.
        error: why none can be built; ``None`` if one can.
        denied, reached: the names of the escape attempts that failed in it, and of those that succeeded.
        note: what is weaker than it could be; empty for nothing.
        higher: stronger tiers that cannot be built here.
        first_s: seconds until a first REPL had run a first cell.
    """

    tier: str | None
    error: str | None = None
    denied: tuple[str, ...] = ()
    reached: tuple[str, ...] = ()
    note: str = ""
    higher: tuple[TierCheck, ...] = ()
    first_s: float = 0.0


async def check_sandbox(settings: SandboxSettings) -> SandboxCheck:
    """Build the sandbox that a run would use here, make the harmless escape attempts in it, and run a first
    cell. Also removes the temporary folders of killed processes.

    Raises:
        SandboxFailure: see ``harlm.sandbox.tiers.find``.
    """
    await asyncio.to_thread(temporary.sweep)
    choice = await choose(settings.tier, allow_unsafe=settings.allow_unsafe)
    if choice.found is None:
        error = refusal(settings.tier, choice)
        return SandboxCheck(tier=None, error=error, higher=choice.higher)
    try:
        first_s = await _first_cell(choice.found, settings)
    except SandboxFailure as error:
        return SandboxCheck(tier=None, error=str(error), higher=choice.higher)
    return _of(choice, choice.found, first_s)


def _of(choice: Choice, found: TierCheck, first_s: float) -> SandboxCheck:
    return SandboxCheck(
        tier=found.tier,
        denied=found.denied,
        reached=found.reached,
        note=found.note,
        higher=choice.higher,
        first_s=first_s,
    )


async def _first_cell(found: TierCheck, settings: SandboxSettings) -> float:
    started = time.perf_counter()
    sandbox = sandbox_on(found.tier, settings)
    try:
        repl = await sandbox.open(ReplSetup(context=Context.of_text("doctor")), NoCalls())
        try:
            seen = await repl.run("print(context)")
        finally:
            await repl.close()
    finally:
        await sandbox.close()
    if seen.output != "doctor\n":
        raise SandboxFailure(f"a first cell on tier {found.tier} printed {seen.output!r}: {seen.error}")
    return time.perf_counter() - started
