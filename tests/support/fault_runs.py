"""Runs against a provider that fails: what they ask, what is right, and what the provider bills."""

from __future__ import annotations

import asyncio
import random
import socket
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import msgspec

from harlm import (
    HARLM,
    Budget,
    Price,
)
from harlm.config import Config, ModelSettings
from harlm.models.access import Endpoint
from harlm.models.http import Transport
from harlm.models.openai import OpenAIChat
from harlm.models.wrappers import KnownLimits, Layers, Patience
from harlm.protocols import LanguageModel
from harlm.testing import FaultyServer, Request
from harlm.testing.exchange import Exchange, Fault
from harlm.testing.faults import (
    Dribble,
    Duplicate,
    Finish,
    Html,
    Late,
    Malformed,
    NoChoices,
    NoUsage,
    NullContent,
    Reset,
    Silence,
    Status,
    Truncated,
    TruncatedStream,
)
from harlm.types import PICOS, Message, Sampling, Usage

PRICES = {
    "openai/root": Price(input=1.25, output=10.0),
    "openai/sub": Price(input=0.25, output=2.0, cached=0.03),
}
TIMEOUT_S = 1.0  # of one request: what is silent costs so much
KEY = "sk-a-key-that-must-stay-secret"


def words_for(calls: int) -> Callable[[Request], str]:
    """A root model that asks so many sub-calls at once and finishes with their replies; a sub-model that repeats."""

    def words(request: Request) -> str:
        if request.model == "sub":
            return f"said {request.prompt}"
        if len(request.messages) == 2:
            return (
                "```repl\nname = context.split()[-1]\n"
                f"replies = llm_query_batched([f'{{name}} {{i}}' for i in range({calls})])\nprint(len(replies))\n```"
            )
        return "```repl\nFINAL(' | '.join(replies))\n```"

    return words


def right(calls: int, name: str = "item") -> str:
    return " | ".join(f"said {name} {number}" for number in range(calls))


def client(
    server: FaultyServer, *, budget: Budget | None = None, hedging: bool = False, **models: Any
) -> HARLM:
    return HARLM(
        model=f"openai/root@{server.base_url}",
        sub_model=f"openai/sub@{server.base_url}",
        mode="full",
        prices=PRICES,
        budget=budget,
        cache=False,  # the bills of all calls are what is compared
        settings=Config(models=ModelSettings(**{"timeout_s": TIMEOUT_S, "hedging": hedging, **models})),
    )


def once_at(number: int, fault: Fault) -> Callable[[Request], Fault | None]:
    return lambda request: fault if request.number == number else None


def error(status: int, message: str = "the reason", **headers: str) -> Status:
    body = msgspec.json.encode({"error": {"message": message}}).decode()
    return Status(status, body, tuple((name.replace("_", "-"), value) for name, value in headers.items()))


@dataclass(frozen=True, slots=True)
class Raw(Fault):
    """A body as it is."""

    status: int
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()

    async def play(self, exchange: Exchange) -> None:
        length = ("content-length", str(len(self.body)))
        await exchange.send(exchange.head(length, *self.headers, status=self.status) + self.body)


@dataclass(slots=True)
class Held(Fault):
    """A request that is never answered, and is known to be open until the client leaves."""

    open: set[int] = field(default_factory=set)
    seen: int = 0

    async def play(self, exchange: Exchange) -> None:
        self.seen += 1
        self.open.add(exchange.request.number)
        exchange.keep_alive = False
        try:
            await exchange.until_left()
        finally:
            self.open.discard(exchange.request.number)


@dataclass(frozen=True, slots=True)
class SecondLater(Fault):
    """The whole reply, and the same once more on the idle connection."""

    seconds: float = 0.05

    async def play(self, exchange: Exchange) -> None:
        reply = await exchange.reply()
        await exchange.deliver(reply.completion(), reply.tokens)
        await asyncio.sleep(self.seconds)
        await exchange.send(exchange.whole(msgspec.json.encode(reply.completion())))


def deep(levels: int) -> bytes:
    return b'{"error": {"message": ' + b"[" * levels + b"]" * levels + b"}}"


def picos_of(server: FaultyServer) -> int:
    """What the server bills, exactly."""
    return sum(
        PRICES[f"openai/{bill.model}"].picos(
            Usage(calls=1, input_tokens=bill.prompt, output_tokens=bill.completion, cached_tokens=bill.cached)
        )
        for bill in server.bills
    )


def micros_of(server: FaultyServer) -> int:
    return picos_of(server) // PICOS


MIX: tuple[Fault, ...] = (
    error(429, retry_after_ms="20"),
    error(429),
    error(500),
    error(502),
    error(503),
    error(529),
    Reset(),
    Reset("half"),
    Silence("headers"),
    Dribble(0.02),
    Truncated(),
    TruncatedStream(),
    Html(200),
    Malformed(),
    NoChoices(),
    NullContent(),
    NoUsage(),
    Duplicate(),
    Finish("error"),
    Late(0.05),
)


class Seeded:
    """Faults by prompt and attempt, so that they do not depend on which request comes first."""

    def __init__(self, share: float, mix: tuple[Fault, ...], seed: int = 0) -> None:
        self._share, self._mix, self._seed = share, mix, seed
        self._attempts: Counter[str] = Counter()
        self.faults = 0

    def __call__(self, request: Request) -> Fault | None:
        what = f"{self._seed} {request.model} {request.messages}"
        self._attempts[what] += 1
        drawn = random.Random(f"{what} {self._attempts[what]}")
        if drawn.random() >= self._share:
            return None
        self.faults += 1
        return drawn.choice(self._mix)


ASKED = (Message(role="user", content="hello"),)


def chat(base_url: str, transport: Transport) -> OpenAIChat:
    return OpenAIChat(
        Endpoint(
            name="openai/sub",
            model="sub",
            base_url=base_url,
            key=KEY,
            key_hint="TEST_KEY",
            transport=transport,
        ),
        window=128_000,
    )


@asynccontextmanager
async def line_to(
    server: FaultyServer,
    *,
    concurrency: int = 32,
    hedges: bool = False,
    known: KnownLimits | None = None,
    **settings: Any,
) -> AsyncIterator[LanguageModel]:
    """All layers but the till, around a model of the server, in a run that begins with what is ``known``."""
    async with Transport(ModelSettings(**{"timeout_s": 5.0, **settings})) as transport:
        model = chat(server.base_url, transport)
        layers = Layers(concurrency=concurrency, hedges=hedges, patience=Patience(seconds=60), known=known)
        layers.add(model, server.base_url)
        yield layers.around(model, lambda each: each)
        layers.remember()


async def echoed(line: LanguageModel, number: int) -> bool:
    asked = (Message(role="user", content=f"number {number}."),)
    return (await line.complete(asked, Sampling())).text == f"said number {number}."


def closed_port() -> str:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{unused.getsockname()[1]}"
