"""The tools of a run: the user's own, and those of MCP servers, which are connected for the run."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AsyncExitStack

from harlm.errors import ConfigError
from harlm.protocols import Tool
from harlm.tools.mcp import McpServer


async def opened(
    own: Sequence[Tool],
    mcp: Sequence[McpServer],
    *,
    is_offline: bool,
    seconds: float,
    cleanup: AsyncExitStack,
) -> tuple[dict[str, Tool], tuple[str, ...]]:
    """All tools of a run by name, and notes for the user.

    Args:
        own: the user's tools.
        mcp: the servers that have more of them.
        is_offline: whether servers that need a network are refused.
        seconds: that opening may take.
        cleanup: ends the servers.

    Raises:
        ConfigError: a server cannot be used.
        TimeoutError: the time ran out meanwhile.
    """
    named = {each.shape.name: each for each in own}
    if not mcp:
        return named, ()
    from harlm.tools.mcp.tools import open_servers  # here, since the SDK takes long to import

    for each in mcp if is_offline else ():
        if each.url and not each.is_here:
            raise ConfigError(
                f"the MCP server {each.label} needs a network, and the run is offline; leave out --offline (HARLM_OFFLINE) or the "
                "server"
            )
    found, notes = await open_servers(mcp, named, seconds, cleanup)
    return named | {each.shape.name: each for each in found}, tuple(notes)
