"""The retry loop for model calls: which failures are temporary, and how long to wait.

The wrapped model pays for every attempt.

Tried again: no connection, 408, 409, 425, 429, 5xx, a reply that broke off, and, fewer times because it may have
been charged, a reply that is not a completion. A server that is still loading its model is asked until the patience
ends. Not tried again: a refused key, an empty account or a spent quota (401, 402, 403, some 429), a prompt that is too
long, any other refusal (400, 404, 422), a spent budget.
"""

from __future__ import annotations

import asyncio
import random
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from harlm.errors import BadCompletion, ModelError, ModelUnavailable, RateLimited
from harlm.events import Event, Retried
from harlm.models.wrappers.breaker import LeftAlone
from harlm.protocols import LanguageModel
from harlm.types import Completion, Message, Sampling


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long to try.

    Attributes:
        retries: attempts after the first one.
        bad_replies: attempts after a reply that is empty or not a completion. Fewer, since each may have been
            charged.
        seconds: for all attempts and waits together. A provider that asks for a longer wait ends the call at
            once.
        first_s: the upper bound of the first wait, in seconds. A wait is random between 0 and its bound,
            which doubles with each attempt (full jitter).
        longest_s: the largest upper bound of a wait, in seconds.
    """

    retries: int = 6
    bad_replies: int = 2
    seconds: float = 600.0
    first_s: float = 0.5
    longest_s: float = 30.0


_RETRIES_OF_THE_UNKNOWN = 2  # at an address that has never answered


class Retrying:
    """A model that is asked again after a temporary failure.

    Args:
        model: the model to ask.
        patience: how long to try.
        on_event: called for each failed attempt that is made again.
        has_answered: whether the model's address has ever answered. If not, the address may be wrong, and
            there are fewer retries.
    """

    def __init__(
        self,
        model: LanguageModel,
        patience: Patience,
        *,
        on_event: Callable[[Event], None] = lambda event: None,
        has_answered: Callable[[], bool] = lambda: True,
    ) -> None:
        self.name = model.name
        self.window = model.window
        self._model = model
        self._patience = patience
        self._on_event = on_event
        self._has_answered = has_answered

    async def complete(self, messages: Sequence[Message], sampling: Sampling) -> Completion:
        """The completion of the first successful attempt; see ``harlm.protocols.LanguageModel``.

        Raises:
            ModelError: the last failure, after the last attempt.
        """
        last: list[ModelError] = []
        try:
            async with asyncio.timeout(self._patience.seconds) as patience:
                return await self._until_success(messages, sampling, last)
        except TimeoutError:
            if not patience.expired():
                raise  # a TimeoutError of the model itself
            if last:
                raise last[-1] from None
            raise ModelUnavailable(
                f"{self.name} did not reply within {self._patience.seconds:g} s; raise models.patience_s or try later",
                model=self.name,
                perhaps_billed=True,
            ) from None

    async def _until_success(
        self, messages: Sequence[Message], sampling: Sampling, last: list[ModelError]
    ) -> Completion:
        # With a new key for each attempt the provider would do, and charge for, the same work twice.
        keyed = sampling if sampling.request_key is not None else _with_new_key(sampling)
        ends = time.monotonic() + self._patience.seconds
        failures = unusable = 0
        while True:
            try:
                completion = await self._model.complete(messages, keyed)
                if completion.text or completion.stop != "end" or unusable >= self._most_unusable:
                    return completion
                unusable += 1
                keyed = _drawn_again(keyed)
                self._report(keyed, failures + unusable, "it answered with no text", 0.0)
            except LeftAlone as error:  # no request was sent, so this does not count as an attempt
                pause = error.retry_after or 0.0
                if error.is_final or not self._patience.retries or time.monotonic() + pause > ends:
                    raise (last[-1] if last else error) from None  # what failed, rather than what followed
                await asyncio.sleep(pause + random.uniform(0, pause / 4))  # noqa: S311 - not a secret
            except ModelError as error:
                last[:] = [error]
                failures, unusable = _counted(error, failures, unusable)
                wait = self._wait(error, failures, unusable)
                if wait is None or time.monotonic() + wait > ends:
                    raise
                self._report(keyed, failures + unusable, str(error), wait)
                await asyncio.sleep(wait)
                if _was_served(error):
                    keyed = _with_new_key(keyed)

    @property
    def _most_unusable(self) -> int:
        return min(self._patience.bad_replies, self._patience.retries)

    def _report(self, asked: Sampling, attempt: int, error: str, wait: float) -> None:
        retried = Retried(
            model=self.name, attempt=attempt, error=error, wait_s=round(wait, 3), call=asked.call
        )
        self._on_event(retried)

    def _wait(self, error: ModelError, failures: int, unusable: int) -> float | None:
        """Seconds to wait before the next attempt; None if there is no next attempt."""
        patience = self._patience
        match error:
            case BadCompletion():
                may_pass = unusable <= self._most_unusable
            case ModelUnavailable(is_loading=True):
                may_pass = patience.retries > 0
            case ModelUnavailable(status=None, perhaps_billed=False) if not self._has_answered():
                may_pass = failures <= min(_RETRIES_OF_THE_UNKNOWN, patience.retries)
            case ModelUnavailable() | RateLimited():
                may_pass = failures <= patience.retries
            case _:
                may_pass = False
        if not may_pass:
            return None
        longest = min(patience.longest_s, patience.first_s * 2 ** (failures + unusable - 1))
        jittered = random.uniform(0, longest)  # noqa: S311 - not a secret
        return jittered if error.retry_after is None else error.retry_after + jittered / 4


def _counted(error: ModelError, failures: int, unusable: int) -> tuple[int, int]:
    """The two counts after ``error``. Unusable replies count apart, since each may have been charged."""
    return (failures, unusable + 1) if isinstance(error, BadCompletion) else (failures + 1, unusable)


def _was_served(error: ModelError) -> bool:
    """Whether the provider has a reply under this request key, and would send it again."""
    return isinstance(error, BadCompletion) or (error.perhaps_billed and error.request_id is not None)


def _drawn_again(sampling: Sampling) -> Sampling:
    """The options of another draw after a blank reply: at temperature 0 the same request has the same reply."""
    warmer = 1.0 if sampling.temperature == 0 else sampling.temperature
    return replace(_with_new_key(sampling), temperature=warmer)


def _with_new_key(sampling: Sampling) -> Sampling:
    """``sampling`` with a new request key, so that the provider does not repeat an earlier reply."""
    return replace(sampling, request_key=uuid.uuid4().hex)
