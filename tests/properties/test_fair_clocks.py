"""A scout changes when a cell ends, never whether it reaches a limit of time: calls that were made early are charged as
calls that are waited for, which is not at all, and the cell's own time is charged in full.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import NamedTuple

import pytest

from harlm.config import SandboxSettings
from harlm.guest.worker.interrupts import CellInterrupted, CellTimeout, CpuTimeout, SilenceTimeout
from harlm.protocols import ReplSetup
from harlm.sandbox.tiers import ChosenSandbox
from harlm.scheduler.broker import Broker, Making
from harlm.types import Context, Usage

_LIMITS = SandboxSettings(allow_unsafe=True, cell_seconds=1, cpu_seconds=20, silence_seconds=20)


class _Program(NamedTuple):
    """A cell, and its result in the serial run.

    Attributes:
        code: the cell; a prompt is the number of seconds that its reply takes, and something that tells it from others.
        calls: how many calls it gets replies to.
        limit: the limit that it reaches; ``None`` for none.
        limits: of the cell.
    """

    code: str
    calls: int
    limit: type[CellInterrupted] | None = None
    limits: SandboxSettings = _LIMITS


def _loop(calls: int, latency_s: float, own_s: float = 0.0) -> str:
    """Calls one after another, with time of the cell's own after each."""
    return f"for at in range({calls}):\n    got.append(llm_query(f'{latency_s} {{at}}'))\n    time.sleep({own_s})\n"


_CPU = SandboxSettings(allow_unsafe=True, cell_seconds=30, cpu_seconds=0.5, silence_seconds=20)
_SILENCE = SandboxSettings(allow_unsafe=True, cell_seconds=30, cpu_seconds=20, silence_seconds=0.8)
_ENDLESS = "while True: pass\n"

_PROGRAMS = {
    "calls that take longer than the limit": _Program(_loop(8, 0.25), 8),
    "a chain of them": _Program(
        "said = ''\nfor at in range(6):\n    said = llm_query(f'0.25 {at} {said}')\n    got.append(said)\n", 6
    ),
    "own time within the limit": _Program(_loop(8, 0.2, own_s=0.04), 8),
    "own time beyond the limit, in short pieces": _Program(_loop(8, 0.2, own_s=0.3), 4, CellTimeout),
    "the same after calls that are known by then": _Program(
        _loop(4, 0.3) + _loop(2, 0.3, own_s=3.0), 5, CellTimeout
    ),
    "an endless loop after calls": _Program(_loop(4, 0.3) + _ENDLESS, 4, CellTimeout),
    "an endless loop between calls": _Program(
        _loop(3, 0.2) + "while len(got) < 100: pass\n" + _loop(3, 0.1), 3, CellTimeout
    ),
    "batches, and a loop over their replies": _Program(
        "for said in llm_query_batched([f'0.4 {at}' for at in range(4)]) + llm_query_batched(['0.4 x', '0.4 y']):\n"
        "    got.append(said)\n    time.sleep(0.3)\n",
        4,
        CellTimeout,
    ),
    "processor time": _Program(_loop(4, 0.3) + _ENDLESS, 4, CpuTimeout, _CPU),
    "processor time within its limit": _Program(_loop(4, 0.4), 4, None, _CPU),
    "silence": _Program(_loop(3, 0.2) + "time.sleep(20)\n", 3, SilenceTimeout, _SILENCE),
    "silences that calls interrupt": _Program(_loop(4, 0.1, own_s=0.3), 4, None, _SILENCE),
    "calls that take longer than a silence may": _Program(_loop(2, 1.2), 2, None, _SILENCE),
}


class _Model:
    """A host whose replies take the seconds that prompts say. It has a broker if a scout runs.

    Attributes:
        broker: matches the calls of the cell with those of its scout.
    """

    def __init__(self) -> None:
        self.broker: Broker | None = None

    async def call(self, function: str, arguments: Mapping[str, object]) -> object:
        """See ``harlm.protocols.ReplHost``."""
        if self.broker is not None:
            return await self.broker.claim(function, arguments)
        return await self._reply(arguments)

    def begin(self, function: str, arguments: Mapping[str, object], is_early: bool, sample: int) -> Making:
        """See ``harlm.scheduler.broker.Make``."""
        return Making(self._reply(arguments), Usage)

    async def _reply(self, arguments: Mapping[str, object]) -> str:
        seconds, _, rest = str(arguments["prompt"]).partition(" ")
        await asyncio.sleep(float(seconds))
        return f"reply {rest[:1]}"


class _Outcome(NamedTuple):
    """How a cell ended.

    Attributes:
        error: the name of the error; empty for none.
        calls: how many calls it got replies to.
    """

    error: str
    calls: int


async def _outcome(program: _Program, *, has_scout: bool) -> tuple[_Outcome, int]:
    """How a program ends, and how many of its calls were claimed early."""
    sandbox, model = ChosenSandbox(program.limits), _Model()
    setup = ReplSetup(context=Context.of_text("x"), functions=("llm_query", "llm_query_batched"), seed=7)
    try:
        repl = await sandbox.open(setup, model)
        await repl.run("import time\ngot = []")
        if has_scout:
            model.broker = Broker(model.begin)
        seen = await repl.run(program.code, ahead=model.broker)
        claimed = 0 if model.broker is None else (await model.broker.close()).early.claimed
        model.broker = None
        got = await repl.run("print(len(got))")
        await repl.close()
    finally:
        await sandbox.close()
    error = "" if seen.error is None else seen.error.rpartition("\n")[2].partition(":")[0]
    return _Outcome(error.rpartition(".")[2], int(got.output)), claimed


@pytest.mark.parametrize("name", _PROGRAMS)
async def test_a_cell_reaches_a_limit_with_a_scout_if_it_does_without(name: str) -> None:
    program = _PROGRAMS[name]
    expected = _Outcome("" if program.limit is None else program.limit.__name__, program.calls)
    (alone, _), (ahead, claimed) = await asyncio.gather(
        _outcome(program, has_scout=False), _outcome(program, has_scout=True)
    )
    assert alone == expected
    assert ahead == expected
    assert claimed > 0 or "chain" in name, "so the calls of the cell were shortened"
