"""One request that waits for its reply, with its connection. Handles raw bytes; does not choose the reply."""

from __future__ import annotations

import asyncio
import socket
import struct
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from functools import lru_cache
from http import HTTPStatus
from typing import Any, Protocol

import msgspec

from harlm.testing.dialects import ModelReply, Request, Tokens

Headers = tuple[tuple[str, str], ...]

JSON = ("content-type", "application/json")
EVENTS = ("content-type", "text/event-stream")
CHUNKED = ("transfer-encoding", "chunked")
_AT_ONCE = struct.pack("ii", 1, 0)  # SO_LINGER: closing sends RST and drops what was not sent


class Fault(ABC):
    """What happens instead of an ordinary reply."""

    __slots__ = ()

    @abstractmethod
    async def play(self, exchange: Exchange) -> None:
        """Answer the request, or do not."""


class Book(Protocol):
    """Books what a reply costs; the last entry for a request counts."""

    def __call__(self, request: Request, tokens: Tokens, *, delivered: bool) -> None:
        """Book one reply."""


class Exchange:
    """One request that waits for its reply, and its connection, on which a reply may write any bytes.

    Args:
        request: what was asked.
        reader: the connection's incoming half.
        writer: its outgoing half.
        make: makes the model's reply; called at most once, and only if the reply is needed.
        headers: what every reply carries at this moment.
        bill: called before the first byte of a model's reply is sent, so that a client that has received a byte finds the bill.

    Attributes:
        keep_alive: whether the connection may serve another request.
        made: the model's reply, once it is made.
    """

    __slots__ = ("_bill", "_headers", "_make", "_reader", "_writer", "keep_alive", "made", "request")

    def __init__(
        self,
        request: Request,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        *,
        make: Callable[[Request], Awaitable[ModelReply]],
        headers: Callable[[], Headers],
        bill: Book,
    ) -> None:
        self.request = request
        self.keep_alive = request.headers.get("connection", "").lower() != "close"
        self.made: ModelReply | None = None
        self._reader = reader
        self._writer = writer
        self._make = make
        self._headers = headers
        self._bill = bill

    @property
    def left(self) -> bool:
        """Whether the client has closed the connection."""
        return self._reader.at_eof() or self._reader.exception() is not None or self._writer.is_closing()

    async def reply(self) -> ModelReply:
        """What the model says."""
        if self.made is None:
            self.made = await self._make(self.request)
        return self.made

    def head(self, *headers: tuple[str, str], status: int = 200) -> bytes:
        """Status line and headers."""
        close = () if self.keep_alive else (("connection", "close"),)
        number = ("x-request-id", f"req-{self.request.number}")
        every = (*headers, number, *close, *self._headers())
        lines = "".join([f"{name}: {value}\r\n" for name, value in every])
        return f"HTTP/1.1 {status} {_reason(status)}\r\n{lines}\r\n".encode("latin-1")

    def whole(self, body: bytes, headers: Headers = (), *, status: int = 200) -> bytes:
        """A body behind its head. It is JSON of its true length, unless ``headers`` say otherwise."""
        usual = [JSON, ("content-length", str(len(body)))]
        if headers:
            own = {name.lower() for name, _ in headers}
            usual = [each for each in usual if each[0] not in own]
        return self.head(*headers, *usual, status=status) + body

    async def answer(self, reply: ModelReply, *, line_s: float = 0.0) -> None:
        """Send a reply as it was asked for: whole, or as events, ``line_s`` after each line of its text."""
        if not self.request.is_streamed:
            await self.deliver(reply.completion(), reply.tokens)
            return
        pieces = [self.head(EVENTS, CHUNKED)]
        for each in reply.text_events():
            pieces.append(chunk(each))
            if line_s:
                await self.begin(b"".join(pieces), reply.tokens)
                await asyncio.sleep(line_s)
                pieces.clear()
        pieces += [chunk(reply.last_events()), chunk(b"")]
        await self._finish(b"".join(pieces), reply.tokens)

    async def deliver(self, completion: dict[str, Any], tokens: Tokens, *, copies: int = 1) -> None:
        """Send a completion, whole and billed."""
        await self._finish(self.whole(msgspec.json.encode(completion)) * copies, tokens)

    async def begin(self, data: bytes, tokens: Tokens) -> None:
        """Send a part of a completion. It is billed even if the rest never follows."""
        self._bill(self.request, tokens, delivered=False)
        await self.send(data)

    async def send(self, data: bytes) -> None:
        """Send bytes that are not billed, and wait until the system has taken all of them.

        Raises:
            ConnectionError: the client has left.
        """
        self._writer.write(data)
        await self._writer.drain()

    async def until_left(self) -> None:
        """Wait until the client closes the connection."""
        while await self._reader.read(1 << 16):
            pass

    def reset(self) -> None:
        """End the connection by RST."""
        self.keep_alive = False
        connection: socket.socket = self._writer.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
        self._writer.transport.abort()

    async def _finish(self, data: bytes, tokens: Tokens) -> None:
        """Send the last bytes of a completion."""
        self._bill(self.request, tokens, delivered=not self.left)
        try:
            await self.send(data)
        except ConnectionError:
            self._bill(self.request, tokens, delivered=False)
            raise


def chunk(data: bytes) -> bytes:
    """One chunk of a body of unknown length; an empty one ends it."""
    return b"%x\r\n%b\r\n" % (len(data), data)


@lru_cache
def _reason(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"
