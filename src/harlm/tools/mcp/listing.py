"""The tools that a server lists: how many are read, and which of them cells get."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from harlm.errors import CodeError, ConfigError
from harlm.tools.mcp.connection import Connection
from harlm.tools.mcp.servers import McpServer

MOST_TOOLS = 200
"""Tools of one server that cells get."""

_MOST_PAGES = 100
_SHOWN = 20  # names in a message


async def listed(connection: Connection) -> tuple[list[Any], str]:
    """The tools of a server that cells get, and a note if those are not all.

    Args:
        connection: is open.

    Raises:
        ConfigError: the server does not list them as the protocol wants, or lacks one that the user names.
    """
    server = connection.server
    wanted = None if server.allow is None else set(server.allow)
    found: dict[str, Any] = {}
    cursor: str | None = None
    seen: set[str] = set()
    for _ in range(_MOST_PAGES):
        page = await _page(connection, cursor)
        for each in page.tools:
            if wanted is None or each.name in wanted:
                found.setdefault(each.name, each)
        cursor = page.next_cursor if page.next_cursor not in seen else None
        if cursor is None or (len(found) > MOST_TOOLS if wanted is None else found.keys() == wanted):
            break
        seen.add(cursor)
    _check_named(server, found)
    known = list(found.values())[:MOST_TOOLS]
    if wanted is not None or (cursor is None and len(found) <= MOST_TOOLS):
        return known, ""
    note = (
        f"the MCP server {server.label} lists more tools than can be read; the first {len(known)} can be called. Name those that "
        "you want with 'allow'"
    )
    return known, note


async def _page(connection: Connection, cursor: str | None) -> Any:
    from mcp.types import ListToolsRequest, ListToolsResult, PaginatedRequestParams

    params = None if cursor is None else PaginatedRequestParams(cursor=cursor)
    try:
        return await connection.request(ListToolsRequest(params=params), ListToolsResult)
    except CodeError as error:
        raise ConfigError(f"the tools of an MCP server cannot be listed: {error}") from error


def _check_named(server: McpServer, found: Iterable[str]) -> None:
    """Check that the tools that the user names exist.

    Raises:
        ConfigError: one does not.
    """
    known = list(found)
    for key, names in (("allow", server.allow or ()), ("pure", server.pure)):
        for name in names:
            if name not in known:
                there = ", ".join(known[:_SHOWN]) + (", …" if len(known) > _SHOWN else "")
                raise ConfigError(
                    f"{key} of the MCP server {server.label} names {name!r}, which is not among its tools"
                    + (f": {there}" if there else "; it has none")
                )
