"""A root model over HTTP that writes line by line, breaks off, and starts anew with the same words or others."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from harlm.testing import FaultyServer, Request
from harlm.testing.dialects import text_event
from harlm.testing.exchange import CHUNKED, EVENTS, Exchange, Fault, chunk


class Attempt(NamedTuple):
    """One attempt at a reply.

    Attributes:
        text: the reply.
        lines: after which the stream breaks off; ``None`` if it does not.
        finish: why it ended, as the provider says.
    """

    text: str
    lines: int | None = None
    finish: str = "stop"


@dataclass(frozen=True, slots=True)
class Written(Fault):
    """A reply that is streamed line by line.

    Attributes:
        attempt: what is written.
        line_s: seconds after each line.
    """

    attempt: Attempt
    line_s: float

    async def play(self, exchange: Exchange) -> None:
        """Write, and break off where the attempt does."""
        reply = await exchange.reply()
        if not exchange.request.is_streamed:
            await exchange.answer(reply)
            return
        lines = self.attempt.text.splitlines(keepends=True)
        data = exchange.head(EVENTS, CHUNKED)
        for line in lines[: self.attempt.lines]:
            await exchange.begin(data + chunk(text_event(reply.request, line)), reply.tokens)
            data = b""
            await asyncio.sleep(self.line_s)
        if self.attempt.lines is not None:
            exchange.reset()
            return
        await exchange.begin(data + chunk(reply.last_events()) + chunk(b""), reply.tokens)


class Writer:
    """A root model whose turns may take several attempts, and a sub-model that replies in capitals.

    Args:
        turns: the attempts at the reply of each turn.
        line_s: seconds after each line that the root model writes.
        sub_s: seconds that a reply of the sub-model takes.
    """

    def __init__(
        self, turns: Sequence[Sequence[Attempt]], *, line_s: float = 0.03, sub_s: float = 0.05
    ) -> None:
        self._turns = turns
        self._line_s = line_s
        self._sub_s = sub_s
        self._attempts: Counter[int] = Counter()

    def server(self) -> FaultyServer:
        """A server of both models, which bills what it sends."""
        return FaultyServer(
            lambda request: request.prompt.upper() if request.model == "sub" else self._current(request).text,
            faults=lambda request: (
                None if request.model == "sub" else Written(self._next(request), self._line_s)
            ),
            latency_s=lambda request: self._sub_s if request.model == "sub" else 0.0,
        )

    def _next(self, request: Request) -> Attempt:
        """The next attempt at the reply of a turn."""
        turn = sum(role == "assistant" for role, _ in request.messages)
        self._attempts[turn] += 1
        return self._current(request)

    def _current(self, request: Request) -> Attempt:
        turn = sum(role == "assistant" for role, _ in request.messages)
        attempts = self._turns[min(turn, len(self._turns) - 1)]
        return attempts[min(self._attempts[turn], len(attempts)) - 1]
