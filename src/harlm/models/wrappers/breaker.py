"""A circuit breaker: an address where nothing answers is left alone for a while. Knows failures in a row; refuses to know
what is asked instead.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Literal

from harlm.errors import ModelError, ModelUnavailable
from harlm.protocols import LanguageModel
from harlm.types import Completion, Message, Sampling

_FAILURES = 8  # in a row
_FIRST_S, _LONGEST_S = 1.0, 30.0
_LOOK_S = 0.25  # between looks at how a try goes
_TRIES = 6  # in a row, over about a minute, until an address is given up


class Breaker:
    """The state of one address: closed (requests go), open (none does), half-open (one tries).

    Args:
        now: the clock, in seconds.

    Attributes:
        has_answered: whether anything ever did, be it with a refusal.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._failures = 0
        self._opened = 0
        self._closed_until_s = 0.0
        self._trying = False
        self.has_answered = False

    @property
    def state(self) -> str:
        """``closed``, ``open`` or ``half-open``."""
        if self._failures < _FAILURES:
            return "closed"
        return "open" if self._trying or self._now() < self._closed_until_s else "half-open"

    @property
    def wait_s(self) -> float:
        """Seconds until it is worth asking again."""
        if self.state != "open":
            return 0.0
        return _LOOK_S if self._trying else max(_LOOK_S, self._closed_until_s - self._now())

    @property
    def is_given_up(self) -> bool:
        """Whether so many tries failed in a row that nobody need wait for another."""
        return self._opened > _TRIES and not self._trying

    def enter(self) -> Literal["request", "try"] | None:
        """What a request that goes now is; None if it may not go. The one that goes while the breaker is half-open is the
        try, and decides.
        """
        match self.state:
            case "closed":
                return "request"
            case "half-open":
                self._trying = True
                return "try"
        return None

    def succeeded(self) -> None:
        """Something answered."""
        self.has_answered = True
        self._failures = self._opened = 0
        self._trying = False

    def failed(self, kind: Literal["request", "try"]) -> None:
        """Nothing did. A straggler from before is no try."""
        self._failures += 1
        if kind == "try" or self._failures == _FAILURES:
            self._closed_until_s = self._now() + min(_LONGEST_S, _FIRST_S * 2**self._opened)
            self._opened += 1
        if kind == "try":
            self._trying = False

    def left(self, kind: Literal["request", "try"]) -> None:
        """A request was given up before it could tell."""
        if kind == "try":
            self._trying = False


class LeftAlone(ModelUnavailable):
    """A request that was not sent, because nothing answers there.

    Attributes:
        is_final: whether nobody need wait for another try.
    """

    is_final = False


class Guarded:
    """A model whose address has a breaker. A refusal by an open one costs nothing and says when to come again."""

    def __init__(self, model: LanguageModel, breaker: Breaker) -> None:
        self.name = model.name
        self.window = model.window
        self._model = model
        self._breaker = breaker

    async def complete(self, messages: Sequence[Message], sampling: Sampling) -> Completion:
        """One request, or none; see ``harlm.protocols.LanguageModel``.

        Raises:
            LeftAlone: too many requests in a row found nothing there.
        """
        breaker = self._breaker
        if (kind := breaker.enter()) is None:
            wait = breaker.wait_s
            refusal = LeftAlone(
                f"{self.name} did not answer {_FAILURES} times in a row, and is left alone for {wait:.1f} s",
                model=self.name,
                retry_after=wait,
            )
            refusal.is_final = breaker.is_given_up or not breaker.has_answered
            raise refusal
        try:
            completion = await self._model.complete(messages, sampling)
        except ModelUnavailable as error:
            breaker.has_answered |= error.status is not None or error.perhaps_billed
            breaker.failed(kind)
            raise
        except ModelError:
            breaker.succeeded()  # it refuses, so it is there
            raise
        except BaseException:
            breaker.left(kind)
            raise
        breaker.succeeded()
        return completion
