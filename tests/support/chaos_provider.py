"""A provider for many runs at once, each below a path of its own, that notes what it has served to which run, and when."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from dataclasses import dataclass
from hashlib import blake2b

from harlm.testing import FaultyServer, Limits, Request
from harlm.testing.dialects import Tokens
from harlm.testing.exchange import Exchange, Fault, Headers
from harlm.testing.faults import (
    Duplicate,
    Html,
    Late,
    Malformed,
    NoChoices,
    NullContent,
    Reset,
    Truncated,
    TruncatedStream,
)
from tests.support.chaos_scenarios import KEY, Scenario
from tests.support.fault_runs import error

FAULTS = 0.05
MIX: tuple[Fault, ...] = (
    error(429, f"slow down, {KEY}", retry_after_ms="20"),
    error(429),
    error(500, f"no answer for {KEY}"),
    error(503),
    Reset(),
    Reset("half"),
    Truncated(),
    TruncatedStream(),
    Html(200),
    Malformed(),
    NoChoices(),
    NullContent(),
    Duplicate(),
    Late(0.05),
)
_WHOLE = (Duplicate, Late)
"""Faults with which a reply arrives whole."""


@dataclass(frozen=True, slots=True)
class Served:
    """One request that was billed.

    Attributes:
        prompt: stands for the model and all messages.
        tokens: of the prompt and of the reply.
        is_whole: whether the reply left as it should be, to a client that was there.
        at: when, by ``time.monotonic``.
    """

    prompt: str
    tokens: int
    is_whole: bool
    at: float


class Provider(FaultyServer):
    """The provider. A run asks it below ``/TAG/v1``.

    Args:
        latency_s: the least and the greatest latency.
        limits: what is refused with 429.
    """

    def __init__(self, latency_s: tuple[float, float] = (0.01, 0.04), limits: Limits | None = None) -> None:
        self._drawn = random.Random(0)
        super().__init__(
            lambda request: self._scenarios[tag_of(request)].reply(request),
            faults=self._fault,
            latency_s=lambda request: self._drawn.uniform(*latency_s),
            limits=limits,
            keeps_requests=False,
        )
        self._lock = threading.Lock()
        self._scenarios: dict[str, Scenario] = {}
        self._shares: dict[str, float] = {}
        self._asked: Counter[str] = Counter()
        self._played: dict[int, Fault] = {}
        self._served: dict[str, dict[int, Served]] = {}
        self._arrived: Counter[str] = Counter()
        self.faults = 0

    def expect(self, tag: str, scenario: Scenario, *, faults: float = FAULTS) -> str:
        """The address for a run, which follows a script."""
        self._scenarios[tag], self._shares[tag], self._served[tag] = scenario, faults, {}
        return f"{self.url}/{tag}/v1"

    def scenario_of(self, tag: str) -> Scenario:
        """The script of a run."""
        return self._scenarios[tag]

    def forget(self, tag: str) -> None:
        """A run has ended."""
        self._scenarios.pop(tag, None)
        self._shares.pop(tag, None)
        self._served.pop(tag, None)
        with self._lock:
            for asked in [each for each in self._asked if each.startswith(f"{tag} ")]:
                del self._asked[asked]

    def arrived_of(self, tag: str) -> int:
        """How many requests of a run have arrived."""
        return self._arrived[tag]

    def served_to(self, tag: str) -> list[Served]:
        """What a run has been billed for."""
        return list(self._served.get(tag, {}).values())

    async def _answer(self, exchange: Exchange, fault: Fault | None = None) -> None:
        self._arrived[tag_of(exchange.request)] += 1
        await super()._answer(exchange, fault)

    def _fault(self, request: Request) -> Fault | None:
        """By prompt and attempt, so that it does not depend on which request comes first."""
        tag = tag_of(request)
        what = f"{tag} {_digest(request)}"
        with self._lock:
            self._asked[what] += 1
            drawn = random.Random(f"{what} {self._asked[what]}")
        if drawn.random() >= self._shares.get(tag, 0.0):
            return None
        self.faults += 1
        self._played[request.number] = played = drawn.choice(MIX)
        return played

    def _headers(self) -> Headers:
        echoed = (("x-your-key", KEY),) if self._drawn.random() < 0.1 else ()
        return (*super()._headers(), *echoed)

    def _bill(self, request: Request, tokens: Tokens, *, delivered: bool) -> None:
        fault = self._played.get(request.number)
        whole = delivered and (fault is None or isinstance(fault, _WHOLE))
        served = Served(_digest(request), tokens.prompt + tokens.completion, whole, time.monotonic())
        self._served.setdefault(tag_of(request), {})[request.number] = served


def tag_of(request: Request) -> str:
    """The run that a request is of."""
    return request.path.split("/")[1]


def _digest(request: Request) -> str:
    said = repr((request.model, request.messages)).encode("utf-8", "replace")
    return f"{request.model} {request.prompt[-40:]!r} {blake2b(said, digest_size=8).hexdigest()}"
