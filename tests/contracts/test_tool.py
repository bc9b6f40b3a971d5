"""What every tool promises: on functions, on MCP servers over both of their transports, and on the shipped example."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import FrozenInstanceError, dataclass
from pathlib import Path
from typing import Any, Literal

import msgspec
import pytest

from harlm.errors import CodeError
from harlm.protocols import Tool
from harlm.tools import sql_tool, tool
from harlm.tools.names import check_name
from harlm.tools.results import LARGEST
from harlm.types import GatedCall

KINDS = ("function", "async function", "mcp stdio", "mcp http", "sql")


@dataclass
class Case:
    """A tool, and what it can be asked.

    Attributes:
        made: the tool.
        right: arguments that it takes, and what it returns for them.
        wrong: arguments that it does not take.
        failing: arguments for which it fails; ``None`` if it cannot.
    """

    made: Tool
    right: tuple[Mapping[str, object], object]
    wrong: Mapping[str, object]
    failing: Mapping[str, object] | None


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


def _sql() -> Case:
    path = Path("people.db")
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE people (name TEXT)")
        connection.execute("INSERT INTO people VALUES ('Ada')")
    connection.close()
    return Case(
        made=sql_tool("sqlite:///people.db", gate=_gate),
        right=({"query": "SELECT name FROM people"}, [{"name": "Ada"}]),
        wrong={"query": 3},
        failing={"query": "DELETE FROM people"},
    )


async def _mcp(kind: str, stack: AsyncExitStack) -> Case:
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
    return Case(
        made=tools[0],
        right=({"text": "a", "times": 2}, "A A"),
        wrong={"text": "a", "times": 7},
        failing=None,
    )


@pytest.fixture(params=KINDS)
async def case(request: pytest.FixtureRequest) -> AsyncIterator[Case]:
    async with AsyncExitStack() as stack:
        if request.param == "sql":
            yield _sql()
        elif request.param.startswith("mcp"):
            yield await _mcp(request.param, stack)
        else:
            function: Callable[..., Any] = shout if request.param == "function" else shout_later
            yield Case(
                made=tool(pure=True, gate=_gate, name="shout")(function),
                right=({"text": "a", "times": 2}, "A A"),
                wrong={"text": "a", "times": 7},
                failing={"text": "fail"},
            )


async def test_a_tool_keeps_what_it_promises(case: Case) -> None:
    made, (right, value) = case.made, case.right
    # what others are told of it
    shape = made.shape
    check_name(shape.name)
    assert shape.signature.startswith(f"{shape.name}(")
    assert "\n" not in shape.summary
    assert shape.help.startswith(shape.signature)
    assert shape.is_pure
    assert set(right) <= set(shape.parameters)
    assert shape.timeout_s > 0
    with pytest.raises(FrozenInstanceError):
        shape.name = "other"  # type: ignore[misc] # meant
    # what it returns is data, the same each time, also for many at once
    found = await asyncio.gather(*(made.call(right) for _ in range(8)))
    assert found == [value] * 8
    assert len(msgspec.msgpack.encode(found[0])) <= LARGEST
    # wrong arguments and failures are errors in the cell, and the next call is made
    with pytest.raises(CodeError, match=r"(Expected|Invalid|wrong|not one of)"):
        await made.call(case.wrong)
    with pytest.raises(CodeError):
        await made.call({})
    with pytest.raises(CodeError):
        await made.call({**right, "unknown_argument": 1} if "sql" in shape.name else {"unknown_argument": 1})
    if case.failing is not None:
        with pytest.raises(CodeError, match="fail"):
            await made.call(case.failing)
    assert await made.call(right) == value
    # the gate
    for arguments, verdict in (({"text": "open"}, True), ({"text": "a secret"}, False)):
        assert made.allows(GatedCall(tool=shape.name, arguments=arguments, is_early=True)) is verdict


async def test_a_cancelled_call_ends_soon_and_the_next_one_is_made(case: Case) -> None:
    right, value = case.right
    calling = asyncio.ensure_future(case.made.call(right))
    await asyncio.sleep(0)
    calling.cancel()
    done, _ = await asyncio.wait([calling], timeout=10)
    assert done
    assert await case.made.call(right) == value
