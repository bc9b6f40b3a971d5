"""The cells of a node, and the calls that a scout has made before they ask."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence

import pytest

from harlm import events
from harlm.budget import Caps
from harlm.context import Searcher, load
from harlm.engine import solve
from harlm.engine.cells import Cells
from harlm.engine.queries import Queries
from harlm.engine.repl_api import ReplApi
from harlm.protocols import EarlyScout, Foreseen, Foresight, LanguageModel, Repl, ReplHost, ReplSetup
from harlm.testing import EventLog, FakeSandbox, ScriptedModel
from harlm.tools import FunctionTool, tool
from harlm.types import Mode, Observation, Task
from tests.support.nodes import node_with, use_calls


class LineScout:
    """An ``EarlyScout`` that foresees each ``llm_query('…')`` that the code spells out.

    Attributes:
        told: each text that it was given, and whether that was all of the cell.
        hints: each open tail that it was given.
        is_closed: whether it was ended.
    """

    def __init__(self, foresight: Foresight) -> None:
        self._foresight = foresight
        self._foreseen = 0
        self._asking: set[asyncio.Future[object]] = set()
        self.told: list[tuple[str, bool]] = []
        self.hints: list[str] = []
        self.is_closed = False

    def hint(self, tail: str) -> None:
        self.hints.append(tail)

    def tell(self, code: str, *, is_all: bool) -> None:
        self.told.append((code, is_all))
        prompts = re.findall(r"llm_query\('([^']*)'\)", code)
        for prompt in prompts[self._foreseen :]:
            self._foreseen += 1
            arguments = {"prompt": prompt, "model": None}
            call = Foreseen(number=self._foreseen, function="llm_query", arguments=arguments)
            self._asking.add(asyncio.ensure_future(self._foresight.foresee(call)))

    def close(self) -> None:
        self.is_closed = True
        for each in self._asking:
            each.cancel()


class ScoutingRepl:
    """A REPL whose cells are run by another one, with a ``LineScout`` ahead of them.

    Attributes:
        scouts: those of cells that were being written.
        ran: each cell, and whether a scout went ahead of it.
    """

    def __init__(self, inner: Repl, *, can_scout: bool = True) -> None:
        self.inner = inner
        self._can_scout = can_scout
        self._turn = asyncio.Lock()  # no scout starts while a cell runs
        self.scouts: list[LineScout] = []
        self.ran: list[tuple[str, bool]] = []

    async def run(self, cell: str, *, ahead: Foresight | None = None) -> Observation:
        async with self._turn:
            self.ran.append((cell, ahead is not None))
            if ahead is not None:
                LineScout(ahead).tell(cell, is_all=True)
                await settled()
            return await self.inner.run(cell)

    async def scout(self, foresight: Foresight) -> EarlyScout | None:
        async with self._turn:
            if not self._can_scout:
                return None
            self.scouts.append(LineScout(foresight))
            return self.scouts[-1]

    async def fork(self, host: ReplHost, *, read_only: bool = False) -> Repl:
        return await self.inner.fork(host, read_only=read_only)

    async def twin(self, host: ReplHost) -> Repl | None:
        return None

    async def close(self) -> None:
        await self.inner.close()


async def settled() -> None:
    """Let all tasks run that wait for nothing but their turn."""
    for _ in range(20):
        await asyncio.sleep(0)


class Place:
    """One node with its cells.

    Attributes:
        cells, repl, log: of the node.
        model: replies in capitals.
    """

    def __init__(
        self,
        mode: Mode = "full",
        speculation: str = "safe",
        *,
        can_scout: bool = True,
        tools: Sequence[FunctionTool] = (),
        model: LanguageModel | None = None,
        **settings: int,
    ) -> None:
        self.model = ScriptedModel(lambda messages: messages[-1].content.upper())
        self.node, self.log = node_with(
            model or self.model,
            caps=Caps(calls=1_000),
            speculation=speculation,  # type: ignore[arg-type] # a word
            tools=tools,
            **settings,  # type: ignore[arg-type] # numbers only
        )
        task = Task(question="?", context=load("a text"))
        queries = Queries(task, self.node, solve=solve)
        with Searcher(task.context) as searcher:
            self.api = ReplApi(task, self.node, queries=queries, searcher=searcher)
        self.cells = Cells(self.node, mode, api=self.api, queries=queries)
        self._can_scout = can_scout

    async def open(self) -> Place:
        context = load("a text")
        setup = ReplSetup(context=context, functions=("llm_query", "llm_query_batched"))
        inner = await FakeSandbox().open(setup, self.api)
        self.repl = ScoutingRepl(inner, can_scout=self._can_scout)
        self.opening: asyncio.Future[Repl] = asyncio.get_running_loop().create_future()
        self.opening.set_result(self.repl)
        return self

    async def write(self, reply: str) -> bool:
        """The model writes a reply, letter by letter; whether anything listened."""
        on_text = self.cells.listen(self.opening)
        if on_text is None:
            return False
        for length in range(1, len(reply) + 1):
            on_text(reply[:length])
        await settled()
        return True

    async def run(self, cell: str) -> str:
        observation = await self.cells.run(self.repl, cell, 1)
        return observation.output.strip() or (observation.error or "")


def scheduled(log: EventLog) -> list[tuple[int, int, int, int]]:
    """Of each traced cell: its calls, and those made early, claimed and wasted."""
    return [(each.calls, each.early, each.claimed, each.wasted) for each in log.of(events.Scheduled)]


CELL = "print(llm_query('one'), llm_query('two'))\n"
REPLY = f"Let me see.\n\n```repl\n{CELL}```\n"


async def test_a_scout_goes_ahead_of_a_cell_that_calls_models() -> None:
    place = await Place().open()
    assert await place.run(CELL) == "ONE TWO"
    assert place.repl.ran == [(CELL, True)]
    assert scheduled(place.log) == [(2, 2, 2, 0)]
    assert len(place.model.asked) == 2


async def test_a_cell_that_calls_no_model_gets_no_scout() -> None:
    place = await Place().open()
    assert await place.run("print(1 + 1)\n") == "2"
    assert place.repl.ran == [("print(1 + 1)\n", False)]
    assert scheduled(place.log) == []


async def test_a_function_of_an_earlier_cell_that_calls_models_gets_one() -> None:
    place = await Place().open()
    await place.run("def ask(what):\n    return llm_query(what)\n")
    assert await place.run("print(ask('x'))\n") == "X"
    assert [is_ahead for _, is_ahead in place.repl.ran] == [True, True]
    other = await Place().open()
    other.cells.take_over(place.cells)
    await other.run("print(ask('x'))\n")
    assert [is_ahead for _, is_ahead in other.repl.ran] == [True], "as a fork knows it"


async def test_without_speculation_cells_run_alone() -> None:
    place = await Place(speculation="off").open()
    assert not await place.write(REPLY)
    assert await place.run(CELL) == "ONE TWO"
    assert place.repl.ran == [(CELL, False)]
    assert scheduled(place.log) == []


async def test_in_repl_mode_nothing_is_foreseen() -> None:
    place = await Place(mode="repl").open()
    assert not await place.write(REPLY)


async def test_calls_are_made_while_the_model_is_still_writing() -> None:
    place = await Place().open()
    assert await place.write(REPLY)
    assert len(place.model.asked) == 2, "before the cell runs"
    assert await place.run(CELL) == "ONE TWO"
    (scout,) = place.repl.scouts
    assert scout.told[-1] == (CELL, True)
    assert scout.is_closed
    assert place.repl.ran == [(CELL, False)], "its scout is the one that was there while it was written"
    assert scheduled(place.log) == [(2, 2, 2, 0)]
    assert len(place.model.asked) == 2


async def test_what_was_foreseen_of_another_cell_is_wasted_and_changes_nothing() -> None:
    place = await Place().open()
    await place.write(REPLY)
    assert await place.run("print(llm_query('three'))\n") == "THREE"
    (scout,) = place.repl.scouts
    assert scout.is_closed
    assert scheduled(place.log) == [(2, 2, 0, 2), (1, 1, 1, 0)]
    assert place.node.clock.early.wasted == 2


async def test_what_was_foreseen_of_a_reply_that_failed_is_forgotten() -> None:
    place = await Place().open()
    await place.write(REPLY)
    await place.cells.forget()
    assert place.repl.scouts[0].is_closed
    assert scheduled(place.log) == [(2, 2, 0, 2)]
    await place.cells.forget()
    assert await place.run(CELL) == "ONE TWO"
    assert scheduled(place.log)[1:] == [(2, 2, 2, 0)]


async def test_a_second_attempt_of_the_call_that_writes_something_else_is_not_told() -> None:
    place = await Place().open()
    on_text = place.cells.listen(place.opening)
    assert on_text is not None
    on_text("```repl\nprint(llm_query('one'))\nx = 1\n")
    await settled()
    on_text("```repl\nprint(llm_query('other'))\nx = 1\ny = 2\nz = 3\n")
    await settled()
    assert [code for code, _ in place.repl.scouts[0].told] == ["print(llm_query('one'))\n"]
    await place.cells.forget()


async def test_a_repl_without_scouts_runs_the_cell_as_usual() -> None:
    place = await Place(can_scout=False).open()
    await place.write(REPLY)
    assert await place.run(CELL) == "ONE TWO"
    assert place.repl.ran == [(CELL, True)]


async def test_an_exception_of_a_cell_leaves_its_calls_traced() -> None:
    place = await Place().open()
    assert "ZeroDivisionError" in await place.run("x = llm_query('one')\n1 / 0\n")
    assert scheduled(place.log) == [(1, 1, 1, 0)]


async def test_code_that_is_not_python_has_the_pattern_mixed() -> None:
    place = await Place().open()
    assert "SyntaxError" in await place.run("llm_query('one')\nx = = 1\n")
    assert [each.pattern for each in place.log.of(events.Scheduled)] == ["mixed"]


@pytest.mark.parametrize(("used", "early"), [(0, 1), (900, 0)])
async def test_uncertain_calls_are_foreseen_as_long_as_there_is_money_to_risk(used: int, early: int) -> None:
    place = await Place().open()
    await use_calls(place.node, used)

    class Uncertain(ScoutingRepl):
        async def run(self, cell: str, *, ahead: Foresight | None = None) -> Observation:
            assert ahead is not None
            call = Foreseen(
                number=1, function="llm_query", arguments={"prompt": "maybe", "model": None}, is_certain=False
            )
            asking = asyncio.ensure_future(ahead.foresee(call))
            await settled()
            asking.cancel()
            return await self.inner.run(cell)

    repl = Uncertain(place.repl.inner)
    await place.cells.run(repl, "if False:\n    llm_query('maybe')\n", 1)
    assert len(place.model.asked) == early


async def population(city: str) -> int:
    return len(city)


async def test_pure_tools_are_foreseen_in_every_mode_and_others_are_not() -> None:
    for is_pure in (True, False):
        place = await Place(mode="repl", tools=[tool(pure=is_pure)(population)]).open()
        assert (place.cells.listen(place.opening) is not None) is is_pure
        await place.cells.forget()
        await place.run("def every(): return [population(c) for c in 'ab']\n")
        await place.run("print(every())\n")
        assert [is_ahead for _, is_ahead in place.repl.ran] == [is_pure, is_pure]
