"""Runs the server over its input and output, or over HTTP."""

from __future__ import annotations

import asyncio
import json
import os
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, cast

from harlm.server.listening import KEYS, address_of, is_loopback, socket_at
from harlm.server.mcp.protocol import server_of
from harlm.server.mcp.tools import HarlmTools

if TYPE_CHECKING:
    from harlm.server.keys import KeyRing

PATH = "/mcp"
"""Where the server answers over HTTP."""

_LARGEST_BODY = 64 << 20  # bytes of a request; a text in it may have 16 MB, and be escaped
_TO_END_S = 3  # seconds that open requests may take at the end
_PIECE, _MOST_PIECES = 1 << 16, 64  # bytes of standard input that are read at once, and pieces that wait
_LOOPBACK = ("127.0.0.1", "localhost", "[::1]")

_Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
_Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
_App = Callable[[MutableMapping[str, Any], _Receive, _Send], Awaitable[None]]


def serve_stdio(tools: HarlmTools, version: str, secrets: tuple[str | None, ...] = ()) -> None:
    """Speak over standard input and output, until the input ends."""
    from mcp.server.stdio import stdio_server

    async def serve() -> None:
        server = server_of(tools, version, secrets)
        async with stdio_server(stdin=cast("Any", _lines(_taken_input()))) as (reading, writing):
            await server.run(reading, writing, server.create_initialization_options())

    asyncio.run(serve())


def _taken_input() -> int:
    """Standard input, of which what this process starts sees nothing."""
    taken, nothing = os.dup(0), os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    return taken


async def _lines(descriptor: int) -> AsyncIterator[str]:
    """The lines of standard input.

    The SDK's own thread waits in a read, and a process with a signal would wait for that thread. This one ends with the process.
    """
    loop, arrived = asyncio.get_running_loop(), asyncio.Queue[bytes](_MOST_PIECES)

    def read() -> None:
        with suppress(RuntimeError):  # the loop has ended
            piece = b"?"
            while piece:
                piece = os.read(descriptor, _PIECE)
                asyncio.run_coroutine_threadsafe(arrived.put(piece), loop).result()

    threading.Thread(target=read, daemon=True, name="harlm-mcp-input").start()
    begun: list[bytes] = []
    while piece := await arrived.get():
        *ended, rest = piece.split(b"\n")
        for line in ended:
            yield b"".join([*begun, line]).decode("utf-8", "replace")
            begun = []
        begun.append(rest)


def serve_http(
    tools: HarlmTools,
    version: str,
    *,
    host: str,
    port: int,
    keys: Sequence[str],
    secrets: tuple[str | None, ...] = (),
    started: Callable[[str], None] = lambda _: None,
) -> None:
    """Speak over HTTP, until a signal ends the process.

    Args:
        tools: what the server offers.
        version: of HARLM.
        host, port: where to listen; port 0 takes a free one.
        keys: of which clients must send one as a bearer token; without any they need none.
        secrets: never part of what a client is sent.
        started: told the address once the server listens.

    Raises:
        ConfigError: it would be open to others without a key, a key is too short, or it cannot listen there.
    """
    import uvicorn

    from harlm.server.keys import KeyRing  # imports Starlette, an extra

    ring = KeyRing(
        keys, usd=None, at_once=1
    )  # only the keys count here: a question has the limits of the server
    listening = socket_at(host, port, has_keys=bool(keys))
    app = _Guard(_app(tools, version, host, (*secrets, *keys)), ring)
    config = uvicorn.Config(
        app, log_level="warning", access_log=False, timeout_graceful_shutdown=_TO_END_S, lifespan="on"
    )
    started(f"{address_of(listening)}{PATH}")
    with listening:
        asyncio.run(uvicorn.Server(config).serve(sockets=[listening]))


def _app(tools: HarlmTools, version: str, host: str, secrets: tuple[str | None, ...]) -> Any:
    from mcp.server.transport_security import TransportSecuritySettings

    is_local = is_loopback(host)
    hosts = [name + rest for name in _LOOPBACK for rest in ("", ":*")]
    security = TransportSecuritySettings(
        # A page in a browser whose name is made to mean this machine sends its own name as Host. Reached from elsewhere, the
        # server has names that it does not know, and needs a key, which no page has.
        enable_dns_rebinding_protection=is_local,
        allowed_hosts=hosts,
        allowed_origins=[f"http://{each}" for each in hosts],
    )
    return server_of(tools, version, secrets).streamable_http_app(
        streamable_http_path=PATH, max_request_body_size=_LARGEST_BODY, transport_security=security, host=host
    )


class _Guard:
    """Lets only requests with one of the keys through. An ASGI application."""

    def __init__(self, app: _App, ring: KeyRing) -> None:
        self._app = app
        self._ring = ring

    async def __call__(self, scope: MutableMapping[str, Any], receive: _Receive, send: _Send) -> None:
        if scope["type"] != "http" or self._admits(scope):
            await self._app(scope, receive, send)
        else:
            await _refuse(send)

    def _admits(self, scope: MutableMapping[str, Any]) -> bool:
        from harlm.server.failures import RequestRefused  # imports Starlette, an extra

        sent = dict(scope["headers"]).get(b"authorization", b"")
        try:
            self._ring.holder(sent.decode("latin-1"))
        except RequestRefused:
            return False
        return True


async def _refuse(send: _Send) -> None:
    said = {
        "error": "unauthorized",
        "error_description": f"send a key in {KEYS} as: Authorization: Bearer KEY",
    }
    headers = [(b"content-type", b"application/json"), (b"www-authenticate", b'Bearer realm="harlm"')]
    await send({"type": "http.response.start", "status": 401, "headers": headers})
    await send({"type": "http.response.body", "body": json.dumps(said).encode()})
