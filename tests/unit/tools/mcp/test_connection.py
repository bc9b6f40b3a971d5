from __future__ import annotations

import asyncio
import logging
import sys
from typing import Any

import pytest

from harlm.errors import CodeError, ConfigError
from harlm.tools.mcp.connection import Connection
from tests.support.holdings import held, left_in_the_end
from tests.support.mcp_servers import hostile

pytest.importorskip("mcp", reason="harlm[mcp] is not installed")


def listing() -> tuple[Any, Any]:
    from mcp.types import ListToolsRequest, ListToolsResult

    return ListToolsRequest(), ListToolsResult


def calling(**arguments: object) -> tuple[Any, Any]:
    from mcp.types import CallToolRequest, CallToolRequestParams, CallToolResult

    return CallToolRequest(params=CallToolRequestParams(name="do", arguments=arguments)), CallToolResult


async def opened(mode: str, **more: Any) -> Connection:
    connection = Connection(hostile(mode, **more))
    await connection.open()
    return connection


async def test_requests_are_answered_from_any_task_at_once() -> None:
    connection = await opened("plain")
    answers = await asyncio.gather(*(connection.request(*calling(at=at)) for at in range(50)))
    assert [each.content[0].text for each in answers] == [f'["do", {{"at": {at}}}]' for at in range(50)]
    await asyncio.create_task(connection.close())
    await connection.close()
    with pytest.raises(CodeError, match="has ended"):
        await connection.request(*listing())


async def test_a_server_that_asks_back_and_answers_what_nobody_has_asked_is_served() -> None:
    connection = await opened("asks")
    assert (await connection.request(*calling())).content
    await connection.close()


@pytest.mark.parametrize(
    ("mode", "words"),
    [
        ("ends", "cannot be used: it has ended with exit code 3; it wrote: no configuration, key=[redacted]"),
        ("nowhere", ""),
    ],
)
async def test_a_server_that_cannot_be_reached_is_named_with_its_words(mode: str, words: str) -> None:
    server = hostile(mode, env={"KEY": "s3cret-of-the-server"})
    connection = Connection(server)
    if mode == "nowhere":
        from harlm.tools.mcp import servers_of

        connection = Connection(servers_of(["/nowhere/at/all --key hidden"])[0])
        words = "the MCP server all cannot be used: it has ended with exit code 127; it wrote: /nowhere/at/all: No such file"
    with pytest.raises(ConfigError) as raised:
        await connection.open()
    assert words in str(raised.value)
    assert "s3cret" not in str(raised.value)
    await connection.close()


@pytest.mark.parametrize(
    ("mode", "words"),
    [
        ("dies", "has ended: it has ended with exit code 4; it wrote: the disk is lost, key=[redacted]"),
        ("line", "has ended: it sent a message of more than 16 MiB"),
        ("floods", "has ended: it sent 10,000 messages that nothing asked for"),
        ("nothing", "refused the call: it answered in a form that the protocol does not have"),
    ],
)
async def test_a_server_that_dies_floods_or_lies_is_an_error_in_the_cell(mode: str, words: str) -> None:
    connection = await opened(mode, env={"KEY": "s3cret-of-the-server"})
    with pytest.raises(CodeError) as raised:
        await connection.request(*calling())
    assert words in str(raised.value)
    if mode != "nothing":
        with pytest.raises(CodeError, match="has ended"):
            await connection.request(*calling())
    await connection.close()


async def opened_and_asked(connection: Connection) -> None:
    await connection.open()
    await connection.request(*calling())


@pytest.mark.parametrize("mode", ["hangs", "silent"])
async def test_a_cancelled_request_or_opening_leaves_nothing(mode: str) -> None:
    await (await opened("plain")).close()
    before = held()
    connection = Connection(hostile(mode))
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(opened_and_asked(connection), 2)
    await connection.close()
    if sys.platform == "linux":
        assert await left_in_the_end(before) == ""


async def test_a_run_that_is_cancelled_while_it_closes_waits_for_the_server_to_end() -> None:
    connection = await opened("plain")
    closing = asyncio.ensure_future(connection.close())
    await asyncio.sleep(0)
    closing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await closing
    assert connection._task is not None
    assert connection._task.done()


async def test_without_the_sdk_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mcp", None)
    with pytest.raises(ConfigError, match=r"install it with pip install 'harlm\[mcp\]'"):
        await Connection(hostile("plain")).open()


async def test_the_sdk_writes_nothing_to_the_terminal(capfd: pytest.CaptureFixture[str]) -> None:
    connection = await opened("junk")
    await connection.request(*calling())
    await connection.close()
    logging.getLogger("mcp.client").error("a warning of the SDK")
    assert capfd.readouterr().err == ""
