"""Runs the server of the page until the user stops it."""

from __future__ import annotations

import asyncio
import os
import socket as socket_module
import sys
import webbrowser
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from aiohttp import web

from harlm.config import Config
from harlm.errors import ConfigError, TraceError
from harlm.viewer.app import ViewerApp
from harlm.viewer.guard import Guard

_HOST = "127.0.0.1"
_TO_END_S = 2.0


async def serve(
    runs: Path,
    config: Config,
    *,
    run: str | None = None,
    port: int = 0,
    on_address: Callable[[str, str], None] = lambda _, __: None,
) -> None:
    """Serve the page until this task is cancelled.

    Args:
        runs: the folder of stored runs.
        config: of this process.
        run: the id of the run that the address shows; ``None`` for the list.
        port: 0 for any free one.
        on_address: called once it is served, with the address, token included, and with one that can be used once, for the command line
            of a browser.

    Raises:
        ConfigError: the port cannot be used.
    """
    socket = _bound(port)
    port = socket.getsockname()[1]
    guard = Guard(port)
    app = ViewerApp(runs, config, guard)
    runner = web.AppRunner(app.application(), access_log=None, shutdown_timeout=_TO_END_S)
    await runner.setup()
    try:
        await web.SockSite(runner, socket).start()
        fragment = "" if run is None else f"#/run/{run}"
        page = f"http://{_HOST}:{port}/"
        on_address(f"{page}?token={guard.token}{fragment}", f"{page}?once={guard.once}{fragment}")
        if run is not None:
            with suppress(TraceError):  # the page says so
                await app.read(run)  # while the browser starts
        await asyncio.Event().wait()
    finally:
        await runner.cleanup()


def open_in_browser(address: str) -> bool:
    """Open an address in the user's browser, if there is a display; whether it was tried."""
    has_display = sys.platform in ("darwin", "win32") or any(
        os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY")
    )
    return has_display and webbrowser.open(address)


def _bound(port: int) -> socket_module.socket:
    opened = socket_module.socket()
    opened.setsockopt(socket_module.SOL_SOCKET, socket_module.SO_REUSEADDR, 1)
    try:
        opened.bind((_HOST, port))
    except (OSError, OverflowError) as error:
        opened.close()
        raise ConfigError(
            f"port {port} of 127.0.0.1 cannot be used ({error}); name another with --port, or leave it out"
        ) from error
    return opened
