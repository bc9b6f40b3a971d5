"""A fake provider for tests in virtual time: each request takes its time, and has the outcome that the test
wants.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from harlm.errors import ModelUnavailable
from harlm.types import Completion, Message, Sampling, Usage
from tests.support.virtual_time import now

ASKED = (Message(role="user", content="x" * 400),)
"""A prompt of a hundred tokens, as the limiter estimates them."""

Outcome = str | Completion | BaseException


class Provider:
    """A model whose requests take a given time and have a given outcome.

    Args:
        outcome: the text, completion or error of each request, by its number from 0; the last of a sequence
            holds for all that follow.
        seconds: how long each request takes, by its number.

    Attributes:
        asked: the sampling of every request.
        began: when each began, by the loop's clock.
        in_flight: the requests that run now.
        most_in_flight: the most that ever ran at once.
        cancelled: how many were cancelled.
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
        """The keys of the requests."""
        return [each.request_key for each in self.asked]


def said(text: str, **more: Any) -> Completion:
    """A completion of ``text`` by the provider; ``more`` are further fields."""
    usage = Usage(calls=1, input_tokens=100, output_tokens=1)
    return Completion(text=text, model=Provider.name, usage=usage, **more)


def refused() -> ModelUnavailable:
    """No server listens at the address: nothing can have been billed."""
    return ModelUnavailable("cannot be reached", model=Provider.name)


def failing(status: int) -> ModelUnavailable:
    """The server answered with an error status."""
    return ModelUnavailable(f"failing with {status}", model=Provider.name, status=status)
