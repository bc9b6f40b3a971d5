"""The tools of a client: its own functions, and the MCP servers that have more of them."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AsyncExitStack
from dataclasses import dataclass

from harlm.errors import ConfigError
from harlm.protocols import Tool
from harlm.tools.functions import tools_of
from harlm.tools.mcp import McpServer, servers_of


@dataclass(frozen=True, slots=True)
class Toolset:
    """Tools before a run: what is true only if there are some.

    Attributes:
        own: functions, or what stands in for them.
        servers: MCP servers, which each run opens.
    """

    own: tuple[Tool, ...] = ()
    servers: tuple[McpServer, ...] = ()

    def __bool__(self) -> bool:
        """Whether there are any."""
        return bool(self.own or self.servers)

    @property
    def secrets(self) -> tuple[str, ...]:
        """Texts that must not be stored or shown."""
        return tuple(secret for each in self.servers for secret in each.secrets)

    async def opened(
        self, seconds: float, cleanup: AsyncExitStack, *, is_offline: bool = False
    ) -> tuple[dict[str, Tool], tuple[str, ...]]:
        """All tools by name, those of servers among them, and notes for the user.

        Args:
            seconds: that servers may take to start; infinity without a limit.
            cleanup: ends the servers.
            is_offline: refuses servers on other machines.

        Raises:
            ConfigError: a server cannot be used.
            TimeoutError: the time ended before all servers were ready.
        """
        named: dict[str, Tool] = {each.shape.name: each for each in self.own}
        if not self.servers:
            return named, ()
        for each in self.servers if is_offline else ():
            if not each.is_here:
                raise ConfigError(
                    f"the MCP server {each.label} needs a network, and the run is offline; leave out --offline (HARLM_OFFLINE) or "
                    "the server"
                )
        from harlm.tools.mcp.tools import open_servers

        found, notes = await open_servers(self.servers, named, seconds, cleanup)
        return named | {each.shape.name: each for each in found}, tuple(notes)


NO_TOOLS = Toolset()
"""The tools of a run whose user has none."""


def toolset_of(tools: Iterable[object], servers: Iterable[object]) -> Toolset:
    """The tools of ``HARLM(tools=…, mcp=…)``.

    Raises:
        ConfigError: one cannot be a tool, or is no server.
    """
    return Toolset(tuple(tools_of(tools)), servers_of(servers))
