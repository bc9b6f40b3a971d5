"""A second request for the slowest calls of a fan-out (Dean and Barroso, The Tail at Scale, 2013). A call
that runs alone is not hedged: only in a fan-out do all calls wait for the slowest.

In fan-outs of 20 against simulated lognormal latencies (sigma 0.9) it cuts their 95th percentile to 0.6 to
0.7 of its value, for 4 % more requests (``python -m perf.calls``).
"""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence

from harlm import events
from harlm.errors import HarlmError
from harlm.events import Event
from harlm.models.wrappers.limited import Limiter
from harlm.percentiles import Recent
from harlm.protocols import LanguageModel
from harlm.types import Completion, Message, Sampling

_FAN_OUT = 8  # calls in flight, at least, for a call to be hedged
_SHARE = 0.05  # of all calls, at most, are hedged
_PERCENTILE = 0.95
_WORTH_S = 0.05  # calls that end sooner are not hedged
_ENOUGH = 20  # calls of a size, until their percentile is used
_KEPT = 128  # most recent times of each size


class Latencies:
    """How long recent calls of one model took, in seconds, by the size of their prompt (powers of two).

    Args:
        known: by size in bits, the seconds that 5 % of calls exceeded in earlier runs. They hold until enough calls
            of the size are timed.

    Attributes:
        calls: how many calls were timed.
        hedged: how many of them got a second request.
    """

    def __init__(self, known: Mapping[int, float] | None = None) -> None:
        self._known = dict(known or {})
        self._recent: defaultdict[int, Recent] = defaultdict(lambda: Recent(_KEPT))
        self.calls = 0
        self.hedged = 0

    def add(self, characters: int, seconds: float) -> None:
        """Record the time of one call."""
        self.calls += 1
        self._recent[characters.bit_length()].add(seconds)

    @property
    def has_share(self) -> bool:
        """Whether the share of hedged calls would stay within 5 % with one more."""
        return self.hedged + 1 <= _SHARE * self.calls

    def slow_after(self, characters: int) -> float | None:
        """The seconds that only 5 % of the calls of this size exceed; None if too few calls were timed, if
        they end within 50 ms, or if 5 % of all calls have been hedged already.
        """
        if not self.has_share:
            return None
        after = self._slow(characters.bit_length())
        return after if after is not None and after >= _WORTH_S else None

    @property
    def slow(self) -> dict[int, float]:
        """By size in bits, the seconds that 5 % of calls exceed, where that is known."""
        found = {size: self._slow(size) for size in (*self._known, *self._recent)}
        return {size: seconds for size, seconds in found.items() if seconds is not None}

    def _slow(self, size: int) -> float | None:
        recent = self._recent.get(size)
        if recent is None or len(recent) < _ENOUGH:
            return self._known.get(size)
        return recent.percentile(_PERCENTILE)


class Hedging:
    """A model whose slowest calls in a fan-out get a second request.

    Args:
        model: the model to ask. It pays for each request.
        latencies: the times of its calls.
        limiter: its limiter, in which a second request needs a place too.
        may_hedge: whether the budget allows a second request now.
        on_event: called for each hedge.
    """

    def __init__(
        self,
        model: LanguageModel,
        latencies: Latencies,
        limiter: Limiter,
        *,
        may_hedge: Callable[[], bool] = lambda: True,
        on_event: Callable[[Event], None] = lambda event: None,
    ) -> None:
        self.name = model.name
        self.window = model.window
        self._model = model
        self._latencies = latencies
        self._limiter = limiter
        self._may_hedge = may_hedge
        self._on_event = on_event

    async def complete(self, messages: Sequence[Message], sampling: Sampling) -> Completion:
        """The reply that arrives first; see ``harlm.protocols.LanguageModel``."""
        characters = sum(len(message.content) for message in messages)
        started = time.monotonic()
        await asyncio.sleep(0)  # let the other calls of the fan-out start, so that they are counted
        after = self._latencies.slow_after(characters) if self._limiter.in_flight >= _FAN_OUT else None
        if after is None:
            completion = await self._model.complete(messages, sampling)
        else:
            completion = await self._hedged(messages, sampling, after)
        self._latencies.add(characters, time.monotonic() - started)
        return completion

    def _takes_place(self) -> bool:
        """Whether a second request may be sent now. If so, it has taken a place in the limiter."""
        return self._latencies.has_share and self._may_hedge() and self._limiter.try_enter()

    async def _hedged(self, messages: Sequence[Message], sampling: Sampling, after: float) -> Completion:
        first = asyncio.create_task(self._model.complete(messages, sampling))
        asked = [first]
        try:
            done, _ = await asyncio.wait(asked, timeout=after)
            if done or not self._takes_place():
                return await first
            self._latencies.hedged += 1
            self._on_event(events.Hedged(model=self.name, after_s=round(after, 3), call=sampling.call))
            # Under the same request key, a provider that supports keys does the work once and both get its
            # reply.
            asked.append(asyncio.create_task(self._model.complete(messages, sampling)))
            return await _first_reply(asked)
        finally:
            await _cancel(asked)
            if len(asked) > 1:
                self._limiter.leave()


async def _first_reply(asked: Sequence[asyncio.Task[Completion]]) -> Completion:
    """The first reply; the failure of the last request if all fail."""
    pending = set(asked)
    while pending:
        done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
        for each in done:
            if each.exception() is None or not pending:
                return each.result()
    raise AssertionError("the last one returns or raises")


async def _cancel(asked: Sequence[asyncio.Task[Completion]]) -> None:
    """Cancel the running requests. Errors other than a model's or a limit's are bugs, and are raised."""
    for each in asked:
        each.cancel()
    for ended in await asyncio.gather(*asked, return_exceptions=True):
        if isinstance(ended, Exception) and not isinstance(ended, HarlmError):
            raise ended
