"""Limits of a provider, and how a server reports their state. Time and what is in flight are arguments."""

from __future__ import annotations

import math
from dataclasses import dataclass

from harlm.testing.dialects import Request, estimated_tokens
from harlm.testing.exchange import Headers
from harlm.testing.faults import Status, refusal


@dataclass(frozen=True, slots=True)
class Limits:
    """What a server allows; ``None`` is no limit. A refused request uses up nothing.

    Attributes:
        in_flight: requests at once.
        per_minute: requests; they return one by one, not all at the full minute.
        burst: requests that may come at once after a rest; ``per_minute`` if ``None``.
        tokens_per_minute: of prompts, as the server estimates them, and of replies, as ``max_tokens`` allows.
        headers: whether replies report the state of the limits in ``x-ratelimit-…``.
    """

    in_flight: int | None = None
    per_minute: int | None = None
    burst: int | None = None
    tokens_per_minute: int | None = None
    headers: bool = True


class Admission:
    """Which requests may enter under some limits."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._requests = _bucket(limits.per_minute, limits.burst)
        self._tokens = _bucket(limits.tokens_per_minute)

    def refusal(self, request: Request, *, in_flight: int, now: float) -> Status | None:
        """Let a request in, or say why not."""
        limit = self._limits.in_flight
        if limit is not None and in_flight >= limit:
            return refusal(429, f"more than {limit} requests at once")
        tokens = estimated_tokens(request) + (request.max_tokens or 0) if self._tokens else 0
        wanted = [(self._requests, 1, "requests"), (self._tokens, tokens, "tokens")]
        for bucket, amount, what in wanted:
            if bucket is not None and (wait := bucket.wait_s(amount, now)) > 0:
                return refusal(429, f"more {what} than the limit of a minute", headers=_retry_after(wait))
        for bucket, amount, _ in wanted:
            if bucket is not None:
                bucket.take(amount, now)
        return None

    def headers(self, now: float) -> Headers:
        """The limits as OpenAI reports them."""
        if not self._limits.headers:
            return ()
        buckets = (("requests", self._requests), ("tokens", self._tokens))
        return tuple(header for what, bucket in buckets if bucket for header in bucket.headers(what, now))


class _Bucket:
    """A token bucket."""

    def __init__(self, *, limit: int, size: int) -> None:
        self._limit = limit  # a minute
        self._size = size
        self._level = float(size)
        self._at = 0.0

    def level(self, now: float) -> float:
        """How much is in it."""
        return min(self._size, self._level + (now - self._at) * self._limit / 60)

    def wait_s(self, amount: int, now: float) -> float:
        """Seconds until ``amount`` is in it; infinite if it never is."""
        if amount > self._size:
            return math.inf
        return max(0.0, (amount - self.level(now)) * 60 / self._limit)

    def take(self, amount: int, now: float) -> None:
        """Take that much."""
        self._level, self._at = self.level(now) - amount, now

    def headers(self, what: str, now: float) -> Headers:
        """Its limit, level and the time until it is full."""
        full = self.wait_s(self._size, now)
        return (
            (f"x-ratelimit-limit-{what}", str(self._limit)),
            (f"x-ratelimit-remaining-{what}", str(int(self.level(now)))),
            (f"x-ratelimit-reset-{what}", go_duration(full)),
        )


def _bucket(limit: int | None, size: int | None = None) -> _Bucket | None:
    return None if limit is None else _Bucket(limit=limit, size=limit if size is None else size)


def _retry_after(seconds: float) -> Headers:
    """Seconds for every client, milliseconds for those that read them; nothing if waiting does not help."""
    if math.isinf(seconds):
        return ()
    return (
        ("retry-after", str(math.ceil(seconds))),
        ("retry-after-ms", str(math.ceil(seconds * 1000))),
    )


def go_duration(seconds: float) -> str:
    """A duration as Go writes it, and so OpenAI: ``120ms``, ``1.2s``, ``6m0s``."""
    milliseconds = round(seconds * 1000)
    if 0 < milliseconds < 1000:
        return f"{milliseconds}ms"
    minutes, rest = divmod(milliseconds, 60_000)
    hours, minutes = divmod(minutes, 60)
    told = f"{rest / 1000:.3f}".rstrip("0").rstrip(".") + "s"
    if hours:
        return f"{hours}h{minutes}m{told}"
    return f"{minutes}m{told}" if minutes else told
