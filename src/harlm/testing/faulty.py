"""A provider over real HTTP that fails on request, has limits, and remembers what it billed."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import msgspec

from harlm.testing.chat_server import ChatServer, LatencyOf, ReplyOf, UsageOf, words_counted
from harlm.testing.dialects import ModelReply, Request, Tokens
from harlm.testing.exchange import Exchange, Fault, Headers
from harlm.testing.faults import Html, Status
from harlm.testing.limits import Admission, Limits

if TYPE_CHECKING:
    from aiohttp import web

Faults = Callable[[Request], Fault | None] | Sequence[Fault | None]


@dataclass(frozen=True, slots=True)
class Bill:
    """What the client owes for one request.

    Attributes:
        number: of the request.
        model: that was asked.
        prompt: tokens, the cached ones among them.
        cached: tokens.
        completion: tokens.
        delivered: whether the whole completion was sent while the client was connected.
    """

    number: int
    model: str
    prompt: int
    cached: int
    completion: int
    delivered: bool


class FaultyServer(ChatServer):
    """A chat server with faults, limits and bills.

    A reply is billed from its first byte on, whether or not it says what it costs and whether or not the
    client is still connected. Refusals, pages of HTML, and what is reset or silent before the first byte are
    not billed. ``GET /counts`` returns ``counts``.

    Args:
        reply: the model.
        faults: what goes wrong with a request; a sequence is for the first requests, refused ones included.
        latency_s: how long each reply takes, faults included; only refusals by a limit come at once.
        limits: what is refused with 429.
        usage: as of ``ChatServer``.
        keeps_requests: as of ``ChatServer``.

    Attributes:
        refused: how many requests were answered with status 429.
        most_in_flight: how many requests were under way at once, without those that a limit refused.
    """

    def __init__(
        self,
        reply: ReplyOf,
        *,
        faults: Faults = (),
        latency_s: LatencyOf = 0.0,
        limits: Limits | None = None,
        usage: UsageOf = words_counted,
        keeps_requests: bool = True,
    ) -> None:
        super().__init__(reply, latency_s=latency_s, usage=usage, keeps_requests=keeps_requests)
        self.refused = 0
        self._fault_of = faults if callable(faults) else partial(_nth, faults)
        self._admission = Admission(limits or Limits())
        self._bills: dict[int, Bill] = {}

    @property
    def bills(self) -> list[Bill]:
        """What the client owes, in the order of the first bytes."""
        return list(self._bills.values())

    def counts(self) -> dict[str, int]:
        """Sums over everything so far: requests, refusals, bills (of them delivered) and their tokens."""
        bills = self.bills
        return {
            "requests": self.arrived,
            "refused": self.refused,
            "most_in_flight": self.most_in_flight,
            "calls": len(bills),
            "delivered": sum(bill.delivered for bill in bills),
            "prompt": sum(bill.prompt for bill in bills),
            "cached": sum(bill.cached for bill in bills),
            "completion": sum(bill.completion for bill in bills),
        }

    async def _serve(self, exchange: Exchange) -> None:
        if exchange.request.path == "/counts":
            await exchange.send(exchange.whole(msgspec.json.encode(self.counts())))
        else:
            await super()._serve(exchange)

    async def _answer(self, exchange: Exchange, fault: Fault | None = None) -> None:
        request = exchange.request
        refused = self._admission.refusal(request, in_flight=self.in_flight, now=time.monotonic())
        if refused is not None:
            await self._play(refused, exchange)
        else:
            await super()._answer(exchange, self._fault_of(request))

    async def _play(self, answer: ModelReply | web.Response | Fault, exchange: Exchange) -> None:
        if isinstance(answer, Status | Html) and answer.status == 429:
            self.refused += 1
        await super()._play(answer, exchange)

    def _headers(self) -> Headers:
        return self._admission.headers(time.monotonic())

    def _bill(self, request: Request, tokens: Tokens, *, delivered: bool) -> None:
        bill = Bill(request.number, request.model, tokens.prompt, tokens.cached, tokens.completion, delivered)
        self._bills[request.number] = bill


def _nth(faults: Sequence[Fault | None], request: Request) -> Fault | None:
    return faults[request.number] if request.number < len(faults) else None
