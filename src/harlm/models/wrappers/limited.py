"""The limits of one model at one address, learned from its refusals and the limits that replies state.

Requests in flight: additive increase, multiplicative decrease (Chiu and Jain 1989). The first fan-out goes out at
once, up to 32 requests to an address of which nothing is known. Until the first refusal the window grows by half in
each round trip; after a refusal it does not probe the ceiling again for 20 s. What was learned can be carried to a
later run (``known_limits``).
Rates: one bucket for requests and one for tokens, refilled as ``x-ratelimit-*`` headers say, so that requests
wait here instead of being refused by the provider.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from harlm.errors import ModelUnavailable, RateLimited
from harlm.models.wrappers.known_limits import EndpointKnowledge, KnownRate
from harlm.protocols import LanguageModel
from harlm.types import Completion, Message, Rate, Rates, Sampling

_FIRST_WINDOW = 32  # of an unknown address, until it has answered or refused
_FEW = 8  # in flight; a refusal with fewer says nothing about a later run
_FRESH_S = 60.0  # in which a window that refusals have made smaller than that holds for a later run
_FORGOTTEN_S = 86_400.0  # after which a refusal says nothing about a later run
_GROWTH = 0.5  # of the window in a round trip, until the first refusal: excess requests are refused at once
_DECREASE = 0.75
_PROBE_AGAIN_S = 20.0  # after a refusal has shown the ceiling
_LONGEST_PAUSE_S = 120.0
_LONGEST_RESET_S = 1e9  # that is carried to a later run
_CHARACTERS_OF_TOKEN = 4
_LARGE_SHARE, _UPWARDS = 0.1, 0.2
_SLACK_S = 0.02  # each wait is longer by this much, since a request that arrives too early is refused
_TOO_BUSY = (503, 529)


class Limiter:
    """The requests in flight and the rate limits of one model at one address.

    Args:
        most: the maximum of requests in flight, whatever the provider allows.
        is_open: whether the address is known to state no limits.
        known: what earlier runs have learned of it.
        age_s: how long ago that was, in seconds.
        now: the clock, in seconds.
        on_learned: called when an answer or a refusal has shown something that later runs should know.

    Attributes:
        in_flight: requests that have entered and not left.
    """

    def __init__(
        self,
        most: int,
        *,
        is_open: bool = False,
        known: EndpointKnowledge | None = None,
        age_s: float = 0.0,
        now: Callable[[], float] = time.monotonic,
        on_learned: Callable[[], None] = lambda: None,
    ) -> None:
        self._most = most
        self.now = now
        self._on_learned = on_learned
        self._window: float = most if is_open else min(most, _FIRST_WINDOW)
        self._is_feeling = not is_open
        self._states_limits: bool | None = None  # None until it has answered
        self._ceiling = math.inf
        self._ceiling_until = 0.0
        self._refused: _Refused | None = None
        self._paused_until = 0.0
        self._cut_at = -math.inf
        self._requests = _Bucket()
        self._tokens = _Bucket()
        self._waiting: deque[tuple[asyncio.Future[Ticket], int]] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self.in_flight = 0
        if known is not None:
            self._recall(known, max(0.0, age_s))

    def _recall(self, known: EndpointKnowledge, age_s: float) -> None:
        """Begin where an earlier run has ended."""
        self._requests.recall(known.requests, age_s, self.now())
        self._tokens.recall(known.tokens, age_s, self.now())
        refused_s = math.inf if known.refused_at is None else age_s + max(0.0, known.at - known.refused_at)
        if refused_s >= _FORGOTTEN_S:
            self._window = min(self._most, max(self._window, known.window))
            if not known.states_limits:
                self._window, self._is_feeling = self._most, False
            return
        refused_at, is_fresh = self.now() - refused_s, refused_s < _FRESH_S
        ceiling = known.window + 1 if known.ceiling is None else known.ceiling
        self._window = min(self._most, known.window if is_fresh else max(known.window, _FEW))
        self._is_feeling = False
        self._ceiling, self._ceiling_until = ceiling, refused_at + _PROBE_AGAIN_S
        self._refused = _Refused(refused_at, ceiling)

    def knowledge(self, at: float) -> EndpointKnowledge | None:
        """What a later run should know; ``None`` if nothing was learned.

        Args:
            at: the time, in seconds since 1970.
        """
        if self._states_limits is None and self._refused is None:
            return None
        now, refused = self.now(), self._refused
        return EndpointKnowledge(
            at=at,
            window=max(1.0, self._window),
            ceiling=None if refused is None else max(1.0, refused.ceiling),
            refused_at=None if refused is None else max(0.0, at - (now - refused.at)),
            states_limits=bool(self._states_limits),
            requests=self._requests.known(now),
            tokens=self._tokens.known(now),
        )

    @property
    def is_open(self) -> bool:
        """Whether the address has answered without stating limits, and has refused nothing."""
        return not self._is_feeling and self._ceiling == math.inf

    @property
    def window(self) -> int:
        """The maximum of requests in flight now."""
        return max(1, int(self._window))

    async def enter(self, tokens: int = 0) -> Ticket:
        """Wait, in order of arrival, until a request of about ``tokens`` tokens may be sent."""
        if not self._waiting and self._delay(tokens) <= 0:
            return self._go(tokens)
        turn: asyncio.Future[Ticket] = asyncio.get_running_loop().create_future()
        self._waiting.append((turn, tokens))
        self._serve()
        try:
            return await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.leave()  # its turn came in the moment of its cancellation
            else:
                self._serve()
            raise

    def try_enter(self) -> bool:
        """Take a free place without waiting; False if none is free or others wait."""
        if self._waiting or self._delay(0) > 0:
            return False
        self._go(0)
        return True

    def leave(self) -> None:
        """Record that a request has ended."""
        self.in_flight -= 1
        self._serve()

    def heard(self, rates: Rates | None, ticket: Ticket) -> None:
        """Record that a reply has begun, which shows whether limits are stated before its text has arrived. Arguments
        as of ``answered``.
        """
        self._learn(rates, ticket)
        is_first = self._states_limits is None
        self._states_limits = bool(self._states_limits) or rates is not None
        if rates is None and self._is_feeling and self._ceiling == math.inf:
            self._window = self._most  # the provider counts no requests
            self._is_feeling = False
            self._serve()
        if is_first:
            self._on_learned()

    def answered(self, rates: Rates | None, ticket: Ticket) -> None:
        """Record that a request was served.

        Args:
            rates: the limits that the reply stated; None if it stated none.
            ticket: the ticket of the request.
        """
        self.heard(rates, ticket)
        if self.is_open:
            return
        if self.in_flight < self.window or self._window >= self._most:
            return
        if self._window + 1 >= self._ceiling and self.now() < self._ceiling_until:
            return
        self._window = min(self._most, self._window + (_GROWTH if self._is_feeling else 1 / self._window))

    def refused(self, error: RateLimited, ticket: Ticket) -> None:
        """Record a 429: too many requests in a minute or, if some of those are left, too many at once.

        All requests wait as long as the error asks, unless it asks for more than two minutes: such a wait
        concerns only the refused request.
        """
        self._learn(error.rates, ticket)
        if error.retry_after is not None and error.retry_after <= _LONGEST_PAUSE_S:
            self._paused_until = max(self._paused_until, self.now() + error.retry_after)
        if not _is_spent(error.rates, ticket.tokens):
            self._cut(ticket)

    def strained(self, error: ModelUnavailable, ticket: Ticket) -> None:
        """Record that a request was not served. Only an overload (503, 529) says how many requests fit."""
        if error.status in _TOO_BUSY:
            self._cut(ticket)

    def _cut(self, ticket: Ticket) -> None:
        """Lower the window, once for requests that ran together. If few ran, at most halve the ceiling."""
        if ticket.at < self._cut_at:
            return
        now = self.now()
        self._cut_at, self._is_feeling = now, False
        self._ceiling_until = now + _PROBE_AGAIN_S
        self._ceiling = max(min(self.in_flight, self._window), self._window / 2)
        if self.in_flight >= _FEW:
            self._refused = _Refused(now, self._ceiling)
        self._window = max(1.0, self._ceiling * _DECREASE)
        self._on_learned()

    def _learn(self, rates: Rates | None, ticket: Ticket) -> None:
        if rates is not None:
            self._requests.learn(rates.requests, ticket.requests_gone, ticket.at, self.now())
            self._tokens.learn(rates.tokens, ticket.tokens_gone, ticket.at, self.now())

    def _delay(self, tokens: int) -> float:
        """Seconds until a request may be sent: 0 for now, infinity if another request must end first."""
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
class _Refused:
    """The last refusal that said how many requests fit: when, by the limiter's clock, and the ceiling that it showed."""

    at: float
    ceiling: float


@dataclass(frozen=True, slots=True)
class Ticket:
    """A request that was sent.

    Attributes:
        at: when, by the limiter's clock, in seconds.
        tokens: the tokens of the request, estimated.
        requests_gone: the requests sent until then, this one included.
        tokens_gone: the tokens of all of them.
    """

    at: float
    tokens: int
    requests_gone: int
    tokens_gone: int


class _Bucket:
    """An estimate of the provider's own bucket: the units that are left of a rate limit.

    A reply states the level at some moment between the sending of its request and its arrival; providers
    differ in which. Units that were taken since that moment may be counted in it or not, and units that were
    refilled since are not. So the stated level bounds the true one from both sides, and within the bounds the
    own estimate is kept.

    Attributes:
        gone: units taken in all.
    """

    def __init__(self) -> None:
        self._limit = 0
        self._level = math.inf
        self._most_left = 0.0  # stated so far
        self._per_s = 0.0
        self._at = 0.0
        self._full_at = math.inf  # when one request may be sent in any case
        self.gone = 0

    def learn(self, rate: Rate | None, gone: int, since: float, now: float) -> None:
        """Take in the level that a reply states.

        Args:
            rate: the stated limit; None if the reply states none.
            gone: units taken in all when the request was sent.
            since: when it was sent, in seconds.
            now: the time now, in seconds.
        """
        if rate is None or rate.limit <= 0:
            return
        by_minute = rate.limit / 60
        used = rate.limit - rate.left
        stated = min(by_minute, used / rate.reset_s) if rate.reset_s and used else by_minute
        filled, self._most_left = self._filled(now), max(self._most_left, rate.left)
        self._full_at = now + (math.inf if rate.reset_s is None else rate.reset_s)
        self._limit, self._per_s = rate.limit, max(stated, 1 / _LONGEST_PAUSE_S)
        least, most = rate.left - (self.gone - gone), rate.left + (now - since) * self._per_s
        self._level, self._at = float(least) if filled == math.inf else min(max(filled, least), most), now

    def recall(self, rate: KnownRate | None, age_s: float, now: float) -> None:
        """Begin with what was known ``age_s`` seconds ago. One unit is left in any case, so that the provider can be
        asked.
        """
        if rate is None:
            return
        self._limit, self._per_s, self._at = rate.limit, rate.per_s, now
        self._most_left = rate.most_left
        self._level = max(1.0, min(rate.left + age_s * rate.per_s, rate.most_left + 1, rate.limit))
        self._full_at = now + (math.inf if rate.full_in_s is None else max(0.0, rate.full_in_s - age_s))

    def known(self, now: float) -> KnownRate | None:
        """What a later run should know; ``None`` if no limit was stated."""
        if self._level == math.inf:
            return None
        full_in_s = max(0.0, self._full_at - now)
        return KnownRate(
            limit=self._limit,
            left=self._filled(now),
            most_left=self._most_left,
            per_s=self._per_s,
            full_in_s=full_in_s if full_in_s < _LONGEST_RESET_S else None,
        )

    def delay(self, amount: int, now: float) -> float:
        """Seconds until ``amount`` units are left. An amount above the limit waits for a full bucket."""
        short = min(amount, self._limit or amount) - self._filled(now)
        if short <= 0 or self._per_s <= 0:
            return 0.0
        return min(short / self._per_s, max(0.0, self._full_at - now))

    def take(self, amount: int, now: float) -> int:
        """Take ``amount`` units, even if fewer are left, and return the units taken in all."""
        self.gone += amount
        if now >= self._full_at:
            self._full_at = math.inf  # its reply says what is left
        self._level, self._at = self._filled(now) - amount, now
        return self.gone

    def _filled(self, now: float) -> float:
        if self._level == math.inf:
            return self._level
        return min(self._limit, self._level + (now - self._at) * self._per_s)


def _is_spent(rates: Rates | None, tokens: int) -> bool:
    """Whether the stated limits explain a refusal: no requests are left, or too few tokens."""
    if rates is None:
        return False
    requests, of_tokens = rates.requests, rates.tokens
    return (requests is not None and requests.left <= 0) or (
        of_tokens is not None and of_tokens.left < max(tokens, of_tokens.limit // 100)
    )


class Limited:
    """A model whose requests wait until its limiter lets them through."""

    def __init__(self, model: LanguageModel, limiter: Limiter) -> None:
        self.name = model.name
        self.window = model.window
        self._model = model
        self._limiter = limiter

    async def complete(self, messages: Sequence[Message], sampling: Sampling) -> Completion:
        """One request, sent when its turn comes; see ``harlm.protocols.LanguageModel``."""
        limiter = self._limiter
        prompt = sum(len(message.content) for message in messages) // _CHARACTERS_OF_TOKEN
        ticket = await limiter.enter(
            prompt + (sampling.max_tokens or 0)
        )  # as providers count a request when it arrives
        try:
            if sampling.on_text is not None:  # then the head of the reply comes well before its end
                sampling = replace(sampling, on_rates=lambda rates: limiter.heard(rates, ticket))
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
