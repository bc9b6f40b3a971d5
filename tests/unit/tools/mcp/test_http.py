from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web

from harlm.errors import CodeError, ConfigError
from harlm.tools.mcp import servers_of
from harlm.tools.mcp.connection import Connection
from harlm.tools.mcp.http import LARGEST_REPLY
from tests.support.mcp_servers import answering

pytest.importorskip("mcp", reason="harlm[mcp] is not installed")


class Endpoint:
    """A streamable HTTP endpoint that answers in JSON, and calls of tools as it is told."""

    def __init__(self) -> None:
        self.headers: list[dict[str, str]] = []
        self.calls: list[Any] = []

    async def serve(self, request: web.Request) -> web.StreamResponse:
        self.headers.append(dict(request.headers))
        if request.method != "POST":
            return web.Response(status=405)
        message = json.loads(await request.read())
        if "id" not in message:
            return web.Response(status=202)
        if message["method"] == "tools/call":
            call = self.calls.pop(0)
            return await call(request, message) if callable(call) else self.answer(message, call)
        if message["method"] != "initialize":
            return web.json_response(
                {
                    "jsonrpc": "2.0",
                    "id": message["id"],
                    "error": {"code": -32601, "message": "no such method"},
                }
            )
        return self.answer(
            message,
            {
                "protocolVersion": message["params"]["protocolVersion"],
                "capabilities": {},
                "serverInfo": {"name": "e", "version": "0"},
            },
        )

    @staticmethod
    def answer(message: Any, result: Any) -> web.Response:
        return web.json_response({"jsonrpc": "2.0", "id": message["id"], "result": result})


@asynccontextmanager
async def connected(endpoint: Endpoint, **more: Any) -> AsyncIterator[Connection]:
    async with answering(endpoint.serve) as url:
        connection = Connection(servers_of([{"url": url, **more}])[0])
        await connection.open()
        try:
            yield connection
        finally:
            await connection.close()


async def call(connection: Connection) -> Any:
    from mcp.types import CallToolRequest, CallToolRequestParams, CallToolResult

    request = CallToolRequest(params=CallToolRequestParams(name="do", arguments={}))
    return await connection.request(request, CallToolResult)


SAID = {"content": [{"type": "text", "text": "said"}]}


async def status_500(request: web.Request, message: Any) -> web.StreamResponse:
    return web.Response(status=500, text="a page")


async def disconnects(request: web.Request, message: Any) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.close()
    return web.Response()


async def floods(request: web.Request, message: Any) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    await response.prepare(request)
    for _ in range(LARGEST_REPLY // (1 << 20) + 2):
        await response.write(b" " * (1 << 20))
    return response


async def event_floods(request: web.Request, message: Any) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
    await response.prepare(request)
    await response.write(b"data: ")
    for _ in range(20):
        await response.write(b"x" * (1 << 20))
    return response


async def test_headers_are_sent_and_calls_are_answered() -> None:
    endpoint = Endpoint()
    endpoint.calls = [SAID]
    async with connected(endpoint, headers={"Authorization": "Bearer token-1"}) as connection:
        assert (await call(connection)).content[0].text == "said"
    assert all(each["Authorization"] == "Bearer token-1" for each in endpoint.headers)


async def test_a_status_is_said_and_the_next_call_is_made() -> None:
    endpoint = Endpoint()
    endpoint.calls = [status_500, SAID]
    async with connected(endpoint) as connection:
        with pytest.raises(CodeError, match="it answered with status 500 Internal Server Error"):
            await call(connection)
        assert (await call(connection)).content[0].text == "said"


async def test_a_connection_that_breaks_is_made_again_for_the_next_call_a_few_times() -> None:
    endpoint = Endpoint()
    endpoint.calls = [disconnects, SAID, disconnects, disconnects, SAID, disconnects]
    async with connected(endpoint) as connection:
        for said in (None, "said", None, None, "said", None):
            if said is None:
                with pytest.raises(CodeError, match="has ended: "):
                    await call(connection)
            else:
                assert (await call(connection)).content[0].text == said
        with pytest.raises(CodeError, match="has ended: "):
            await call(connection)
    assert endpoint.calls == []


@pytest.mark.parametrize(
    ("flood", "words"), [(floods, "it sent more than 64 MiB at once"), (event_floods, "SSE stream failed")]
)
async def test_a_reply_without_an_end_is_not_read_to_its_end(flood: Any, words: str) -> None:
    endpoint = Endpoint()
    endpoint.calls = [flood]
    async with connected(endpoint) as connection:
        with pytest.raises(CodeError, match=words):
            await call(connection)


async def refuses(request: web.Request) -> web.Response:
    return web.Response(status=401, text="who are you?")


async def is_a_page(request: web.Request) -> web.Response:
    return web.Response(text="<html>", content_type="text/html")


@pytest.mark.parametrize(
    ("handler", "words"),
    [(refuses, "it answered with status 401 Unauthorized"), (is_a_page, "content type: text/html")],
)
async def test_an_address_that_is_no_endpoint_is_named_with_what_it_said(handler: Any, words: str) -> None:
    async with answering(handler) as url:
        connection = Connection(
            servers_of([url.replace("http://", "http://me:pass-word-1@") + "?key=hidden-key-2"])[0]
        )
        with pytest.raises(ConfigError) as raised:
            await connection.open()
        await connection.close()
    assert words in str(raised.value)
    assert "pass-word-1" not in str(raised.value)
    assert "hidden-key-2" not in str(raised.value)


async def test_an_address_where_nothing_listens_is_said() -> None:
    connection = Connection(servers_of(["http://127.0.0.1:9/mcp"])[0])
    with pytest.raises(
        ConfigError, match=r"the MCP server http://127\.0\.0\.1:9/mcp cannot be used: ConnectError"
    ):
        await connection.open()
    await connection.close()
