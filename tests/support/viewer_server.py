"""The server of the viewer within a test, over real HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp

from harlm.config import Config
from harlm.viewer.serving import serve


@asynccontextmanager
async def served(runs: Path, run: str | None = None) -> AsyncIterator[tuple[aiohttp.ClientSession, str]]:
    """A client that knows the token, and the address with the token."""
    address: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    serving = asyncio.create_task(
        serve(runs, Config(), run=run, on_address=lambda told, _: address.set_result(told))
    )
    try:
        serving.add_done_callback(lambda _: address.done() or address.cancel())
        parts = urlsplit(await address)
        jar = aiohttp.CookieJar(unsafe=True)  # keeps those of addresses without a name
        async with aiohttp.ClientSession(f"http://{parts.netloc}", cookie_jar=jar) as client:
            async with client.get(f"/?{parts.query}") as opened:
                assert opened.status == 200
            yield client, address.result()
    finally:
        serving.cancel()
        with suppress(asyncio.CancelledError):
            await serving
