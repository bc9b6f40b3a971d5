"""Bare sockets to a chat server, and waiting for what another thread does."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from harlm.testing import ChatServer


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


def eventually(holds: Callable[[], bool], seconds: float = 5) -> bool:
    """Whether it comes to hold."""
    until = time.monotonic() + seconds
    while not holds() and time.monotonic() < until:
        time.sleep(0.005)
    return holds()
