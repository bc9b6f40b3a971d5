"""The way to an address without a cluster, and without Ray. Real clusters: ``tests/flows/test_ray.py``."""

from __future__ import annotations

import asyncio
import sys

import pytest

from harlm.errors import ConfigError, ExecutorFailure
from harlm.executors.ray.cluster import open_cluster


async def entered(address: str | None) -> None:
    async with open_cluster(address):
        raise AssertionError("there is no cluster")


@pytest.mark.parametrize(
    "address", ["ray://head:1", "head", "head:", ":6379", "head:0", "head:70000", "head:x"]
)
async def test_what_is_no_address_is_refused_before_anything_is_asked(address: str) -> None:
    pytest.importorskip("ray")
    with pytest.raises(ConfigError, match="not the address of a Ray cluster; write host:port"):
        await entered(address)


async def test_a_port_that_is_silent_closed_or_of_another_server_is_no_head(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pytest.importorskip("ray")
    monkeypatch.setattr("harlm.executors.ray.cluster._CONNECT_S", 0.2)

    async def other(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await writer.drain()
        writer.close()

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    for serve in (other, silent):
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        address = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
        with pytest.raises(ExecutorFailure, match=f"no Ray cluster answers at {address}; start one there"):
            await entered(address)
        server.close()
        with pytest.raises(ExecutorFailure, match="no Ray cluster answers"):
            await entered(address)


async def test_without_ray_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    for address in (None, "127.0.0.1:6379", "auto"):
        with pytest.raises(ConfigError, match=r"pip install 'harlm\[ray\]'"):
            await entered(address)
