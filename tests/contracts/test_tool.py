"""What every tool promises: on functions, on MCP servers over both of their transports, and on the shipped example."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Literal

import pytest

from harlm.testing.contracts import ToolCase, ToolContract
from harlm.tools import sql_tool, tool
from harlm.types import GatedCall

KINDS = ("function", "async function", "mcp stdio", "mcp http", "sql")


def shout(text: str, times: Literal[1, 2, 3] = 1) -> str:
    """The text in capital letters."""
    if text == "fail":
        raise ValueError("it fails")
    return " ".join([text.upper()] * times)


async def shout_later(text: str, times: Literal[1, 2, 3] = 1) -> str:
    """The text in capital letters."""
    await asyncio.sleep(0)
    return shout(text, times)


def _gate(call: GatedCall) -> bool:
    return "secret" not in json.dumps(call.arguments)


def _sql() -> ToolCase:
    path = Path("people.db")
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE people (name TEXT)")
        connection.execute("INSERT INTO people VALUES ('Ada')")
    connection.close()
    return ToolCase(
        made=sql_tool("sqlite:///people.db", gate=_gate),
        right=({"query": "SELECT name FROM people"}, [{"name": "Ada"}]),
        wrong={"query": 3},
        failing={"query": "DELETE FROM people"},
        unknown={"query": "SELECT name FROM people", "unknown_argument": 1},
        refused={"query": "a secret"},
    )


async def _mcp(kind: str, stack: AsyncExitStack) -> ToolCase:
    pytest.importorskip("mcp", reason="harlm[mcp] is not installed")
    from harlm.tools.mcp import servers_of
    from harlm.tools.mcp.tools import open_servers
    from tests.support.mcp_servers import REAL, real_over_http

    given: dict[str, Any] = {"command": [sys.executable, REAL]}
    if kind == "mcp http":
        given = {"url": stack.enter_context(real_over_http())}
    tools, _ = await open_servers(
        servers_of([{**given, "allow": ["shout"], "pure": ["shout"], "gate": _gate}]), [], 60.0, stack
    )
    return ToolCase(
        made=tools[0],
        right=({"text": "a", "times": 2}, "A A"),
        wrong={"text": "a", "times": 7},
        refused={"text": "a secret"},
    )


class TestTools(ToolContract):
    @pytest.fixture(params=KINDS)
    async def case(self, request: pytest.FixtureRequest) -> AsyncIterator[ToolCase]:
        async with AsyncExitStack() as stack:
            if request.param == "sql":
                yield _sql()
            elif request.param.startswith("mcp"):
                yield await _mcp(request.param, stack)
            else:
                function: Callable[..., Any] = shout if request.param == "function" else shout_later
                yield ToolCase(
                    made=tool(pure=True, gate=_gate, name="shout")(function),
                    right=({"text": "a", "times": 2}, "A A"),
                    wrong={"text": "a", "times": 7},
                    failing={"text": "fail"},
                    refused={"text": "a secret"},
                )
