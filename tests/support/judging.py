"""Running hostile cells, and judging from outside what came of them. Knows verdicts; refuses to believe what a cell says but
for one word, ESCAPED.
"""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from harlm.config import SandboxSettings
from harlm.errors import CodeError, SandboxFailure
from harlm.protocols import ReplSetup
from harlm.sandbox.process.repl import ProcessRepl
from harlm.sandbox.process.sandbox import ProcessSandbox
from harlm.types import Context, Observation
from tests.support.canaries import Canaries, descendants
from tests.support.sandboxes import FUNCTIONS

CELLS = sorted((Path(__file__).parent / "cells").glob("*.py"))
CODE = {cell: cell.read_text(encoding="utf-8") for cell in CELLS}
LIMITS = SandboxSettings(cell_seconds=0.4, cpu_seconds=0.4, silence_seconds=0.4, memory_mb=768)
_AT_ONCE = 4
_HEALTHY_S = 30.0  # for a cell that is limited to 0.4 s, on a machine that has much else to do


class Host:
    """Answers everything with the same word, as a model would."""

    async def call(self, function: str, arguments: Mapping[str, object]) -> object:
        await asyncio.sleep(0.001)
        if function == "budget":
            return {"turns_left": 1}
        if function in ("search", "places", "extent"):
            raise CodeError(f"{function}: not here")
        return "reply"


async def judge(tier: str, cells: Sequence[Path], standing: Canaries, own: set[int]) -> list[str]:
    """What is wrong with how the sandbox treated these cells; nothing when all is well.

    Args:
        own: processes of this one that are no business of the sandbox.
    """
    wrong = await _run_all(tier, cells, standing)
    for trip in standing.tripped():
        wrong.append(trip if len(cells) == 1 else f"one of {[cell.stem for cell in cells]}: {trip}")
    wrong += await _left_over(own)
    return wrong


async def _run_all(tier: str, cells: Sequence[Path], standing: Canaries) -> list[str]:
    """A few at once, each in a REPL of its own; the REPLs of one run are siblings."""
    sandbox = ProcessSandbox(tier, LIMITS)
    room = asyncio.Semaphore(_AT_ONCE)

    async def one(cell: Path) -> str | None:
        async with room:
            try:
                async with asyncio.timeout(_HEALTHY_S):
                    return await _run_one(sandbox, cell, standing.define)
            except TimeoutError:
                return f"{cell.stem}: the host waited for {_HEALTHY_S:g} s"

    try:
        return [each for each in await asyncio.gather(*map(one, cells)) if each is not None]
    finally:
        await sandbox.close()


async def _run_one(sandbox: ProcessSandbox, cell: Path, defined: Mapping[str, object]) -> str | None:
    setup = ReplSetup(context=Context.of_text("a context of one line"), functions=FUNCTIONS)
    repl = await sandbox.open(setup, Host())
    before = f"CANARY = __import__('json').loads({json.dumps(dict(defined))!r})\nkept = 'kept'"
    await repl.run(before)
    code = CODE[cell]
    try:
        seen = await repl.run(code)
    except SandboxFailure:  # a violation: the REPL is gone, and the run may open another
        await repl.close()
        seen, repl = Observation(), await sandbox.open(setup, Host())
    try:
        if "ESCAPED" in seen.output:
            return f"{cell.stem}: {seen.output[:200]}"
        if len(seen.output) > 200_000:
            return f"{cell.stem}: {len(seen.output):,} characters of output came through"
        return await _usable(repl, cell) or await _forkable(repl, cell)
    except SandboxFailure:  # said of what the cell left behind; the run goes on with another REPL
        return None
    finally:
        await repl.close()


async def _usable(repl: ProcessRepl, cell: Path) -> str | None:
    """A cell may cost the next one, not more."""
    for _ in range(3):
        seen = await repl.run("print('alive')")
        if "alive" in seen.output:
            return None
    return f"{cell.stem}: three cells later there is still no life: {seen}"


async def _forkable(repl: ProcessRepl, cell: Path) -> str | None:
    branch = await repl.fork(Host())
    try:
        seen = await branch.run("print('alive')")
        return None if "alive" in seen.output or seen.lost else f"{cell.stem}: a branch says {seen}"
    finally:
        await branch.close()


async def _left_over(own: set[int]) -> list[str]:
    """Processes that are still there two seconds after everything was closed."""
    until = time.monotonic() + 2
    while left := descendants(os.getpid()) - own:
        if time.monotonic() > until:
            return [f"left running: {[_command(pid) for pid in left]}"]
        await asyncio.sleep(0.05)
    return []


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()[:120]
    except OSError:
        return str(pid)
