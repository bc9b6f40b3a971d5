"""A scout of a cell that is still being written, in real processes: it asks for calls of an open tail, takes them back, and leaves
no trace in the variables of the cell.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager

import pytest

from harlm.engine.replies import ReplySoFar
from harlm.protocols import EarlyScout
from harlm.sandbox.process import frames
from harlm.sandbox.process.repl import ProcessRepl
from harlm.scheduler.broker import Broker, Making
from harlm.scheduler.record import CellRecord
from harlm.types import Observation, Usage
from tests.support.sandboxes import TIERS, repl_on

OPEN_LOOP = "for at in range(6):\n    r = llm_query(f'{at}')\n"


class Model:
    """Replies when it is told to.

    Attributes:
        asked: the prompts.
        cancelled: those that were given up.
    """

    def __init__(self, *, replies: bool = True) -> None:
        self.asked: list[str] = []
        self.cancelled: list[str] = []
        self._may_reply = asyncio.Event()
        if replies:
            self._may_reply.set()
        self.broker = Broker(self.begin)

    async def call(self, function: str, arguments: Mapping[str, object]) -> object:
        return await self.broker.claim(function, arguments)

    def begin(self, function: str, arguments: Mapping[str, object], is_early: bool, sample: int) -> Making:
        return Making(self._reply(str(arguments["prompt"])), Usage)

    def reply(self) -> None:
        """From now on reply."""
        self._may_reply.set()

    async def _reply(self, prompt: str) -> str:
        self.asked.append(prompt)
        try:
            await self._may_reply.wait()
        except asyncio.CancelledError:
            self.cancelled.append(prompt)
            raise
        return f"reply to {prompt}"

    async def has(self, what: Callable[[], bool]) -> None:
        """Wait until something is so."""
        async with asyncio.timeout(20):
            while not what():  # noqa: ASYNC110 - a scout says nothing
                await asyncio.sleep(0.005)


@asynccontextmanager
async def scouting(tier: str, model: Model, *cells: str) -> AsyncIterator[tuple[ProcessRepl, EarlyScout]]:
    """A REPL that has run some cells, and a scout of the next one."""
    async with repl_on(tier, host=model) as repl:
        for cell in cells:
            assert (await repl.run(cell)).error is None
        scout = await repl.scout(model.broker)
        if scout is None:
            pytest.skip("no scouts of cells that are being written here")
        try:
            yield repl, scout
        finally:
            scout.close()
            await model.broker.close()


async def written(scout: EarlyScout, cell: str) -> None:
    """Pass a cell on line by line."""
    so_far, code, tail, reply = ReplySoFar(), "", "", "```repl\n"
    for line in cell.splitlines(keepends=True):
        reply += line
        if (whole := so_far.take(reply)) != code:
            code = whole
            scout.tell(code, is_all=False)
        if so_far.tail not in ("", tail):
            tail = so_far.tail
            scout.hint(tail)
        await asyncio.sleep(0.002)
    scout.tell(cell, is_all=True)


async def run_written(
    model: Model, repl: ProcessRepl, scout: EarlyScout, cell: str
) -> tuple[Observation, CellRecord]:
    await written(scout, cell)
    seen = await repl.run(cell)
    scout.close()
    return seen, await model.broker.close()


async def test_the_calls_of_an_open_tail_are_made_and_taken_back() -> None:
    model = Model(replies=False)
    async with scouting("s0", model) as (_, scout):
        scout.hint(OPEN_LOOP)
        await model.has(lambda: len(model.asked) == 6)
        scout.hint(f"{OPEN_LOOP}    if r:\n        break\n")
        await model.has(lambda: len(model.cancelled) == 4)
        assert model.asked == [*"012345"]
        assert sorted(model.cancelled) == [*"2345"]
        scout.hint("")
        await model.has(lambda: len(model.cancelled) == 6)


async def test_what_was_taken_back_is_asked_again_when_the_cell_needs_it() -> None:
    model = Model(replies=False)
    cell = "print([llm_query(f'{at}') for at in range(2)])\n"
    async with scouting("s0", model) as (repl, scout):
        scout.hint(OPEN_LOOP)
        await model.has(lambda: len(model.asked) == 6)
        scout.hint("")
        await model.has(lambda: len(model.cancelled) == 6)
        model.reply()
        seen, record = await run_written(model, repl, scout, cell)
    assert seen.output == "['reply to 0', 'reply to 1']\n"
    assert sorted(model.asked) == sorted([*"012345", "0", "1"])
    assert (record.early.made - record.early.claimed, record.early.wasted) == (6, 6)


@pytest.mark.parametrize("ids", [(0,), (-1,), ((1 << 64) - 1,), tuple(range(50, 1000)), (1, 1, 1)])
async def test_hostile_ids_of_a_scout_take_back_at_most_its_own_calls(ids: Sequence[int]) -> None:
    model = Model(replies=False)
    async with scouting("s0", model) as (repl, scout):
        scout.hint("x = llm_query('a')\n")
        await model.has(lambda: model.asked == ["a"])
        inner = scout._scout  # type: ignore[attr-defined] # as if its process had sent it
        inner._link._on_frame(frames.Retract(ids=tuple(ids)), 10)
        await asyncio.sleep(0)
        assert model.cancelled == (["a"] if 1 in ids else [])
        model.reply()
        seen, _ = await run_written(model, repl, scout, "print(llm_query('a'))\n")
    assert seen.output == "reply to a\n"


async def test_a_cell_that_takes_calls_back_breaks_the_protocol() -> None:
    from harlm.errors import SandboxFailure

    cell = (
        "import sys\nframe = sys._getframe()\nwhile frame and '_channel' not in vars(frame.f_locals.get('self', object)):\n"
        "    frame = frame.f_back\n"
        "frame.f_locals['self']._channel.send({'op': 'retract', 'ids': [1]})"
    )
    async with repl_on("s0", host=Model()) as repl:
        with pytest.raises(SandboxFailure, match="break the protocol with Retract"):
            await repl.run(cell)


LEAKS = {
    "a closure": (
        "def make():\n    n = 0\n    def ask(c):\n        nonlocal n\n        n += 1\n        return llm_query(f'{c} {n}')\n"
        "    return ask, lambda: n\nask, state = make()",
        "ask(c)",
    ),
    "an attribute of a class": (
        "class A:\n    n = 0\n    seen = []\ndef state(): return A.n, A.seen",
        "A.n += 1\n    A.seen.append(c)\n    llm_query(f'{c} {A.n}')",
    ),
    "a mutable default": (
        "def ask(c, seen=[]):\n    seen.append(c)\n    return llm_query(str(len(seen)))\ndef state(): return ask.__defaults__",
        "ask(c)",
    ),
    "an object": (
        "class A:\n    def __init__(self): self.seen = []\n    def ask(self, c):\n        self.seen.append(c)\n"
        "        return llm_query(str(self.seen))\na = A()\ndef state(): return a.seen",
        "a.ask(c)",
    ),
    "random numbers": (
        "import random\nrandom.seed(1)\ndef state(): return random.getstate()",
        "llm_query(f'{c} {random.random()}')",
    ),
    "a module": (
        "import types\nown = types.ModuleType('own')\nown.n = 0\ndef state(): return own.n",
        "own.n += 1\n    llm_query(f'{c} {own.n}')",
    ),
}
"""A cell that makes some state, and lines of a loop that change it."""


@pytest.mark.parametrize("tier", TIERS)
@pytest.mark.parametrize("kind", LEAKS)
async def test_whatever_a_scout_changes_the_variables_of_the_cell_stay(tier: str, kind: str) -> None:
    """Before the cell runs all of it has been peeked at and followed, and nothing of that is seen."""
    before, body = LEAKS[kind]
    lines = f"for c in 'abcdef':\n    {body}\n    print(c)\n    print(c * 2)\nprint('over')\n"
    model = Model()
    async with scouting(tier, model, before, "was = repr(state())") as (repl, scout):
        await written(scout, lines)
        await model.has(lambda: len(model.asked) >= 6)
        assert (await repl.run("print(repr(state()) == was)")).output == "True\n"


@pytest.mark.parametrize("kind", LEAKS)
async def test_state_that_changes_with_every_call_is_foreseen_without_waste(kind: str) -> None:
    before, body = LEAKS[kind]
    lines = f"for c in 'abcdef':\n    {body}\n    print(c)\n    print(c * 2)\nprint('over')\n"
    model, alone = Model(), Model()
    async with repl_on("s0", host=alone) as other:
        await other.run(before)
        expected = await other.run(lines)
        state = await other.run("print(state())")
    async with scouting("s0", model, before) as (repl, scout):
        seen, record = await run_written(model, repl, scout, lines)
        model.broker = Broker(model.begin)
        assert (await repl.run("print(state())")).output == state.output
    assert (seen.output, seen.error) == (expected.output, expected.error)
    assert sorted(model.asked) == sorted(alone.asked)
    assert record.early.wasted == 0
