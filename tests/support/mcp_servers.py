"""MCP servers for tests: real processes on this machine."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

from aiohttp import web

from harlm.tools.mcp import McpServer, servers_of
from harlm.tools.mcp.tools import McpTool, open_servers

HERE = Path(__file__).parent
REAL = str(HERE / "mcp_server.py")
"""A server that is written with the SDK."""

HOSTILE = str(HERE / "hostile_mcp.py")
"""A server that does one thing wrong."""

_PATIENCE_S = 30.0


def real(*arguments: str, **more: Any) -> McpServer:
    """A server written with the SDK, over its input and output."""
    return servers_of([{"command": [sys.executable, REAL, "stdio", *arguments], **more}])[0]


def hostile(mode: str, **more: Any) -> McpServer:
    """A server that does one thing wrong, over its input and output."""
    return servers_of([{"command": [sys.executable, "-S", HOSTILE, mode], **more}])[0]


@contextmanager
def real_over_http() -> Iterator[str]:
    """The address of a server written with the SDK, on loopback, in a process of its own."""
    with subprocess.Popen([sys.executable, REAL, "http"], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            address = process.stdout.readline().strip()
            _wait_for(address)
            yield address
        finally:
            process.kill()


def _wait_for(address: str) -> None:
    import socket
    from urllib.parse import urlsplit

    port = urlsplit(address).port
    ends = time.monotonic() + _PATIENCE_S
    while True:
        with socket.socket() as trying:
            if trying.connect_ex(("127.0.0.1", port or 0)) == 0:
                return
        if time.monotonic() > ends:
            raise AssertionError(f"{address} did not answer")
        time.sleep(0.02)


@asynccontextmanager
async def opened(*servers: McpServer, taken: Sequence[str] = ()) -> AsyncIterator[dict[str, McpTool]]:
    """The tools of servers by name; the servers are ended with the block."""
    async with AsyncExitStack() as stack:
        tools, _ = await open_servers(servers, taken, 60.0, stack)
        yield {each.shape.name: each for each in tools}


@asynccontextmanager
async def answering(handler: Any) -> AsyncIterator[str]:
    """The address of an HTTP server that answers every request with ``handler``, an aiohttp handler."""
    app = web.Application(client_max_size=64 << 20)
    app.router.add_route("*", "/{path:.*}", handler)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        (port,) = (each.getsockname()[1] for each in site._server.sockets)  # type: ignore[union-attr] # it has started
        yield f"http://127.0.0.1:{port}/mcp"
    finally:
        await runner.cleanup()
