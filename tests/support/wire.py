"""Bare sockets to a chat server, and waiting for what another thread does."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import aiohttp

from harlm.testing import ChatServer, Request
from harlm.testing.faulty import Bill

WORDS = "one two three four"
HONEST = {
    "id": "chatcmpl-0",
    "object": "chat.completion",
    "model": "m",
    "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": WORDS}}],
    "usage": {
        "prompt_tokens": 3,
        "completion_tokens": 4,
        "total_tokens": 7,
        "prompt_tokens_details": {"cached_tokens": 0},
    },
}


def say(_: Request) -> str:
    """An honest reply; a server sends it as ``HONEST``."""
    return WORDS


def owes(*, prompt: int = 3, completion: int = 4, delivered: bool = True) -> list[Bill]:
    """The bills of one request that was answered so."""
    return [Bill(0, "m", prompt, 0, completion, delivered)]


def body(**more: Any) -> dict[str, Any]:
    """A request of OpenAI's dialect."""
    return {"model": "m", "messages": [{"role": "user", "content": "0123456789"}], **more}


def asked(path: str = "/v1/chat/completions", **more: Any) -> bytes:
    """The same as bytes."""
    data = json.dumps(body(**more)).encode()
    return b"POST %b HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%b" % (path.encode(), len(data), data)


@contextmanager
def connected(server: ChatServer) -> Iterator[socket.socket]:
    address = ("127.0.0.1", int(server.url.rpartition(":")[2]))
    with socket.create_connection(address, timeout=5) as connection:
        yield connection


def heard(connection: socket.socket, *, first: float = 5, then: float = 0.1) -> tuple[bytes, str]:
    """What comes until the connection ends or is silent, and which of them it was. Its first byte may take longer."""
    connection.settimeout(first)
    data = b""
    try:
        while piece := connection.recv(1 << 16):
            data += piece
            connection.settimeout(then)
    except TimeoutError:
        return data, "silent"
    except ConnectionResetError:
        return data, "reset"
    return data, "closed"


async def post(session: aiohttp.ClientSession, server: ChatServer, **more: Any) -> tuple[int, Any, Any]:
    """Status, headers and body of a reply."""
    async with session.post(f"{server.base_url}/chat/completions", json=body(**more)) as response:
        return response.status, response.headers, await response.read()
