"""The server of a scripted root model, which streams, and of a sub-model of fixed latency, without limits.

``POST /pattern`` names the pattern whose replies the root model writes next, and forgets what was seen; ``POST /seen`` returns
what was. All times are of this process.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec
from aiohttp import web

from harlm.testing import ChatServer, ModelReply, Request, Tokens
from harlm.testing.dialects import text_event
from harlm.testing.exchange import CHUNKED, EVENTS, Exchange, Fault, chunk
from harlm.testing.faults import refusal
from perf.ahead.pattern import LATENCY_S, Refused, reply_to
from perf.ahead.patterns import PATTERNS
from perf.ahead.script import TOKENS_PER_S, Dialect, Piece, last_reply, pieces_of
from perf.server import fixed_usage, serve

if TYPE_CHECKING:
    from harlm.testing.chat_server import AnyReply


class RootRequest(msgspec.Struct):
    """One request for a reply of the root model.

    Attributes:
        at: when it arrived.
        text: all of its messages.
        sent: when each token of the reply was written; a reply that is not streamed is sent after the last one.
        ended: when the reply was sent, or the client left.
    """

    at: float
    text: str
    sent: list[float] = msgspec.field(default_factory=list)
    ended: float = 0.0


class SubCall(msgspec.Struct):
    """One request for a reply of the sub-model, with the time of its arrival."""

    at: float
    prompt: str


class Seen(msgspec.Struct):
    """What was asked since the last change of the pattern.

    Attributes:
        roots: of the root model, in order.
        subs: of the sub-model, in order.
        in_flight: requests that wait for a reply.
    """

    roots: list[RootRequest] = msgspec.field(default_factory=list)
    subs: list[SubCall] = msgspec.field(default_factory=list)
    in_flight: int = 0


@dataclass(frozen=True, slots=True)
class _Stream(Fault):
    """A reply that is sent in pieces at their times.

    Attributes:
        pieces: of the reply.
        root: where the times are noted.
        slower: by how much the times of the pieces are stretched.
    """

    pieces: Sequence[Piece]
    root: RootRequest
    slower: float = 1.0

    async def play(self, exchange: Exchange) -> None:
        """Send the pieces, each when it is written."""
        request = exchange.request
        text = "".join(piece.text for piece in self.pieces)
        reply = ModelReply(request, text, Tokens(*fixed_usage(request, text)))
        try:
            if request.is_streamed:
                await exchange.send(exchange.head(EVENTS, CHUNKED))
                for piece in self.pieces:
                    await self._until(piece.at)
                    await exchange.send(chunk(text_event(request, piece.text)))
                    self.root.sent += [time.monotonic()] * (piece.tokens - len(self.root.sent))
                await exchange.send(chunk(reply.last_events()) + chunk(b""))
            else:
                for piece in self.pieces:
                    await self._until(piece.at)
                    self.root.sent += [time.monotonic()] * (piece.tokens - len(self.root.sent))
                await exchange.deliver(reply.completion(), reply.tokens)
        finally:
            self.root.ended = time.monotonic()

    async def _until(self, seconds: float) -> None:
        await asyncio.sleep(max(0.0, self.root.at + self.slower * seconds - time.monotonic()))


class ScriptedModels:
    """Both models, and the record of what they were asked."""

    def __init__(self) -> None:
        self._seen = Seen()
        self._turns: tuple[str, ...] = ()
        self._latency_s = LATENCY_S
        self._dialect: Dialect = "repl"
        self._slower = 1.0

    def choose(self, request: Request) -> web.Response:
        """Take a pattern, a dialect of replies and a speed."""
        pattern = PATTERNS[request.body["pattern"]]
        self._seen = Seen()
        self._turns, self._latency_s = pattern.turns, pattern.latency_s
        self._dialect = request.body["dialect"]
        self._slower = TOKENS_PER_S / request.body["tokens_per_s"]
        return web.json_response({})

    def seen(self, request: Request) -> web.Response:
        """What was asked since."""
        return web.Response(body=msgspec.json.encode(self._seen), content_type="application/json")

    async def reply(self, request: Request) -> AnyReply:
        """A reply of the model that was asked."""
        seen, now = self._seen, time.monotonic()
        if request.model == "root":
            turn = len(seen.roots)
            root = RootRequest(now, "\n".join(text for _, text in request.messages))
            seen.roots.append(root)
            if turn >= len(self._turns):
                return last_reply(self._dialect)
            return _Stream(pieces_of(self._turns[turn], self._dialect), root, self._slower)
        prompt = request.prompt
        seen.subs.append(SubCall(now, prompt))
        seen.in_flight += 1
        try:
            await asyncio.sleep(self._latency_s - (time.monotonic() - now))
            return reply_to(prompt)
        except Refused as error:
            return refusal(400, str(error))
        finally:
            seen.in_flight -= 1


def main() -> None:
    """Serve until terminated."""
    models = ScriptedModels()
    routes: dict[str, Any] = {"/pattern": models.choose, "/seen": models.seen}
    serve(ChatServer(models.reply, routes=routes, usage=fixed_usage, keeps_requests=False))


if __name__ == "__main__":
    main()
