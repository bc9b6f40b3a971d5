"""Runs with tools that are taken up again: values are reused, and what may have changed something is not done twice unasked."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from harlm import tool
from harlm.cli import exit_code
from harlm.journal import JOURNAL
from harlm.resuming import ToolsInDoubt
from harlm.testing import ChatServer
from tests.support.busy import eventually
from tests.support.durable import client, folder_of_run, root

CELLS = (
    "a, first = look('a'), note('first')\nprint(a, first)",
    "try:\n    second = note('second')\nexcept Exception as error:\n    second = str(error)\nprint(second)",
    "FINAL(f'{a} {first} {second}')",
)


class Desk:
    """Tools that remember how they were called. A call of ``note('second')`` does not return while ``is_stuck``."""

    def __init__(self) -> None:
        self.looked: list[str] = []
        self.noted: list[str] = []
        self.is_stuck = True

        @tool(pure=True)
        def look(at: str) -> str:
            """Look at something."""
            self.looked.append(at)
            return f"seen {at}"

        @tool
        async def note(text: str) -> str:
            """Write a line into the notes."""
            self.noted.append(text)
            if text == "second" and self.is_stuck:
                await asyncio.Event().wait()
            return f"line {len(self.noted)}"

        self.tools: list[Any] = [look, note]


async def stopped(server: ChatServer, desk: Desk) -> None:
    """A run that ends during the second note, as a killed process does: its end is not known."""
    running = asyncio.create_task(client(server, tools=desk.tools, cache=False).aask("What?", "a text"))
    assert await asyncio.to_thread(eventually, lambda: "second" in desk.noted, 60)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    desk.is_stuck = False
    assert (desk.looked, desk.noted) == (["a"], ["first", "second"])


@pytest.mark.parametrize(
    ("repeats", "answer"), [(True, "seen a line 1 line 3"), (False, "seen a line 1 note was being called")]
)
async def test_a_call_in_doubt_is_the_users_to_decide_and_nothing_else_is_called_again(
    repeats: bool, answer: str
) -> None:
    desk = Desk()
    with ChatServer(root(*CELLS)) as server:
        await stopped(server, desk)
        before = len(server.requests)
        with pytest.raises(
            ToolsInDoubt, match=r'during note\(\{"text":"second"\}\).*--repeat-tools'
        ) as raised:
            await client(server, tools=desk.tools).aresume("last")
        assert exit_code(raised.value) == 3
        assert len(server.requests) == before
        got = await client(server, tools=desk.tools).aresume("last", repeats=repeats)
        assert got.text.startswith(answer)
        assert len(server.requests) == before + 1
    assert desk.looked == ["a"]
    assert desk.noted == ["first", "second", *(["second"] if repeats else [])]


async def test_with_a_damaged_journal_no_tool_that_may_have_changed_something_is_called_unasked(
    clean_environment: Path,
) -> None:
    desk = Desk()
    with ChatServer(root(*CELLS)) as server:
        await stopped(server, desk)
        folder = folder_of_run(clean_environment)
        (folder / JOURNAL).write_bytes(b"no database " * 500)
        ours = client(server, tools=desk.tools)
        with pytest.raises(ToolsInDoubt, match=r'note\(\{"text":"first"\}\); note\(\{"text":"second"\}\)'):
            await ours.aresume("last")
        got = await ours.aresume("last", repeats=False)
        assert "note was being called" in got.text
        assert "seen a" in got.text or got.status == "partial"
    assert desk.noted == ["first", "second"]
    assert len(list(folder.glob("journal.db.broken-*"))) == 1
