"""How many requests one model at one address takes: learned from what the provider tells and refuses. Knows requests in
flight and rates; refuses to retry.

In flight: additive increase, multiplicative decrease (Chiu and Jain 1989), beginning with half as many again for each
round trip, and not probing again soon where a refusal has shown the ceiling. Rates: a bucket for requests and one for tokens,
filled by what ``x-ratelimit-*`` says, so that requests wait here instead of being refused there.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from harlm.errors import ModelUnavailable, RateLimited
from harlm.protocols import LanguageModel
from harlm.types import Completion, Message, Rate, Rates, Sampling

_FIRST_WINDOW = 8  # until something has answered
_GROWTH = (
    0.5  # of the window in a round trip, until something was refused: what is too many is refused at once
)
_DECREASE = 0.75
_PROBE_AGAIN_S = 20.0  # after a ceiling was seen
_LONGEST_PAUSE_S = 120.0
_CHARACTERS_OF_TOKEN = 4
_LARGE_SHARE, _UPWARDS = 0.1, 0.2
_SLACK_S = 0.02  # a request goes so much later than it could: one that arrives a moment too early is refused
_TOO_BUSY = (503, 529)


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
        self._waiting: deque[tuple[asyncio.Future[Ticket], int]] = deque()
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

    async def enter(self, tokens: int = 0) -> Ticket:
        """Wait, in order of arrival, until a request of about so many tokens may go."""
        if not self._waiting and self._delay(tokens) <= 0:
            return self._go(tokens)
        turn: asyncio.Future[Ticket] = asyncio.get_running_loop().create_future()
        self._waiting.append((turn, tokens))
        self._serve()
        try:
            return await turn
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

    def answered(self, rates: Rates | None, ticket: Ticket) -> None:
        """A request was served; ``rates`` is what the provider told along with it."""
        self._learn(rates, ticket)
        if rates is None and self._is_feeling and self._ceiling == math.inf:
            self._window = self._most  # nobody counts here
            self._is_feeling = False
            return
        if self.in_flight < self.window or self._window >= self._most:
            return
        if self._window + 1 >= self._ceiling and self.now() < self._ceiling_until:
            return
        self._window = min(self._most, self._window + (_GROWTH if self._is_feeling else 1 / self._window))

    def refused(self, error: RateLimited, ticket: Ticket) -> None:
        """A request was answered 429: too many in a minute, or, where some are left of that, too many at once. A wait that
        is beyond all patience is for whom it was told.
        """
        self._learn(error.rates, ticket)
        if error.retry_after is not None and error.retry_after <= _LONGEST_PAUSE_S:
            self._paused_until = max(self._paused_until, self.now() + error.retry_after)
        if not _is_spent(error.rates, ticket.tokens):
            self._cut(ticket)

    def strained(self, error: ModelUnavailable, ticket: Ticket) -> None:
        """A request was not served. That something broke says nothing of how much fits."""
        if error.status in _TOO_BUSY:
            self._cut(ticket)

    def _cut(self, ticket: Ticket) -> None:
        """Fewer in flight: once for all requests that were under way together. Where few were, they say less of how many may be."""
        if ticket.at < self._cut_at:
            return
        now = self.now()
        self._cut_at, self._is_feeling = now, False
        self._ceiling_until = now + _PROBE_AGAIN_S
        self._ceiling = max(min(self.in_flight, self._window), self._window / 2)
        self._window = max(1.0, self._ceiling * _DECREASE)

    def _learn(self, rates: Rates | None, ticket: Ticket) -> None:
        if rates is not None:
            self._requests.learn(rates.requests, ticket.requests_gone, ticket.at, self.now())
            self._tokens.learn(rates.tokens, ticket.tokens_gone, ticket.at, self.now())

    def _delay(self, tokens: int) -> float:
        """Seconds until a request may go: 0 for now, infinity for when another is over."""
        if self.in_flight >= self.window:
            return math.inf
        now = self.now()
        return max(
            self._paused_until - now, self._requests.delay(1, now), self._tokens.delay(tokens, now), 0.0
        )

    def _go(self, tokens: int) -> Ticket:
        self.in_flight += 1
        now = self.now()
        return Ticket(now, tokens, self._requests.take(1, now), self._tokens.take(tokens, now))

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
            turn.set_result(self._go(tokens))

    def _wake_in(self, seconds: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(seconds + _SLACK_S, self._serve)


@dataclass(frozen=True, slots=True)
class Ticket:
    """A request that went.

    Attributes:
        at: when, by the limiter's clock.
        tokens: of the request.
        requests_gone, tokens_gone: in all until then, it included.
    """

    at: float
    tokens: int
    requests_gone: int
    tokens_gone: int


class _Bucket:
    """What is left of a rate, by what is known of the provider's own bucket. A reply tells of some moment between those in
    which its request went and it came back; some providers of the first, some of the last. What has gone since may be in it
    or not, and what has come back since is not: so it bounds the level from both sides, and within them what was reckoned
    here holds.

    Attributes:
        gone: taken out of it in all.
    """

    def __init__(self) -> None:
        self._limit = 0
        self._level = math.inf
        self._per_s = 0.0
        self._at = 0.0
        self.gone = 0

    def learn(self, rate: Rate | None, gone: int, since: float, now: float) -> None:
        """Take what was told of a moment after ``since``, when ``gone`` had been taken in all."""
        if rate is None or rate.limit <= 0:
            return
        by_minute = rate.limit / 60
        used = rate.limit - rate.left
        told = min(by_minute, used / rate.reset_s) if rate.reset_s and used else by_minute
        filled = self._filled(now)
        self._limit, self._per_s = rate.limit, max(told, 1 / _LONGEST_PAUSE_S)
        least, most = rate.left - (self.gone - gone), rate.left + (now - since) * self._per_s
        self._level, self._at = float(least) if filled == math.inf else min(max(filled, least), most), now

    def delay(self, amount: int, now: float) -> float:
        """Seconds until so much is there. More than there ever is waits for a full bucket."""
        short = min(amount, self._limit or amount) - self._filled(now)
        return short / self._per_s if short > 0 and self._per_s > 0 else 0.0

    def take(self, amount: int, now: float) -> int:
        """Take so much out, whether or not it is there; what is gone in all."""
        self.gone += amount
        self._level, self._at = self._filled(now) - amount, now
        return self.gone

    def _filled(self, now: float) -> float:
        if self._level == math.inf:
            return self._level
        return min(self._limit, self._level + (now - self._at) * self._per_s)


def _is_spent(rates: Rates | None, tokens: int) -> bool:
    """Whether what was told explains a refusal: nothing is left of a minute, or not enough for the request."""
    if rates is None:
        return False
    requests, of_tokens = rates.requests, rates.tokens
    return (requests is not None and requests.left <= 0) or (
        of_tokens is not None and of_tokens.left < max(tokens, of_tokens.limit // 100)
    )


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
        prompt = sum(len(message.content) for message in messages) // _CHARACTERS_OF_TOKEN
        ticket = await limiter.enter(prompt + (sampling.max_tokens or 0))  # as providers count it at the door
        try:
            completion = await self._model.complete(messages, sampling)
            limiter.answered(completion.rates, ticket)
            return completion
        except RateLimited as error:
            limiter.refused(error, ticket)
            raise
        except ModelUnavailable as error:
            limiter.strained(error, ticket)
            raise
        finally:
            limiter.leave()
