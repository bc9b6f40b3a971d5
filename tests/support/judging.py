"""Runs hostile cells, and judges their effects from outside. The output of a cell is not trusted, except for
the one word ESCAPED.
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
from tests.support.canaries import Canaries
from tests.support.processes import descendants
from tests.support.sandboxes import FUNCTIONS

CELLS = sorted((Path(__file__).parents[1] / "abuse" / "cells").glob("*.py"))
CODE = {cell: cell.read_text(encoding="utf-8") for cell in CELLS}
LIMITS = SandboxSettings(cell_seconds=0.4, cpu_seconds=0.4, silence_seconds=0.4, memory_mb=768)
_AT_ONCE = 4
_HEALTHY_S = 30.0  # for a cell that is limited to 0.4 s, on a busy machine


class Host:
    """Answers every call with the same word, like a model."""

    async def call(self, function: str, arguments: Mapping[str, object]) -> object:
        await asyncio.sleep(0.001)
        if function == "budget":
            return {"turns_left": 1}
        if function in ("search", "places", "extent"):
            raise CodeError(f"{function}: not here")
        return "reply"


async def judge(tier: str, cells: Sequence[Path], standing: Canaries, own: set[int]) -> list[str]:
    """The faults of the sandbox in running these cells; empty if there are none.

    Args:
        tier: of the sandbox.
        cells: the files of the cells.
        standing: the canaries.
        own: ids of child processes that do not belong to the sandbox.
    """
    wrong = await _run_all(tier, cells, standing)
    for trip in standing.tripped():
        wrong.append(trip if len(cells) == 1 else f"one of {[cell.stem for cell in cells]}: {trip}")
    wrong += await _left_over(own)
    return wrong


async def _run_all(tier: str, cells: Sequence[Path], standing: Canaries) -> list[str]:
    """Run the cells, a few concurrently, each in a REPL of its own in the same sandbox."""
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
    except SandboxFailure:  # a violation: the REPL is gone, and the run can open another
        await repl.close()
        seen, repl = Observation(), await sandbox.open(setup, Host())
    try:
        if "ESCAPED" in seen.output:
            return f"{cell.stem}: {seen.output[:200]}"
        if len(seen.output) > 200_000:
            return f"{cell.stem}: {len(seen.output):,} characters of output came through"
        return await _usable(repl, cell) or await _forkable(repl, cell)
    except SandboxFailure:  # because of something that the cell left; the run can open another
        return None
    finally:
        await repl.close()


async def _usable(repl: ProcessRepl, cell: Path) -> str | None:
    """A hostile cell may make the next cells fail, but not more than two."""
    for _ in range(3):
        seen = await repl.run("print('alive')")
        if "alive" in seen.output:
            return None
    return f"{cell.stem}: the third cell after it still fails: {seen}"


async def _forkable(repl: ProcessRepl, cell: Path) -> str | None:
    branch = await repl.fork(Host())
    try:
        seen = await branch.run("print('alive')")
        return (
            None if "alive" in seen.output or seen.lost else f"{cell.stem}: a cell of a branch fails: {seen}"
        )
    finally:
        await branch.close()


async def _left_over(own: set[int]) -> list[str]:
    """Processes that still run two seconds after everything was closed."""
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
