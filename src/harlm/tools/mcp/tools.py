"""The tools of MCP servers, open for the length of a run."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AsyncExitStack
from typing import Any

from harlm.errors import ConfigError
from harlm.tools.functions import passes
from harlm.tools.mcp.connection import Connection
from harlm.tools.mcp.contents import data_of
from harlm.tools.mcp.listing import listed
from harlm.tools.mcp.servers import McpServer
from harlm.tools.mcp.shapes import Arguments, shape_of
from harlm.tools.names import free_name
from harlm.types import GatedCall, ToolShape

_OPENING_S = 30.0  # seconds at least that a server has to start, which may install itself first


class McpTool:
    """A tool of a server; a ``harlm.protocols.Tool``.

    Args:
        connection: to the server.
        listed: the tool, as the SDK gives it.
        name: by which cells call it.

    Attributes:
        shape: what others know of it.
    """

    def __init__(self, connection: Connection, listed: Any, name: str) -> None:
        server = connection.server
        self._connection = connection
        self._own_name = str(listed.name)
        self._arguments = Arguments(listed.input_schema)
        self.shape: ToolShape = shape_of(
            name,
            listed,
            self._arguments,
            is_pure=self._own_name in server.pure,
            timeout_s=server.timeout_s,
        )

    def allows(self, call: GatedCall) -> bool:
        """Whether the gate of the server lets a call through. A gate that fails lets nothing through."""
        return passes(self._connection.server.gate, call)

    async def call(self, arguments: Mapping[str, object]) -> object:
        """What the tool returns, as JSON-like data.

        Raises:
            CodeError: the arguments do not follow the schema, the server refuses the call or has ended, or the call failed.
        """
        from mcp.types import CallToolRequest, CallToolRequestParams, CallToolResult

        self._arguments.check(arguments, self.shape.name)
        # Not by the SDK's own call of a tool: it runs the server's schema of results, with its patterns, on the result.
        asked = CallToolRequest(params=CallToolRequestParams(name=self._own_name, arguments=dict(arguments)))
        return data_of(await self._connection.request(asked, CallToolResult), self.shape.name)


async def open_servers(
    servers: Sequence[McpServer], taken: Iterable[str], seconds: float, cleanup: AsyncExitStack
) -> tuple[list[McpTool], list[str]]:
    """Connect to servers, all at once, and return their tools, and notes for the user.

    Args:
        servers: the servers.
        taken: the names of other tools.
        seconds: that are left of the run; infinity without a limit.
        cleanup: ends the connections.

    Raises:
        ConfigError: one of them cannot be used.
        TimeoutError: the time of the run ended before all were open.
    """
    connections = [Connection(each) for each in servers]
    for each in connections:
        cleanup.push_async_callback(each.close)
    opening = asyncio.gather(*(_opened(each, seconds) for each in connections), return_exceptions=True)
    found: list[tuple[list[Any], str]] = []
    for outcome in await opening:
        if isinstance(outcome, BaseException):
            raise outcome
        found.append(outcome)
    tools: list[McpTool] = []
    notes: list[str] = []
    names = set(taken)
    for connection, (known, note) in zip(connections, found, strict=True):
        for one in known:
            name = free_name(one.name, connection.server.name, names)
            names.add(name)
            tools.append(McpTool(connection, one, name))
        notes += [note] if note else []
    return tools, notes


async def _opened(connection: Connection, seconds: float) -> tuple[list[Any], str]:
    server = connection.server
    most = min(max(_OPENING_S, server.timeout_s), seconds)
    try:
        async with asyncio.timeout(None if math.isinf(most) else max(0.0, most)):
            await connection.open()
            return await listed(connection)
    except TimeoutError as error:
        if most >= seconds:
            raise
        said = str(connection.words)
        raise ConfigError(
            f"the MCP server {server.label} did not answer within {max(0.0, most):g} s{f': {said}' if said else ''}"
        ) from error
