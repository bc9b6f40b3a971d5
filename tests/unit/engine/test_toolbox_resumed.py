"""Calls of tools in a run that is taken up again: values are reused, and nothing that may have changed something is called twice."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path

import pytest

from harlm import events
from harlm.engine.toolbox import ToolCalls
from harlm.errors import CodeError
from harlm.guest.vocabulary import PURE_TOOL, TOOL
from harlm.journal import JOURNAL, RunJournal
from harlm.testing import ScriptedModel
from harlm.tools import tool
from tests.support.nodes import node_with


class Lines:
    """A tool that writes lines, one that looks at them, and attempts of one run that call them."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / JOURNAL
        self.written: list[str] = []
        self.looked = 0
        self.allowed = True
        self.failing = False
        self.stopping = False
        self._began = asyncio.Event()

        async def write(text: str) -> str:
            self.written.append(text)
            if self.stopping:
                self._began.set()
                await asyncio.Event().wait()
            if self.failing:
                raise ValueError(f"no room for {text}\udce9")
            return f"line {len(self.written)}"

        def look() -> int:
            self.looked += 1
            return len(self.written)

        self.tools = [
            tool(gate=lambda call: self.allowed, name="write")(write),
            tool(pure=True, name="look")(look),
        ]

    async def attempt(self, *asked: str, repeats: bool = False) -> list[object]:
        """What the calls of one attempt return, or say. If it is stopping, it ends during the first one."""
        node, self.log = node_with(ScriptedModel([]), tools=self.tools)
        with closing(RunJournal(self._file)) as node.run.journal:
            node.run.repeats = repeats
            self.doubtful = len(node.run.journal.earlier.doubtful)
            calls, returned = ToolCalls(node), list[object]()
            for each in asked:
                calling = asyncio.create_task(calls.call(*_call(each)))
                if self.stopping:
                    await self._began.wait()
                    calling.cancel()
                try:
                    returned.append(await calling)
                except CodeError as error:
                    returned.append(str(error))
                except asyncio.CancelledError:
                    break
            return returned

    @property
    def told(self) -> list[str]:
        return [each.key for each in self.log.of(events.ToolCalled)]


def _call(asked: str) -> tuple[str, Mapping[str, object]]:
    if asked == "look":
        return PURE_TOOL, {"name": "look", "arguments": {}}
    return TOOL, {"name": "write", "arguments": {"text": asked}}


@pytest.fixture
def lines(tmp_path: Path) -> Lines:
    return Lines(tmp_path)


async def test_values_are_reused_and_later_calls_are_made_in_every_attempt(lines: Lines) -> None:
    asked = ["x", "look", "x", "x", "y", "x"]
    for until in (1, 3, 5, 6, 6):
        assert (
            await lines.attempt(*asked[:until])
            == ["line 1", 1, "line 2", "line 3", "line 4", "line 5"][:until]
        )
    assert lines.written == ["x", "x", "x", "y", "x"]
    assert lines.looked == 1


async def test_a_failure_is_reused_too_whatever_its_words(lines: Lines) -> None:
    lines.failing = True
    first = await lines.attempt("x")
    assert first == ["write failed: ValueError: no room for x\N{REPLACEMENT CHARACTER}"]
    lines.failing = False
    assert await lines.attempt("x", "x") == [*first, "line 2"]


async def test_a_refusal_takes_its_place_among_the_calls(lines: Lines) -> None:
    lines.allowed = False
    (refused,) = await lines.attempt("x")
    assert "refused by its gate" in str(refused)
    assert await lines.attempt("x") == [refused]
    lines.allowed = True
    assert await lines.attempt("x", "x") == [refused, "line 1"]
    assert lines.written == ["x"]


async def test_a_call_in_doubt_that_is_repeated_is_made_once_more_and_then_known(lines: Lines) -> None:
    lines.stopping = True
    assert await lines.attempt("x") == []
    lines.stopping = False
    assert await lines.attempt("x", repeats=True) == ["line 2"]
    assert lines.doubtful == 1
    assert await lines.attempt("x", "x", repeats=True) == ["line 2", "line 3"]
    assert lines.doubtful == 0
    assert lines.written == ["x", "x", "x"]


async def test_a_call_in_doubt_that_is_not_repeated_is_told_to_the_code_in_every_attempt(
    lines: Lines,
) -> None:
    lines.stopping = True
    await lines.attempt("x")
    lines.stopping = False
    (told,) = await lines.attempt("x")
    assert "was being called when this run was stopped" in str(told)
    assert await lines.attempt("x", "x", repeats=True) == [told, "line 2"]
    assert lines.doubtful == 0


async def test_a_call_in_doubt_that_the_gate_refuses_now_is_refused(lines: Lines) -> None:
    lines.stopping = True
    await lines.attempt("x")
    lines.stopping, lines.allowed = False, False
    (refused,) = await lines.attempt("x", repeats=True)
    assert "refused by its gate" in str(refused)
    assert await lines.attempt() == []
    assert lines.doubtful == 0
    assert lines.written == ["x"]


@pytest.mark.parametrize("change", [lambda lines: None, lambda lines: setattr(lines, "allowed", False)])
async def test_the_trace_names_the_calls_that_may_have_changed_something(
    lines: Lines, change: Callable[[Lines], None]
) -> None:
    change(lines)
    await lines.attempt("x", "look", "x", "y")
    first = lines.told
    assert first[0]
    assert (first[0] == first[2], first[1], first[3] == first[0]) == (True, "", False)
    await lines.attempt("x", "look", "x", "y")
    assert lines.told == first
