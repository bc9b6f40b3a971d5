"""How many requests one model at one address takes: learned from what the provider tells and refuses. Knows requests in
flight and rates; refuses to retry.

In flight: additive increase, multiplicative decrease (Chiu and Jain 1989), beginning with a doubling for each round trip,
and not probing again soon where a refusal has shown the ceiling. Rates: a bucket for requests and one for tokens, filled by
what ``x-ratelimit-*`` says, so that requests wait here instead of being refused there.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections import deque
from collections.abc import Callable, Sequence

from harlm.errors import ModelUnavailable, RateLimited
from harlm.protocols import LanguageModel
from harlm.types import Completion, Message, Rate, Rates, Sampling

_FIRST_WINDOW = 8  # until something has answered
_DECREASE = 0.75
_PROBE_AGAIN_S = 20.0  # after a ceiling was seen
_LONGEST_PAUSE_S = 120.0
_CHARACTERS_OF_TOKEN = 4


class Limiter:
    """The state for one model at one address.

    Args:
        most: requests in flight, whatever the provider takes.
        is_open: whether the address is known to tell no limits; otherwise they are felt for.
        now: the clock, in seconds.
    """

    def __init__(
        self, most: int, *, is_open: bool = False, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._most = most
        self.now = now
        self._window: float = most if is_open else min(most, _FIRST_WINDOW)
        self._is_feeling = not is_open
        self._ceiling = math.inf
        self._ceiling_until = 0.0
        self._paused_until = 0.0
        self._cut_at = -math.inf
        self._requests = _Bucket()
        self._tokens = _Bucket()
        self._waiting: deque[tuple[asyncio.Future[None], int]] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self.in_flight = 0

    @property
    def is_open(self) -> bool:
        """Whether something has answered that tells no limits, and none has shown."""
        return not self._is_feeling and self._ceiling == math.inf

    @property
    def window(self) -> int:
        """How many requests may be in flight now."""
        return max(1, int(self._window))

    async def enter(self, tokens: int = 0) -> None:
        """Wait, in order of arrival, until a request of about so many tokens may go."""
        if not self._waiting and self._delay(tokens) <= 0:
            self._go(tokens)
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((turn, tokens))
        self._serve()
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.leave()  # its turn came in the same moment
            else:
                self._serve()
            raise

    def try_enter(self) -> bool:
        """Take a place that is free now, in front of nobody; False when there is none."""
        if self._waiting or self._delay(0) > 0:
            return False
        self._go(0)
        return True

    def leave(self) -> None:
        """A request is over."""
        self.in_flight -= 1
        self._serve()

    def answered(self, rates: Rates | None) -> None:
        """A request was served; ``rates`` is what the provider told along with it."""
        self._learn(rates)
        if rates is None and self._is_feeling and self._ceiling == math.inf:
            self._window = self._most  # nobody counts here
            self._is_feeling = False
            return
        if self.in_flight < self.window or self._window >= self._most:
            return
        if self._window + 1 >= self._ceiling and self.now() < self._ceiling_until:
            return
        self._window = min(self._most, self._window + (1 if self._is_feeling else 1 / self._window))

    def refused(self, error: RateLimited, sent_at: float) -> None:
        """A request was answered 429."""
        self._learn(error.rates)
        if error.retry_after is not None:
            self._pause(error.retry_after)
        told = error.rates.requests if error.rates else None
        if told is None or told.left > 0:
            self._cut(sent_at)

    def strained(self, error: ModelUnavailable, sent_at: float) -> None:
        """A request found a server that cannot serve it now."""
        if error.status is not None:
            self._cut(sent_at)

    def _cut(self, sent_at: float) -> None:
        """Fewer in flight: once for all requests that were under way together."""
        if sent_at < self._cut_at:
            return
        now = self.now()
        self._cut_at, self._is_feeling = now, False
        self._ceiling, self._ceiling_until = min(self.in_flight, self._window), now + _PROBE_AGAIN_S
        self._window = max(1.0, self._ceiling * _DECREASE)

    def _pause(self, seconds: float) -> None:
        self._paused_until = max(self._paused_until, self.now() + min(seconds, _LONGEST_PAUSE_S))

    def _learn(self, rates: Rates | None) -> None:
        if rates is not None:
            self._requests.learn(rates.requests, self.in_flight - 1, self.now())
            self._tokens.learn(rates.tokens, 0, self.now())

    def _delay(self, tokens: int) -> float:
        """Seconds until a request may go: 0 for now, infinity for when another is over."""
        if self.in_flight >= self.window:
            return math.inf
        now = self.now()
        return max(
            self._paused_until - now, self._requests.delay(1, now), self._tokens.delay(tokens, now), 0.0
        )

    def _go(self, tokens: int) -> None:
        self.in_flight += 1
        self._requests.take(1, self.now())
        self._tokens.take(tokens, self.now())

    def _serve(self) -> None:
        while self._waiting:
            turn, tokens = self._waiting[0]
            if turn.done():
                self._waiting.popleft()
                continue
            delay = self._delay(tokens)
            if delay > 0:
                if delay < math.inf:
                    self._wake_in(delay)
                return
            self._waiting.popleft()
            self._go(tokens)
            turn.set_result(None)

    def _wake_in(self, seconds: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(seconds, self._serve)


class _Bucket:
    """What is left of a rate, by what the provider last told and what has gone since."""

    def __init__(self) -> None:
        self._limit = 0
        self._level = math.inf
        self._per_s = 0.0
        self._at = 0.0

    def learn(self, rate: Rate | None, uncounted: int, now: float) -> None:
        """Take what was told; ``uncounted`` requests are on their way and may not be in it."""
        if rate is None:
            return
        by_minute = rate.limit / 60
        used = rate.limit - rate.left
        self._per_s = min(by_minute, used / rate.reset_s) if rate.reset_s and used else by_minute
        self._limit, self._level, self._at = rate.limit, rate.left - uncounted, now

    def delay(self, amount: int, now: float) -> float:
        """Seconds until so much is there. More than there ever is waits for a full bucket."""
        short = min(amount, self._limit or amount) - self._filled(now)
        return short / self._per_s if short > 0 and self._per_s > 0 else 0.0

    def take(self, amount: int, now: float) -> None:
        self._level, self._at = self._filled(now) - amount, now

    def _filled(self, now: float) -> float:
        if self._level == math.inf:
            return self._level
        return min(self._limit, self._level + (now - self._at) * self._per_s)


class Limited:
    """A model that takes no more requests than its limiter lets through."""

    def __init__(self, model: LanguageModel, limiter: Limiter) -> None:
        self.name = model.name
        self.window = model.window
        self._model = model
        self._limiter = limiter

    async def complete(self, messages: Sequence[Message], sampling: Sampling) -> Completion:
        """One request, when its turn has come; see ``harlm.protocols.LanguageModel``."""
        limiter = self._limiter
        await limiter.enter(sum(len(message.content) for message in messages) // _CHARACTERS_OF_TOKEN)
        sent_at = limiter.now()
        try:
            completion = await self._model.complete(messages, sampling)
            limiter.answered(completion.rates)
            return completion
        except RateLimited as error:
            limiter.refused(error, sent_at)
            raise
        except ModelUnavailable as error:
            limiter.strained(error, sent_at)
            raise
        finally:
            limiter.leave()
