"""Requests, replies and providers with limits, for the tests of the limiter. All times are virtual."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Sequence
from typing import Any, Literal

from harlm.errors import RateLimited
from harlm.models.wrappers import Limited, Limiter
from harlm.types import Completion, Message, Rate, Rates, Sampling
from tests.support.timed_provider import Outcome, Provider, failing, said
from tests.support.virtual_time import now

NAME = Provider.name
MOST = 32
FIRST = 32
_ONE_WAY_S = 0.005  # to a provider, or back
WIDE = 128
"""More requests in flight than an unknown address gets at once."""


def limited(seconds: float | None = None, rates: Rates | None = None) -> RateLimited:
    return RateLimited("429", model=NAME, status=429, retry_after=seconds, rates=rates)


def requests(left: int, limit: int = 600, reset_s: float | None = None) -> Rates:
    return Rates(requests=Rate(limit=limit, left=left, reset_s=reset_s), tokens=None)


def tokens(left: int, limit: int = 60_000, reset_s: float | None = None) -> Rates:
    return Rates(requests=None, tokens=Rate(limit=limit, left=left, reset_s=reset_s))


async def answer(limiter: Limiter, outcome: Outcome, seconds: float = 0.0, size: int = 0) -> None:
    """One request through the limiter, and its outcome."""
    text = (Message(role="user", content="x" * 4 * size),)
    line = Limited(Provider([outcome], seconds), limiter)
    await asyncio.gather(line.complete(text, Sampling()), return_exceptions=True)


async def flight(limiter: Limiter, *outcomes: Outcome, size: int = 0) -> list[asyncio.Task[None]]:
    """Requests that start together; each ends a second after the one before."""
    flying = [
        asyncio.create_task(answer(limiter, outcome, 1.0 + number, size))
        for number, outcome in enumerate(outcomes)
    ]
    await asyncio.sleep(0.5)
    return flying


async def queued(limiter: Limiter, count: int) -> tuple[list[asyncio.Task[None]], list[int]]:
    """``count`` tasks that wait in order, and a list that grows by the number of each whose turn comes."""
    came: list[int] = []

    async def wait(number: int) -> None:
        await limiter.enter()
        came.append(number)

    waiting = [asyncio.create_task(wait(number)) for number in range(count)]
    await asyncio.sleep(0)
    return waiting, came


async def let_run() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def cancelled(*tasks: asyncio.Task[Any]) -> None:
    for each in tasks:
        each.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def granted(limiter: Limiter, count: int, size: int = 0) -> list[float]:
    """When each of ``count`` requests may go, one after another, in seconds from now."""
    began, times = now(), []
    for _ in range(count):
        await limiter.enter(size)
        times.append(now() - began)
        limiter.leave()
    return times


When = Literal["as it comes", "as it goes"]
"""When a provider reads its counters for a reply: as the request comes, or as the reply goes. Providers do
either.
"""


class Minute:
    """A provider with a limit a minute that refills continuously.

    Args:
        limit: units that return each minute.
        size: units that it takes at once after a rest.
        tells: when it reads its counters for a reply.
        amount: units of each request; 1 counts requests, more counts tokens.
    """

    def __init__(self, limit: int, size: int, tells: When = "as it comes", amount: int = 1) -> None:
        self._limit, self._size, self._amount, self._tells = limit, size, amount, tells
        self._level, self._at = float(size), now()
        self.refusals = 0

    def _filled(self) -> float:
        self._level = min(self._size, self._level + (now() - self._at) * self._limit / 60)
        self._at = now()
        return self._level

    def _rates(self) -> Rates:
        left = self._filled()
        rate = Rate(limit=self._limit, left=int(left), reset_s=(self._size - left) * 60 / self._limit)
        return Rates(requests=rate, tokens=None) if self._amount == 1 else Rates(requests=None, tokens=rate)

    async def serve(self, takes: float) -> Completion:
        fits = self._filled() >= self._amount
        short = (self._amount - self._level) * 60 / self._limit
        self._level -= self._amount if fits else 0
        rates = self._rates()
        await asyncio.sleep(takes if fits else 0.01)
        if self._tells == "as it goes":
            rates = self._rates()
        if not fits:
            self.refusals += 1
            raise limited(short, rates)
        return said("x", rates=rates)


async def burst(
    calls: int,
    minute: Minute,
    *,
    takes: Callable[[], float],
    prompt: int = 100,
    max_tokens: int | None = None,
    limiter: Limiter | None = None,
) -> float:
    """How many seconds ``calls`` calls take, all started at once."""

    class Provided(Provider):
        async def complete(self, messages: Sequence[Message], sampling: Sampling) -> Completion:
            return await minute.serve(takes())

    line = Limited(Provided(), limiter or Limiter(MOST, now=now))
    text = (Message(role="user", content="x" * 4 * prompt),)

    async def call() -> None:
        while True:
            try:
                await line.complete(text, Sampling(max_tokens=max_tokens))
                return
            except RateLimited:
                pass

    began = now()
    await asyncio.gather(*(call() for _ in range(calls)))
    return now() - began


class AtOnce(Provider):
    """A provider that takes so many requests at once, and refuses more after a round trip.

    Args:
        places: requests at once.
        takes: how long a request takes, in seconds.
        states: whether replies state a rate limit, which is never reached.
        status: of refusals.

    Attributes:
        refusals: how many requests were refused.
    """

    def __init__(
        self, places: float, takes: Callable[[], float], *, states: bool = False, status: int = 429
    ) -> None:
        super().__init__()
        self.refusals = 0
        self._places, self._takes, self._status = places, takes, status
        self._rates = requests(left=599_999, limit=600_000) if states else None

    async def complete(self, messages: Sequence[Message], sampling: Sampling) -> Completion:
        self.asked.append(sampling)
        self.began.append(now())
        await asyncio.sleep(_ONE_WAY_S)
        if self.in_flight >= self._places:
            self.refusals += 1
            await asyncio.sleep(_ONE_WAY_S)
            raise limited(rates=self._rates) if self._status == 429 else failing(self._status)
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            await asyncio.sleep(self._takes())
        finally:
            self.in_flight -= 1
        await asyncio.sleep(_ONE_WAY_S)
        return said("x", rates=self._rates)

    @property
    def waves(self) -> int:
        """At how many moments requests were sent."""
        return len({round(each, 3) for each in self.began})

    @property
    def refused_share(self) -> float:
        """Refusals of all requests so far, from 0 to 1."""
        return self.refusals / len(self.asked)


def steady(seconds: float) -> Callable[[], float]:
    return lambda: seconds


def uneven(seconds: float) -> Callable[[], float]:
    """Around ``seconds``, spread as the times of models are: some take ten times as long."""
    drawn = random.Random(5)
    return lambda: drawn.lognormvariate(0, 0.8) * seconds
