"""Blocks that run before their reply has ended are invisible: whatever they do, and however often the reply breaks off, the
model is shown the same as without them.

``HARLM_FUZZ=1`` runs more programs.
"""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import Iterable
from hashlib import blake2b

import pytest

from harlm import events
from harlm.config import SandboxSettings
from harlm.context import load
from harlm.engine import solve
from harlm.engine.workspace import Workspace
from harlm.protocols import Repl, Sandbox
from harlm.sandbox.tiers import ChosenSandbox
from harlm.testing import EventLog, ScriptedModel
from harlm.tools import tool
from harlm.types import Task
from tests.support.equivalence import DESCRIBES, plain
from tests.support.nodes import node_with
from tests.support.program_tools import with_tools
from tests.support.programs import Program
from tests.support.streaming import Attempts, Said, StreamingModel

_IN_SUITE, _IN_FUZZ = 48, 5_000
_AT_ONCE = 4
_PROSE = "That is what I do next, and this is why.\n" * 3


def _block(code: str) -> str:
    return f"```repl\n{code}```\n"


def _reply(seed: int) -> str:
    """Two programs, some of whose calls go to tools, and a few words."""
    programs = ((each, Program(each)) for each in (2 * seed, 2 * seed + 1))
    codes = (with_tools(made.code, each) if made.is_ordered else "x = 1\n" for each, made in programs)
    return "".join(map(_block, codes)) + _PROSE


def _attempts(seed: int) -> Attempts:
    """A reply of which two thirds break off first: some somewhere in the middle, some as other replies."""
    rng, whole = random.Random(seed), _reply(seed)
    cut = whole[: rng.randint(0, len(whole))]
    return Attempts(rng.choice([(), (cut,), (_reply(seed + 7_000),)]), whole)


def _said(prompt: str) -> str:
    digest = blake2b(prompt.encode(), digest_size=4).hexdigest()
    return f"{('yes', 'no', 'maybe')[int(digest[0], 16) % 3]} {digest}"


async def _shown(seed: int, sandbox: Sandbox, speculation: str) -> tuple[list[str], list[str], EventLog]:
    """What the root model is shown after the blocks, and of their variables; and the calls of the tool that changes something."""
    recorded: list[str] = []

    async def lookup(what: object, limit: object = None) -> str:
        return _said(f"lookup {what}")

    async def record(what: object) -> str:
        recorded.append(str(what))
        return _said(f"record {what} {len(recorded)}")

    script: list[Said] = [_attempts(seed), _block(DESCRIBES), "```repl\nFINAL('the end')\n```"]
    model = StreamingModel(script, pause_s=0.003)
    sub = ScriptedModel(lambda messages: _said(messages[-1].content), name="scripted/sub")
    tools = [tool(pure=True)(lookup), tool(record)]
    node, log = node_with(model, sub, tools=tools, speculation=speculation)  # type: ignore[arg-type] # a word
    node.run.sandbox = sandbox
    answer = await solve(Task(question="What?", context=load("the context\n" * 50), mode="full"), node)
    assert answer.text == "the end"
    return [plain(each[-1].content) for each in model.asked[1:]], recorded, log


async def _differences(seeds: Iterable[int]) -> list[int]:
    """The programs that show a difference."""
    waiting, differ = iter(seeds), list[int]()
    sandbox = ChosenSandbox(SandboxSettings(allow_unsafe=True, cell_seconds=10))

    async def work() -> None:
        for seed in waiting:
            alone, recorded, log = await _shown(seed, sandbox, "off")
            ahead, recorded_ahead, other = await _shown(seed, sandbox, "safe")
            cells = [[each.code for each in one.of(events.CellStarted)] for one in (log, other)]
            if alone != ahead or recorded != recorded_ahead or cells[0] != cells[1]:
                differ.append(seed)

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(_AT_ONCE):
                group.create_task(work())
    finally:
        await sandbox.close()
    return differ


async def test_early_blocks_cannot_be_told_from_late_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    seeds = range(_IN_FUZZ if os.environ.get("HARLM_FUZZ") else _IN_SUITE)
    twins, gone_back = 0, 0
    twin, go_back_to = Workspace.twin, Workspace.go_back_to

    async def counted_twin(self: Workspace) -> Repl | None:
        nonlocal twins
        made = await twin(self)
        twins += made is not None
        return made

    async def counted_return(self: Workspace, repl: Repl) -> None:
        nonlocal gone_back
        gone_back += 1
        await go_back_to(self, repl)

    monkeypatch.setattr(Workspace, "twin", counted_twin)
    monkeypatch.setattr(Workspace, "go_back_to", counted_return)
    assert await _differences(seeds) == []
    if twins == 0:
        pytest.skip("REPLs have no twins here")
    assert twins > len(seeds) / 2
    assert gone_back > len(seeds) / 10
