"""A circuit breaker: an address where nothing answers is left alone for a while. Knows failures in a row; refuses to know
what is asked instead.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from harlm.errors import ModelError, ModelUnavailable
from harlm.protocols import LanguageModel
from harlm.types import Completion, Message, Sampling

_FAILURES = 8  # in a row
_FIRST_S, _LONGEST_S = 1.0, 30.0


class Breaker:
    """The state of one address: closed (requests go), open (none does), half-open (one tries).

    Args:
        now: the clock, in seconds.

    Attributes:
        has_answered: whether anything ever did.
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
        """Seconds until the next try is worth it."""
        return max(0.05, self._closed_until_s - self._now()) if self.state == "open" else 0.0

    def enter(self) -> bool:
        """Whether a request may go now. The one that goes while the breaker is half-open is the try."""
        state = self.state
        if state == "half-open":
            self._trying = True
        return state != "open"

    def succeeded(self) -> None:
        """Something answered."""
        self.has_answered = True
        self._failures = self._opened = 0
        self._trying = False

    def failed(self) -> None:
        """Nothing did."""
        self._failures += 1
        if self._trying or self._failures == _FAILURES:
            self._closed_until_s = self._now() + min(_LONGEST_S, _FIRST_S * 2**self._opened)
            self._opened += 1
        self._trying = False

    def left(self) -> None:
        """A request was given up before it could tell."""
        self._trying = False


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
            ModelUnavailable: too many requests in a row found nothing there.
        """
        breaker = self._breaker
        if not breaker.enter():
            wait = breaker.wait_s
            raise ModelUnavailable(
                f"{self.name} did not answer {_FAILURES} times in a row, and is left alone for {wait:.1f} s",
                model=self.name,
                retry_after=wait,
            )
        try:
            completion = await self._model.complete(messages, sampling)
        except ModelUnavailable:
            breaker.failed()
            raise
        except ModelError:
            breaker.succeeded()  # it refuses, so it is there
            raise
        except BaseException:
            breaker.left()
            raise
        breaker.succeeded()
        return completion
