"""Replies that a chat server sends in a way of their own: at a pace, cut short, word for word as another server sent them,
and the errors of providers. Does not choose them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

import msgspec

from harlm.testing import ModelReply, Request, Tokens
from harlm.testing.dialects import text_event
from harlm.testing.exchange import CHUNKED, EVENTS, Exchange, Fault, Headers, chunk
from harlm.testing.faults import Status
from harlm.tokens import estimate_tokens

Answer: TypeAlias = ModelReply | Fault
"""What a backend says to one request."""

_PIECES = 16  # events of a streamed reply, so that its pace shows without costing much


class EstimatedTokens(Tokens):
    """Tokens that no usage report states. They are counted, and leave the bill unknown."""

    __slots__ = ()


def _nothing() -> None:
    """What is done when a reply ends, unless something is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Paced(Fault):
    """A reply that takes its time.

    Attributes:
        reply: the model's.
        first_s: seconds to the first token.
        rest_s: seconds from the first token to the last.
        breaks: whether the connection breaks off in the middle; what was written is billed.
        ended: called when it is played, or when the client has left.
    """

    reply: ModelReply
    first_s: float
    rest_s: float
    breaks: bool = False
    ended: Callable[[], None] = _nothing

    async def play(self, exchange: Exchange) -> None:
        """Wait, and send the reply as it was asked for."""
        try:
            await self._play(exchange)
        finally:
            self.ended()

    async def _play(self, exchange: Exchange) -> None:
        await asyncio.sleep(self.first_s)
        if exchange.request.is_streamed:
            await self._stream(exchange)
            return
        await asyncio.sleep(self.rest_s)
        if not self.breaks:
            await exchange.answer(self.reply)
            return
        body = msgspec.json.encode(self.reply.completion())
        head = exchange.head(("content-length", str(len(body))))
        await exchange.begin(head + body[: len(body) // 2], self.reply.tokens)
        exchange.reset()

    async def _stream(self, exchange: Exchange) -> None:
        text, tokens = self.reply.text, self.reply.tokens
        size = -(-len(text) // _PIECES) or 1
        pieces = [text[at : at + size] for at in range(0, len(text), size)] or [""]
        await exchange.begin(exchange.head(EVENTS, CHUNKED), tokens)
        for number, piece in enumerate(pieces):
            await asyncio.sleep(self.rest_s / len(pieces))
            if self.breaks and number >= len(pieces) // 2:
                exchange.reset()
                return
            await exchange.send(chunk(text_event(exchange.request, piece)))
        await exchange.send(chunk(self.reply.last_events()) + chunk(b""))


@dataclass(frozen=True, slots=True, kw_only=True)
class Passed(Fault):
    """A response exactly as another server gave it.

    Attributes:
        status, headers, body: of the response.
        tokens: what it costs; ``None`` if it is not billed.
    """

    status: int
    body: bytes
    headers: Headers = ()
    tokens: Tokens | None = None

    async def play(self, exchange: Exchange) -> None:
        """Send it."""
        data = exchange.whole(self.body, self.headers, status=self.status)
        if self.tokens is None:
            await exchange.send(data)
        else:
            await exchange.begin(data, self.tokens)


def error(status: int, message: str, *, kind: str, code: str | None = None, headers: Headers = ()) -> Status:
    """An error in OpenAI's JSON.

    Args:
        status: the HTTP status.
        message: for people.
        kind: the ``type`` of the error.
        code: its ``code``; the kind, if it has no other.
        headers: such as ``(("retry-after", "2"),)``.
    """
    told = {"message": message, "type": kind, "param": None, "code": code or kind}
    return Status(status, msgspec.json.encode({"error": told}).decode(), headers)


def said_by(request: Request, completion: Any) -> ModelReply:
    """The reply in the JSON of a chat completion, such as a server sends or a cassette holds.

    Raises:
        ValueError: it is not of that form.
    """
    try:
        choice = completion["choices"][0]
        text = choice["message"].get("content") or ""
        return ModelReply(
            request,
            text,
            tokens_of(completion, prompt_tokens(request)),
            choice.get("finish_reason") or "stop",
        )
    except (KeyError, IndexError, TypeError, AttributeError) as wrong:
        raise ValueError(f"not a chat completion: {msgspec.json.encode(completion)[:200]!r}") from wrong


def prompt_tokens(request: Request) -> int:
    """The estimated tokens of a request's prompt."""
    return sum(estimate_tokens(text) for _, text in request.messages)


def tokens_of(completion: Any, prompt_tokens: int = 0) -> Tokens:
    """The usage that a chat completion, or the last event of a stream, states.

    Where it states none, an estimate from the text of the reply and ``prompt_tokens`` (``EstimatedTokens``).
    """
    usage = completion.get("usage")
    if not usage:
        return EstimatedTokens(prompt_tokens, 0, sum(map(estimate_tokens, _texts(completion))))
    cached = (usage.get("prompt_tokens_details") or {}).get("cached_tokens") or 0
    reasoning = (usage.get("completion_tokens_details") or {}).get("reasoning_tokens") or 0
    prompt = usage.get("prompt_tokens") or 0
    return Tokens(prompt, min(cached, prompt), usage.get("completion_tokens") or 0, reasoning)


def _texts(completion: Any) -> Iterator[str]:
    """What a completion says, as far as it has the form of one."""
    choices = completion.get("choices")
    for choice in choices if isinstance(choices, list) else ():
        message = choice.get("message") if isinstance(choice, dict) else None
        text = message.get("content") if isinstance(message, dict) else None
        if isinstance(text, str):
            yield text
