"""Time that passes only when everybody waits: a test of an hour takes a millisecond, and ends the same way each time."""

from __future__ import annotations

import asyncio
import random
import selectors
from collections.abc import Callable, Coroutine, Sequence
from functools import partial, wraps
from types import SimpleNamespace
from typing import Any, ParamSpec
from unittest.mock import patch

from harlm.errors import ModelUnavailable
from harlm.models.wrappers import Breaker, Limiter, hedging, layers, retrying
from harlm.types import Completion, Message, Sampling, Usage

P = ParamSpec("P")

ASKED = (Message(role="user", content="x" * 400),)  # a hundred tokens, as the limiter reckons


class _Selector(selectors.SelectSelector):
    """Passes the time that is to be waited, instead of waiting. A nanosecond goes by each time, as on any clock."""

    now = 1000.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        assert timeout is not None, "everybody waits, and nothing will ever wake anybody"
        self.now += max(0.0, timeout) + 1e-9
        return super().select(0)


class VirtualLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._clock = _Selector()
        super().__init__(self._clock)

    def time(self) -> float:
        return self._clock.now


def now() -> float:
    return asyncio.get_running_loop().time()


def in_virtual_time(test: Callable[P, Coroutine[Any, Any, None]]) -> Callable[P, None]:
    """Run a test in a loop whose clock the layers go by as well."""

    @wraps(test)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        random.seed(0)  # of the jitter
        loop = VirtualLoop()
        clock = SimpleNamespace(monotonic=loop.time)
        with (
            patch.object(retrying, "time", clock),
            patch.object(hedging, "time", clock),
            patch.object(layers, "Limiter", partial(Limiter, now=loop.time)),
            patch.object(layers, "Breaker", partial(Breaker, now=loop.time)),
            asyncio.Runner(loop_factory=lambda: loop) as runner,
        ):
            runner.run(test(*args, **kwargs))

    return run


Outcome = str | Completion | BaseException


class Provider:
    """A model that takes its time.

    Args:
        outcome: of each request by its number from 0; the last of a sequence holds for all that follow.
        seconds: that each takes.

    Attributes:
        asked: the sampling of every request.
        began: when each began.
        in_flight, most_in_flight, cancelled: of the requests.
    """

    name = "openai/provider"
    window = 128_000

    def __init__(
        self,
        outcome: Callable[[int], Outcome] | Sequence[Outcome] = ("fine",),
        seconds: Callable[[int], float] | float = 0.0,
    ) -> None:
        self._outcome = outcome if callable(outcome) else lambda n: outcome[min(n, len(outcome) - 1)]
        self._seconds = seconds if callable(seconds) else lambda n: seconds
        self.asked: list[Sampling] = []
        self.began: list[float] = []
        self.in_flight = self.most_in_flight = self.cancelled = 0

    async def complete(self, messages: Sequence[Message], sampling: Sampling) -> Completion:
        number = len(self.asked)
        self.asked.append(sampling)
        self.began.append(now())
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            await asyncio.sleep(self._seconds(number))
            outcome = self._outcome(number)
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        finally:
            self.in_flight -= 1
        if isinstance(outcome, BaseException):
            raise outcome
        return said(outcome) if isinstance(outcome, str) else outcome

    @property
    def keys(self) -> list[str | None]:
        """The names of the requests."""
        return [each.request_key for each in self.asked]


def said(text: str, **more: Any) -> Completion:
    usage = Usage(calls=1, input_tokens=100, output_tokens=1)
    return Completion(text=text, model=Provider.name, usage=usage, **more)


def refused() -> ModelUnavailable:
    """Nobody at the address."""
    return ModelUnavailable("cannot be reached", model=Provider.name)


def failing(status: int) -> ModelUnavailable:
    return ModelUnavailable(f"failing with {status}", model=Provider.name, status=status)
