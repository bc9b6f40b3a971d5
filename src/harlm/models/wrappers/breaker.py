"""A circuit breaker: after several failures in a row, no request is sent to an address for a while."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Literal

from harlm.errors import ModelError, ModelUnavailable
from harlm.protocols import LanguageModel
from harlm.types import Completion, Message, Sampling

_FAILURES = 8  # in a row, until the breaker opens
_FIRST_S, _LONGEST_S = 1.0, 30.0
_LOOK_S = 0.25  # how often waiting calls check the result of a try
_TRIES = 6  # failed tries in a row, about a minute, until calls stop waiting for an address


class Breaker:
    """The state of one model at one address: closed (requests are sent), open (none is sent), half-open (one
    request tries whether the address answers again).

    Args:
        now: the clock, in seconds.

    Attributes:
        has_answered: whether the address has ever answered, even with a refusal.
        cause: the first failure since the address last answered.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._failures = 0
        self._opened = 0
        self._closed_until_s = 0.0
        self._trying = False
        self.has_answered = False
        self.cause = ""

    @property
    def state(self) -> str:
        """``closed``, ``open`` or ``half-open``."""
        if self._failures < _FAILURES:
            return "closed"
        return "open" if self._trying or self._now() < self._closed_until_s else "half-open"

    @property
    def wait_s(self) -> float:
        """Seconds until the next request may be sent; 0 if one may be sent now."""
        if self.state != "open":
            return 0.0
        return _LOOK_S if self._trying else max(_LOOK_S, self._closed_until_s - self._now())

    @property
    def is_given_up(self) -> bool:
        """Whether more than six tries in a row failed, so that calls should fail instead of waiting."""
        return self._opened > _TRIES and not self._trying

    def enter(self) -> Literal["request", "try"] | None:
        """Whether a request may be sent now, and as what; None if it may not.

        The request that enters while the breaker is half-open is the try: its result closes or opens the
        breaker.
        """
        match self.state:
            case "closed":
                return "request"
            case "half-open":
                self._trying = True
                return "try"
        return None

    def succeeded(self) -> None:
        """Record that the address answered."""
        self.has_answered = True
        self._failures = self._opened = 0
        self._trying = False
        self.cause = ""

    def failed(self, kind: Literal["request", "try"], cause: str = "") -> None:
        """Record that it did not. A late failure of an earlier request does not count as a try."""
        self._failures += 1
        self.cause = self.cause or cause
        if kind == "try" or self._failures == _FAILURES:
            self._closed_until_s = self._now() + min(_LONGEST_S, _FIRST_S * 2**self._opened)
            self._opened += 1
        if kind == "try":
            self._trying = False

    def left(self, kind: Literal["request", "try"]) -> None:
        """Record that a request was cancelled before its result was known."""
        if kind == "try":
            self._trying = False


class LeftAlone(ModelUnavailable):
    """A request that was not sent, because the breaker of its address is open.

    Attributes:
        is_final: whether the caller should fail instead of waiting for another try.
    """

    is_final = False


class Guarded:
    """A model whose address has a breaker. While the breaker is open, calls fail at once and at no cost."""

    def __init__(self, model: LanguageModel, breaker: Breaker) -> None:
        self.name = model.name
        self.window = model.window
        self._model = model
        self._breaker = breaker

    async def complete(self, messages: Sequence[Message], sampling: Sampling) -> Completion:
        """One request; see ``harlm.protocols.LanguageModel``.

        Raises:
            LeftAlone: the breaker is open. ``retry_after`` says for how many seconds.
        """
        breaker = self._breaker
        if (kind := breaker.enter()) is None:
            wait = breaker.wait_s
            refusal = LeftAlone(
                f"{self.name} did not answer {_FAILURES} times in a row; no request is sent to it for {wait:.1f} s; "
                f"try later (first: {breaker.cause})",
                model=self.name,
                retry_after=wait,
            )
            refusal.is_final = breaker.is_given_up or not breaker.has_answered
            raise refusal
        try:
            completion = await self._model.complete(messages, sampling)
        except ModelUnavailable as error:
            breaker.has_answered |= error.status is not None or error.perhaps_billed
            if error.is_loading:
                breaker.succeeded()
            else:
                breaker.failed(kind, str(error))
            raise
        except ModelError:
            breaker.succeeded()  # a refusal is an answer
            raise
        except BaseException:
            breaker.left(kind)
            raise
        breaker.succeeded()
        return completion
