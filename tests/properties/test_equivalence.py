"""Calls made early are invisible: whatever a program does, it does the same with a scout ahead of it.

``HARLM_FUZZ=1`` runs more of it; ``HARLM_FUZZ_SEEDS=first-last`` chooses the programs.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

import pytest

from harlm.config import SandboxSettings
from harlm.sandbox.process import zygote
from harlm.sandbox.tiers import ChosenSandbox
from harlm.types import Early
from tests.support.equivalence import Pair, Twins
from tests.support.program_tools import with_tools
from tests.support.programs import Program

_PARTS = 8
_IN_SUITE = 2_000
_IN_FUZZ = 100_000
_AT_ONCE = 6
_NAMED_SEEDS = os.environ.get("HARLM_FUZZ_SEEDS")  # read here, since tests see no such names
_IS_FUZZ = bool(os.environ.get("HARLM_FUZZ"))
_REAL_CELLS = os.environ.get("HARLM_REAL_CELLS")


def _seeds() -> range:
    if _NAMED_SEEDS:
        first, _, last = _NAMED_SEEDS.partition("-")
        return range(int(first), int(last))
    return range(_IN_FUZZ if _IS_FUZZ else _IN_SUITE)


class _Case(NamedTuple):
    """A program: its name, its cells, and whether its calls come in one order only."""

    name: object
    cells: list[str]
    seed: int
    is_ordered: bool


async def _pairs(cases: Iterable[_Case], first: str = "pass") -> list[tuple[object, Pair]]:
    """The two runs of each program, some programs at once."""
    waiting = iter(cases)
    done: list[tuple[object, Pair]] = []
    sandbox = ChosenSandbox(SandboxSettings(allow_unsafe=True, cell_seconds=10))

    async def work() -> None:
        async with Twins(sandbox, first=first) as twins:
            for case in waiting:
                pair = await twins.run(case.cells, case.seed, is_ordered=case.is_ordered)
                done.append((case.name, pair))

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(_AT_ONCE):
                group.create_task(work())
    finally:
        await sandbox.close()
    return done


async def _differences(
    seeds: Iterable[int], first: str = "pass", change: Callable[[str, int], str] = lambda code, _: code
) -> tuple[list[tuple[object, Pair]], int, int]:
    """The programs whose two runs differ, and how many calls were made early and how many of these for nothing."""
    programs = ((seed, Program(seed)) for seed in seeds)
    cases = (_Case(seed, [change(made.code, seed)], seed, made.is_ordered) for seed, made in programs)
    pairs = await _pairs(cases, first)
    early = sum((pair.record.early for _, pair in pairs), Early())
    return [(seed, pair) for seed, pair in pairs if not pair.is_same], early.made, early.wasted


@pytest.mark.parametrize("part", range(_PARTS))
async def test_generated_programs_do_the_same_with_a_scout(part: int) -> None:
    seeds = _seeds()[part::_PARTS]
    found, made, _ = await _differences(seeds)
    assert not found, f"{len(found)} of {len(seeds)} differ, such as {found[:1]}"
    assert made > len(seeds)  # or there was nothing to be seen


async def test_generated_programs_do_the_same_with_a_scout_that_has_copies() -> None:
    seeds = _seeds()
    seeds = seeds[: max(len(seeds) // 10, 1)]
    found, made, _ = await _differences(seeds, first="import mmap as _")  # with which nothing forks
    assert not found, f"{len(found)} of {len(seeds)} differ, such as {found[:1]}"
    assert (
        made > len(seeds) / 10
    )  # a scout with copies starts late; on a busy machine most cells end before it does


async def test_generated_programs_with_tools_do_the_same_with_a_scout() -> None:
    """Pure tools may be called early; one that changes something is called once for each call, in order."""
    seeds = _seeds()
    seeds = seeds[: max(len(seeds) // 5, 1)]
    found, made, _ = await _differences(seeds, change=with_tools)
    assert not found, f"{len(found)} of {len(seeds)} differ, such as {found[:1]}"
    assert made > len(seeds) / 2


def _real_cells() -> list[dict[str, object]]:
    """Cells that models have written, where this machine has them: they are others' work, and not part of this project."""
    named = _REAL_CELLS or Path(__file__).parents[3] / "shared/data/real_cells.jsonl"
    path = Path(named)
    if not path.is_file():
        return []
    return [
        cell for line in path.read_text(encoding="utf-8").splitlines() if (cell := json.loads(line))["parses"]
    ]


async def test_real_cells_do_the_same_with_a_scout() -> None:
    cells = _real_cells()
    if not cells:
        pytest.skip("no file of real cells; HARLM_REAL_CELLS names one")
    pairs = await _pairs(
        _Case(cell["id"], [*map(str, cell["preceding"]), str(cell["code"])], seed, is_ordered=False)  # type: ignore[call-overload] # a list
        for seed, cell in enumerate(cells)
    )
    differ = [(name, pair) for name, pair in pairs if not pair.is_same]
    assert not differ


_WITHOUT_ISOLATION = """
import guest.worker.scout_process as scouting
from guest.scout.scout import Scout
class Line:
    number = 0
    def post(self, function, arguments, needs, *, is_certain):
        self.number += 1
        return self.number
    def receive(self, *, wait): return None
def start(self, rest):
    tree = rest.tree()
    own = dict(rest.names)
    Scout(
        rest.names, {**rest.cells, rest.file: tree}, rest.file, Line(), lambda post: scouting._tools(post, ["llm_query", "llm_query_batched"])
    ).run(tree.body[rest.at:])
    rest.names.clear(); rest.names.update(own)
    return True
scouting.ScoutLauncher._fork = start
"""


async def test_a_scout_on_the_cells_own_objects_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The proof would notice if the fork were left out: names are put back here, and the objects behind them are shared."""
    monkeypatch.setattr(zygote, "_BOOT", zygote._BOOT.replace("\nmain()", f"\n{_WITHOUT_ISOLATION}\nmain()"))
    monkeypatch.setattr(zygote.HostZygote, "_current", {})
    try:
        found, _, _ = await _differences(range(60))
    finally:
        for each in zygote.HostZygote._current.values():
            each.close()
    assert len(found) > 5
