"""Connections that a server spoils. Sharing of connections is in ``test_http``."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path

import aiohttp
import pytest

from harlm.errors import ConfigError
from harlm.models.connections import Connector, certificates


def test_the_trust_store_of_the_system_is_used() -> None:
    context = certificates(None)
    assert context is certificates(None), "it is loaded once"
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname


def test_a_bundle_without_certificates_is_an_error(tmp_path: Path) -> None:
    empty = tmp_path / "empty.pem"
    empty.write_text("nothing")
    with pytest.raises(ConfigError, match="holds no certificates"):
        certificates(str(empty))


@pytest.mark.parametrize(
    ("kind", "connections"),
    [("text/event-stream", 5), ("text/event-stream; charset=utf-8", 5), ("application/json", 1)],
)
async def test_a_connection_serves_many_replies_and_one_stream(kind: str, connections: int) -> None:
    opened: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        opened.add(task)
        while await reader.readline():
            while (await reader.readline()).strip():
                pass
            writer.write(f"HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ncontent-length: 2\r\n\r\n{{}}".encode())
        writer.close()
        await writer.wait_closed()

    listener = await asyncio.start_server(serve, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}/"
    async with listener, aiohttp.ClientSession(connector=Connector()) as session:
        for _ in range(5):
            async with session.get(url) as response:
                assert await response.text() == "{}"
        await session.close()
        await asyncio.wait(opened)
    assert len(opened) == connections
