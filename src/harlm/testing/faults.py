"""What can go wrong with one reply of a model's server. Does not decide which request meets which fault."""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from dataclasses import dataclass, replace
from typing import Any, Literal

import msgspec

from harlm.testing.dialects import ModelReply, Tokens, text_event
from harlm.testing.exchange import CHUNKED, EVENTS, JSON, Exchange, Fault, Headers, chunk

Part = Literal["nothing", "headers", "half"]
"""How much of a reply is sent: not a byte, its headers, or its headers and half its body."""


# Instead of a completion: not billed.


@dataclass(frozen=True, slots=True)
class Status(Fault):
    """Any response that is not the model's, most often a refusal: 429, 500, 503, 529, 401, ….

    Attributes:
        status: the HTTP status.
        body: sent as it is.
        headers: such as ``(("retry-after", "2"),)``. They replace those of the same name.
    """

    status: int
    body: str = ""
    headers: Headers = ()

    async def play(self, exchange: Exchange) -> None:
        """Answer with the status."""
        await exchange.send(exchange.whole(self.body.encode(), self.headers, status=self.status))


@dataclass(frozen=True, slots=True)
class Html(Fault):
    """The page of some proxy, often with status 200."""

    status: int = 200

    async def play(self, exchange: Exchange) -> None:
        """Answer with a page."""
        page = b"<!DOCTYPE html><html><head><title>Welcome</title></head><body>Please sign in.</body></html>"
        kind = ("content-type", "text/html; charset=utf-8")
        await exchange.send(exchange.whole(page, (kind,), status=self.status))


def refusal(status: int, message: str, *, headers: Headers = ()) -> Status:
    """A refusal in OpenAI's JSON."""
    kind = "rate_limit_exceeded" if status == 429 else "error"
    body = msgspec.json.encode({"error": {"message": message, "type": kind, "code": kind}})
    return Status(status, body.decode(), headers)


# The connection breaks: billed as soon as one byte is sent.


@dataclass(frozen=True, slots=True)
class Reset(Fault):
    """A connection that ends by RST after a part of the reply, or after a number of its bytes."""

    after: Part | int = "nothing"

    async def play(self, exchange: Exchange) -> None:
        """Send the part, then reset."""
        await _send_part(exchange, self.after)
        exchange.reset()


@dataclass(frozen=True, slots=True)
class Silence(Fault):
    """A connection that stays open and silent after a part of the reply, until the client leaves."""

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
        tokens = (await exchange.reply()).tokens
        data = exchange.head(JSON, CHUNKED)
        exchange.keep_alive = False
        sent = 0
        while not exchange.left:
            at = sent % len(self.pattern)
            await exchange.begin(data + chunk(self.pattern[at : at + 1]), tokens)
            sent, data = sent + 1, b""
            await asyncio.sleep(self.seconds)


@dataclass(frozen=True, slots=True)
class Truncated(Fault):
    """Half a reply, then the connection is closed in good order.

    Attributes:
        framing: ``length`` promises more bytes than come, ``chunked`` lacks its last chunk.
    """

    framing: Literal["length", "chunked"] = "length"

    async def play(self, exchange: Exchange) -> None:
        """Send half."""
        reply = await exchange.reply()
        body = msgspec.json.encode(reply.completion())
        half = body[: len(body) // 2]
        if self.framing == "length":
            data = exchange.head(JSON, ("content-length", str(len(body)))) + half
        else:
            data = exchange.head(JSON, CHUNKED) + chunk(half)
        exchange.keep_alive = False
        await exchange.begin(data, reply.tokens)


@dataclass(frozen=True, slots=True)
class TruncatedStream(Fault):
    """Events of half the reply, asked for or not, without ``[DONE]``; then the connection is closed."""

    async def play(self, exchange: Exchange) -> None:
        """Send some events."""
        exchange.keep_alive = False
        reply = await exchange.reply()
        words = reply.text.split(" ")
        events = b"".join(text_event(reply.request, f"{word} ") for word in words[: (len(words) + 1) // 2])
        await exchange.begin(exchange.head(EVENTS) + events, reply.tokens)


@dataclass(frozen=True, slots=True)
class Malformed(Fault):
    """Half a JSON under status 200, with a length that is true of the half."""

    async def play(self, exchange: Exchange) -> None:
        """Send half."""
        reply = await exchange.reply()
        body = msgspec.json.encode(reply.completion())
        await exchange.begin(exchange.whole(body[: len(body) // 2]), reply.tokens)


# The reply arrives, and is odd: billed. Those that change its JSON are for OpenAI's dialect.


Billed = tuple[dict[str, Any], Tokens]
"""A completion, and what it costs."""


class _Odd(Fault):
    """A whole reply that is not as it should be."""

    __slots__ = ()

    async def play(self, exchange: Exchange) -> None:
        """Answer oddly."""
        await exchange.deliver(*self._of(await exchange.reply()))

    @abstractmethod
    def _of(self, reply: ModelReply) -> Billed: ...


@dataclass(frozen=True, slots=True)
class NoChoices(_Odd):
    """A completion whose ``choices`` are empty."""

    def _of(self, reply: ModelReply) -> Billed:
        return reply.completion() | {"choices": []}, reply.tokens


@dataclass(frozen=True, slots=True)
class NullContent(_Odd):
    """A completion whose message has the content ``null``."""

    def _of(self, reply: ModelReply) -> Billed:
        completion = reply.completion()
        completion["choices"][0]["message"]["content"] = None
        return completion, reply.tokens


@dataclass(frozen=True, slots=True)
class NoUsage(_Odd):
    """A completion that does not say what it costs."""

    def _of(self, reply: ModelReply) -> Billed:
        completion = reply.completion()
        del completion["usage"]
        return completion, reply.tokens


@dataclass(frozen=True, slots=True)
class Finish(_Odd):
    """A reply that ended for another reason: ``length``, ``content_filter``, or one that no client knows."""

    reason: str

    def _of(self, reply: ModelReply) -> Billed:
        return replace(reply, finish=self.reason).completion(), reply.tokens


@dataclass(frozen=True, slots=True)
class TooMany(_Odd):
    """More completion tokens than were allowed.

    Attributes:
        tokens: beyond the request's limit; beyond the reply's own if there is no limit.
    """

    tokens: int

    def _of(self, reply: ModelReply) -> Billed:
        most = reply.request.max_tokens
        allowed = reply.tokens.completion if most is None else most
        tokens = reply.tokens._replace(completion=allowed + self.tokens)
        return replace(reply, tokens=tokens).completion(), tokens


@dataclass(frozen=True, slots=True)
class PromptMore(_Odd):
    """More prompt tokens than the client can see a reason for: ``tokens`` beyond those of the messages."""

    tokens: int

    def _of(self, reply: ModelReply) -> Billed:
        tokens = reply.tokens._replace(prompt=reply.tokens.prompt + self.tokens)
        return replace(reply, tokens=tokens).completion(), tokens


@dataclass(frozen=True, slots=True)
class Duplicate(Fault):
    """The whole reply twice on one connection, which stays open. Billed once."""

    async def play(self, exchange: Exchange) -> None:
        """Answer twice."""
        reply = await exchange.reply()
        await exchange.deliver(reply.completion(), reply.tokens, copies=2)


@dataclass(frozen=True, slots=True)
class Late(Fault):
    """An ordinary reply that takes longer. It is made, and billed, even if the client has left by then."""

    seconds: float

    async def play(self, exchange: Exchange) -> None:
        """Wait, then answer."""
        await asyncio.sleep(self.seconds)
        await exchange.answer(await exchange.reply())


async def _send_part(exchange: Exchange, part: Part | int) -> None:
    if part in ("nothing", 0):
        return
    reply = await exchange.reply()
    whole = exchange.whole(msgspec.json.encode(reply.completion()))
    head = whole.index(b"\r\n\r\n") + 4
    ends = {"headers": head, "half": (head + len(whole)) // 2}
    await exchange.begin(whole[: part if isinstance(part, int) else ends[part]], reply.tokens)
