"""What can go wrong with one reply of a model's server. Knows the bytes of a connection and which replies are paid for;
refuses to know limits, and which request meets which fault.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from http import HTTPStatus
from typing import Any, Literal, NamedTuple, Protocol

import msgspec

from harlm.testing.server import Request

Headers = tuple[tuple[str, str], ...]
Part = Literal["nothing", "headers", "half"]
"""How much of a reply is sent: not a byte, its headers, or its headers and half its body."""

_JSON = ("content-type", "application/json")
_CHUNKED = ("transfer-encoding", "chunked")
_AT_ONCE = struct.pack("ii", 1, 0)  # SO_LINGER: closing sends RST and forgets what was not sent


class Tokens(NamedTuple):
    """What a reply costs. ``cached`` is part of ``prompt``."""

    prompt: int
    cached: int
    completion: int


@dataclass(frozen=True, slots=True)
class Reply:
    """What the model says, and what it costs."""

    request: Request
    text: str
    tokens: Tokens
    finish: str = "stop"

    def completion(self) -> dict[str, Any]:
        """The JSON of OpenAI's chat completions."""
        return {
            "id": f"chatcmpl-{self.request.number}",
            "object": "chat.completion",
            "model": self.request.model,
            "choices": [
                {
                    "index": 0,
                    "finish_reason": self.finish,
                    "message": {"role": "assistant", "content": self.text},
                }
            ],
            "usage": {
                "prompt_tokens": self.tokens.prompt,
                "completion_tokens": self.tokens.completion,
                "total_tokens": self.tokens.prompt + self.tokens.completion,
                "prompt_tokens_details": {"cached_tokens": self.tokens.cached},
            },
        }


class Billing(Protocol):
    """Books what a reply costs; the last word on a request holds."""

    def __call__(self, request: Request, tokens: Tokens, *, delivered: bool) -> None:
        """Book one reply."""


class Exchange:
    """One request that waits for its reply, and the connection, to treat as a fault likes.

    Args:
        request: what was asked.
        reader: the connection's incoming half.
        writer: its outgoing half.
        reply: makes the model's reply; called only by faults that need one.
        headers: what every reply carries, at this moment.
        bill: told of the reply before its first byte is sent, so that whoever has a byte finds the bill.

    Attributes:
        keep_alive: whether the connection may serve another request.
    """

    __slots__ = ("_bill", "_headers", "_make", "_reader", "_writer", "keep_alive", "request")

    def __init__(
        self,
        request: Request,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        *,
        reply: Callable[[Request], Reply],
        headers: Callable[[], Headers],
        bill: Billing,
    ) -> None:
        self.request = request
        self.keep_alive = request.headers.get("connection", "").lower() != "close"
        self._reader = reader
        self._writer = writer
        self._make = reply
        self._headers = headers
        self._bill = bill

    @property
    def left(self) -> bool:
        """Whether the client has closed the connection."""
        return self._reader.at_eof() or self._reader.exception() is not None or self._writer.is_closing()

    def reply(self) -> Reply:
        """What an honest server would say."""
        return self._make(self.request)

    def head(self, *headers: tuple[str, str], status: int = 200) -> bytes:
        """Status line and headers."""
        close = () if self.keep_alive else (("connection", "close"),)
        number = ("x-request-id", f"req-{self.request.number}")
        every = (*headers, number, *close, *self._headers())
        lines = "".join(f"{name}: {value}\r\n" for name, value in every)
        return f"HTTP/1.1 {status} {_reason(status)}\r\n{lines}\r\n".encode("latin-1")

    def whole(self, body: bytes, *, status: int = 200) -> bytes:
        """A JSON body behind its head."""
        return self.head(_JSON, ("content-length", str(len(body))), status=status) + body

    async def deliver(self, completion: dict[str, Any], tokens: Tokens, *, copies: int = 1) -> None:
        """Send a completion, whole and billed."""
        self._bill(self.request, tokens, delivered=not self.left)
        try:
            await self.send(self.whole(msgspec.json.encode(completion)) * copies)
        except ConnectionError:
            self._bill(self.request, tokens, delivered=False)
            raise

    async def begin(self, data: bytes, tokens: Tokens) -> None:
        """Send some bytes of a completion that will not become whole. It is billed all the same."""
        self._bill(self.request, tokens, delivered=False)
        await self.send(data)

    async def send(self, data: bytes) -> None:
        """Send bytes that nobody pays for, and wait until the system has them all.

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


class Fault(ABC):
    """What happens instead of an ordinary reply."""

    __slots__ = ()

    @abstractmethod
    async def play(self, exchange: Exchange) -> None:
        """Answer the request, or do not."""


# Instead of a completion: nobody pays.


@dataclass(frozen=True, slots=True)
class Status(Fault):
    """A refusal: 429, 500, 503, 529, 401, ….

    Attributes:
        status: the HTTP status.
        body: sent as it is.
        headers: such as ``(("retry-after", "2"),)``. One that the server sends anyway is replaced.
    """

    status: int
    body: str = ""
    headers: Headers = ()

    async def play(self, exchange: Exchange) -> None:
        """Answer with the status."""
        body = self.body.encode()
        own = {name.lower() for name, _ in self.headers}
        usual = (_JSON, ("content-length", str(len(body))))
        kept = (each for each in usual if each[0] not in own)
        await exchange.send(exchange.head(*kept, *self.headers, status=self.status) + body)


@dataclass(frozen=True, slots=True)
class Html(Fault):
    """The page of some proxy, often with status 200."""

    status: int = 200

    async def play(self, exchange: Exchange) -> None:
        """Answer with a page."""
        body = b"<!DOCTYPE html><html><head><title>Welcome</title></head><body>Please sign in.</body></html>"
        length = ("content-length", str(len(body)))
        head = exchange.head(("content-type", "text/html; charset=utf-8"), length, status=self.status)
        await exchange.send(head + body)


# The connection breaks: paid for as soon as one byte was sent.


@dataclass(frozen=True, slots=True)
class Reset(Fault):
    """A connection that ends by RST.

    Attributes:
        after: the part of the reply, or the number of its bytes, that is sent before.
    """

    after: Part | int = "nothing"

    async def play(self, exchange: Exchange) -> None:
        """Send the part, then reset."""
        await _send_part(exchange, self.after)
        exchange.reset()


@dataclass(frozen=True, slots=True)
class Silence(Fault):
    """A connection that stays open and says nothing, until the client leaves or the server ends.

    Attributes:
        after: the part of the reply that is sent before.
    """

    after: Part = "nothing"

    async def play(self, exchange: Exchange) -> None:
        """Send the part, then wait."""
        await _send_part(exchange, self.after)
        exchange.keep_alive = False
        await exchange.until_left()


@dataclass(frozen=True, slots=True)
class Dribble(Fault):
    """A chunked reply that never ends, one byte at a time.

    Attributes:
        seconds: between two bytes.
        pattern: what is sent, over and over; whitespace is what proxies send to keep a connection open.
    """

    seconds: float = 0.05
    pattern: bytes = b" "

    async def play(self, exchange: Exchange) -> None:
        """Send bytes until the client leaves."""
        tokens = exchange.reply().tokens
        data = exchange.head(_JSON, _CHUNKED)
        exchange.keep_alive = False
        sent = 0
        while not exchange.left:
            at = sent % len(self.pattern)
            await exchange.begin(data + _chunk(self.pattern[at : at + 1]), tokens)
            sent, data = sent + 1, b""
            await asyncio.sleep(self.seconds)


@dataclass(frozen=True, slots=True)
class Truncated(Fault):
    """Half a reply, then the connection is closed in good order.

    Attributes:
        framing: how the client can tell: ``length`` promises more bytes than come, ``chunked`` lacks its last chunk.
    """

    framing: Literal["length", "chunked"] = "length"

    async def play(self, exchange: Exchange) -> None:
        """Send half."""
        reply = exchange.reply()
        body = msgspec.json.encode(reply.completion())
        half = body[: len(body) // 2]
        if self.framing == "length":
            data = exchange.head(_JSON, ("content-length", str(len(body)))) + half
        else:
            data = exchange.head(_JSON, _CHUNKED) + _chunk(half)
        exchange.keep_alive = False
        await exchange.begin(data, reply.tokens)


@dataclass(frozen=True, slots=True)
class TruncatedStream(Fault):
    """Server-sent events of half the reply, asked for or not, without ``[DONE]``; then the connection is closed."""

    async def play(self, exchange: Exchange) -> None:
        """Send some events."""
        exchange.keep_alive = False
        reply = exchange.reply()
        words = reply.text.split(" ")
        events = b"".join(_event(reply.request, word) for word in words[: (len(words) + 1) // 2])
        await exchange.begin(exchange.head(("content-type", "text/event-stream")) + events, reply.tokens)


@dataclass(frozen=True, slots=True)
class Malformed(Fault):
    """Half a JSON under status 200, with a length that is true of the half."""

    async def play(self, exchange: Exchange) -> None:
        """Send half."""
        reply = exchange.reply()
        body = msgspec.json.encode(reply.completion())
        await exchange.begin(exchange.whole(body[: len(body) // 2]), reply.tokens)


# The reply arrives, and is odd: paid for.


@dataclass(frozen=True, slots=True)
class NoChoices(Fault):
    """A completion whose ``choices`` are empty."""

    async def play(self, exchange: Exchange) -> None:
        """Answer without any text."""
        reply = exchange.reply()
        await exchange.deliver({**reply.completion(), "choices": []}, reply.tokens)


@dataclass(frozen=True, slots=True)
class NullContent(Fault):
    """A completion whose message has the content ``null``."""

    async def play(self, exchange: Exchange) -> None:
        """Answer with null."""
        reply = exchange.reply()
        completion = reply.completion()
        completion["choices"][0]["message"]["content"] = None
        await exchange.deliver(completion, reply.tokens)


@dataclass(frozen=True, slots=True)
class Finish(Fault):
    """A reply that ended for another reason: ``length``, ``content_filter``, or one that nobody has heard of."""

    reason: str

    async def play(self, exchange: Exchange) -> None:
        """Answer with the reason."""
        reply = replace(exchange.reply(), finish=self.reason)
        await exchange.deliver(reply.completion(), reply.tokens)


@dataclass(frozen=True, slots=True)
class NoUsage(Fault):
    """A completion that does not say what it costs."""

    async def play(self, exchange: Exchange) -> None:
        """Answer without usage."""
        reply = exchange.reply()
        completion = reply.completion()
        del completion["usage"]
        await exchange.deliver(completion, reply.tokens)


@dataclass(frozen=True, slots=True)
class TooMany(Fault):
    """More completion tokens than were allowed.

    Attributes:
        tokens: beyond ``max_tokens``; beyond the reply's own where none was asked.
    """

    tokens: int

    async def play(self, exchange: Exchange) -> None:
        """Answer with that usage."""
        reply = exchange.reply()
        most = asked_tokens(exchange.request)
        allowed = reply.tokens.completion if most is None else most
        reply = replace(reply, tokens=reply.tokens._replace(completion=allowed + self.tokens))
        await exchange.deliver(reply.completion(), reply.tokens)


@dataclass(frozen=True, slots=True)
class PromptMore(Fault):
    """More prompt tokens than the client can see a reason for.

    Attributes:
        tokens: beyond those of the messages.
    """

    tokens: int

    async def play(self, exchange: Exchange) -> None:
        """Answer with that usage."""
        reply = exchange.reply()
        reply = replace(reply, tokens=reply.tokens._replace(prompt=reply.tokens.prompt + self.tokens))
        await exchange.deliver(reply.completion(), reply.tokens)


@dataclass(frozen=True, slots=True)
class Duplicate(Fault):
    """The whole reply twice on one connection, which stays open: the second is nobody's. Billed once."""

    async def play(self, exchange: Exchange) -> None:
        """Answer twice."""
        reply = exchange.reply()
        await exchange.deliver(reply.completion(), reply.tokens, copies=2)


@dataclass(frozen=True, slots=True)
class Late(Fault):
    """An ordinary reply that takes longer. It is made, and billed, also when the client has left by then."""

    seconds: float

    async def play(self, exchange: Exchange) -> None:
        """Wait, then answer."""
        await asyncio.sleep(self.seconds)
        reply = exchange.reply()
        await exchange.deliver(reply.completion(), reply.tokens)


def asked_tokens(request: Request) -> int | None:
    """The most completion tokens that a request allows."""
    most = request.body.get("max_completion_tokens", request.body.get("max_tokens"))
    return most if isinstance(most, int) else None


async def _send_part(exchange: Exchange, part: Part | int) -> None:
    if part in ("nothing", 0):
        return
    reply = exchange.reply()
    whole = exchange.whole(msgspec.json.encode(reply.completion()))
    head = whole.index(b"\r\n\r\n") + 4
    ends = {"headers": head, "half": (head + len(whole)) // 2}
    await exchange.begin(whole[: part if isinstance(part, int) else ends[part]], reply.tokens)


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


def _event(request: Request, word: str) -> bytes:
    delta = {"index": 0, "finish_reason": None, "delta": {"content": f"{word} "}}
    told = {"id": f"chatcmpl-{request.number}", "object": "chat.completion.chunk", "choices": [delta]}
    return b"data: %b\n\n" % msgspec.json.encode(told)


@lru_cache
def _reason(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"
