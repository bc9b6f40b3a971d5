"""A second request for the slowest few of many (Dean and Barroso, The Tail at Scale, 2013). Knows how long calls of a size
take; refuses to hedge what runs alone: in a fan-out the slowest call is what everybody waits for.

In fan-outs of 20 against simulated lognormal latencies (sigma 0.9) it cuts their p95 to 0.6 to 0.7, for 4 % more requests
(``python -m perf.calls``).
"""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable, Sequence

from harlm import events
from harlm.errors import HarlmError
from harlm.events import Event
from harlm.models.wrappers.limited import Limiter
from harlm.protocols import LanguageModel
from harlm.recent import Recent
from harlm.types import Completion, Message, Sampling

_FAN_OUT = 8  # calls in flight from which one is hedged
_SHARE = 0.05  # of all calls, at most
_PERCENTILE = 0.95
_WORTH_S = 0.05  # a call that is over sooner is not worth a second one
_ENOUGH = 20  # calls of a size from which their percentile is known
_KEPT = 128


class Latencies:
    """How long the calls of one model took, by the size of their prompt (powers of two)."""

    def __init__(self) -> None:
        self._recent: defaultdict[int, Recent] = defaultdict(lambda: Recent(_KEPT))
        self.calls = 0
        self.hedged = 0

    def add(self, characters: int, seconds: float) -> None:
        """Take the time of one call."""
        self.calls += 1
        self._recent[characters.bit_length()].add(seconds)

    @property
    def has_share(self) -> bool:
        """Whether one more would still be a small share of all calls."""
        return self.hedged + 1 <= _SHARE * self.calls

    def slow_after(self, characters: int) -> float | None:
        """Seconds that only 5 % of such calls take; None while too few were seen, or when enough were hedged."""
        if not self.has_share:
            return None
        recent = self._recent.get(characters.bit_length())
        if recent is None or len(recent) < _ENOUGH:
            return None
        after = recent.percentile(_PERCENTILE)
        return after if after >= _WORTH_S else None


class Hedging:
    """A model whose slowest calls in a fan-out are asked twice.

    Args:
        model: what is asked; each request is paid for.
        latencies, limiter: of the model.
        may_hedge: whether there is money for it.
        told: hears of every hedge.
    """

    def __init__(
        self,
        model: LanguageModel,
        latencies: Latencies,
        limiter: Limiter,
        *,
        may_hedge: Callable[[], bool] = lambda: True,
        told: Callable[[Event], None] = lambda event: None,
    ) -> None:
        self.name = model.name
        self.window = model.window
        self._model = model
        self._latencies = latencies
        self._limiter = limiter
        self._may_hedge = may_hedge
        self._told = told

    async def complete(self, messages: Sequence[Message], sampling: Sampling) -> Completion:
        """The reply that comes first; see ``harlm.protocols.LanguageModel``."""
        characters = sum(len(message.content) for message in messages)
        started = time.monotonic()
        await asyncio.sleep(0)  # until those that come with it are here as well
        after = self._latencies.slow_after(characters) if self._limiter.in_flight >= _FAN_OUT else None
        if after is None:
            completion = await self._model.complete(messages, sampling)
        else:
            completion = await self._hedged(messages, sampling, after)
        self._latencies.add(characters, time.monotonic() - started)
        return completion

    def _is_worth_it(self) -> bool:
        """Whether a second request may go now; if so it has its place."""
        return self._latencies.has_share and self._may_hedge() and self._limiter.try_enter()

    async def _hedged(self, messages: Sequence[Message], sampling: Sampling, after: float) -> Completion:
        first = asyncio.create_task(self._model.complete(messages, sampling))
        asked = [first]
        try:
            done, _ = await asyncio.wait(asked, timeout=after)
            if done or not self._is_worth_it():
                return await first
            self._latencies.hedged += 1
            self._told(events.Hedged(model=self.name, after_s=round(after, 3)))
            # The same name: a provider that knows names serves one of the two, and it is the same reply.
            asked.append(asyncio.create_task(self._model.complete(messages, sampling)))
            return await _first_reply(asked)
        finally:
            await _given_up(asked)
            if len(asked) > 1:
                self._limiter.leave()


async def _first_reply(asked: Sequence[asyncio.Task[Completion]]) -> Completion:
    """The first that comes; a failure only when there is nothing else."""
    pending = set(asked)
    while pending:
        done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
        for each in done:
            if each.exception() is None or not pending:
                return each.result()
    raise AssertionError("the last one returns or raises")


async def _given_up(asked: Sequence[asyncio.Task[Completion]]) -> None:
    for each in asked:
        each.cancel()
    for ended in await asyncio.gather(*asked, return_exceptions=True):
        if isinstance(ended, Exception) and not isinstance(ended, HarlmError):
            raise ended
