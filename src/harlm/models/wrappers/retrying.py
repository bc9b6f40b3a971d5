"""The only retry loop. Knows which failures pass by themselves and how long to wait; refuses to know what a request costs:
what it wraps pays for every attempt.

What is tried again: no connection, 408, 409, 429, 5xx, a reply that broke off, and, fewer times since it may have been
charged, a reply that is no completion. What is not: a refused key or account (401, 402, 403), a prompt that is too long,
any other refusal (400, 404, 422), a budget that is spent.
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
        bad_replies: attempts after a reply that is no completion; each was perhaps charged for.
        seconds: over all attempts and waiting; what a provider asks for beyond it is not waited for.
        first_s, longest_s: of waiting: a random time up to ``first_s * 2**attempt`` (full jitter).
    """

    retries: int = 6
    bad_replies: int = 2
    seconds: float = 600.0
    first_s: float = 0.5
    longest_s: float = 30.0


_RETRIES_OF_THE_UNKNOWN = 2  # where nothing has ever answered


class Retrying:
    """A model that is asked again when a failure may pass.

    Args:
        model: what is asked.
        patience: how long.
        on_event: called for each failed attempt that is made again.
        has_answered: whether anything ever answered at the model's address. Where nothing did, the address may be wrong, and
            nobody waits long to be told.
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
        """A completion, from the first attempt that has one; see ``harlm.protocols.LanguageModel``.

        Raises:
            ModelError: the last failure, when patience is over.
        """
        last: list[ModelError] = []
        try:
            async with asyncio.timeout(self._patience.seconds) as patience:
                return await self._until_it_is_there(messages, sampling, last)
        except TimeoutError:
            if not patience.expired():
                raise  # the model's own
            if last:
                raise last[-1] from None
            raise ModelUnavailable(
                f"{self.name} did not reply within {self._patience.seconds:g} s; raise models.patience_s or try later",
                model=self.name,
                perhaps_billed=True,
            ) from None

    async def _until_it_is_there(
        self, messages: Sequence[Message], sampling: Sampling, last: list[ModelError]
    ) -> Completion:
        # A fresh name for each attempt would have the provider do, and charge for, the same work twice.
        keyed = _as_another(sampling)
        ends = time.monotonic() + self._patience.seconds
        failures = unusable = 0
        while True:
            try:
                completion = await self._model.complete(messages, keyed)
                if completion.text or completion.stop != "end" or unusable >= self._most_unusable:
                    return completion
                unusable += 1
                keyed = _as_another(keyed)
                self._tell(failures + unusable, "it answered with no text", 0.0)
            except LeftAlone as error:  # nothing was asked, so this is no attempt
                last[:] = [error]
                alone = error.retry_after or 0.0
                if error.is_final or not self._patience.retries or time.monotonic() + alone > ends:
                    raise
                await asyncio.sleep(alone + random.uniform(0, alone / 4))  # noqa: S311 - no secret
            except ModelError as error:
                last[:] = [error]
                failures, unusable = _counted(error, failures, unusable)
                wait = self._wait(error, failures, unusable)
                if wait is None or time.monotonic() + wait > ends:
                    raise
                self._tell(failures + unusable, str(error), wait)
                await asyncio.sleep(wait)
                if _was_served(error):
                    keyed = _as_another(keyed)

    @property
    def _most_unusable(self) -> int:
        return min(self._patience.bad_replies, self._patience.retries)

    def _tell(self, attempt: int, error: str, wait: float) -> None:
        self._on_event(Retried(model=self.name, attempt=attempt, error=error, wait_s=round(wait, 3)))

    def _wait(self, error: ModelError, failures: int, unusable: int) -> float | None:
        """Seconds to wait before the next attempt; None when there is to be none."""
        patience = self._patience
        match error:
            case BadCompletion():
                may_pass = unusable <= self._most_unusable
            case ModelUnavailable(status=None, perhaps_billed=False) if not self._has_answered():
                may_pass = failures <= min(_RETRIES_OF_THE_UNKNOWN, patience.retries)
            case ModelUnavailable() | RateLimited():
                may_pass = failures <= patience.retries
            case _:
                may_pass = False
        if not may_pass:
            return None
        longest = min(patience.longest_s, patience.first_s * 2 ** (failures + unusable - 1))
        jittered = random.uniform(0, longest)  # noqa: S311 - no secret
        return jittered if error.retry_after is None else error.retry_after + jittered / 4


def _counted(error: ModelError, failures: int, unusable: int) -> tuple[int, int]:
    """Replies that are of no use are counted apart: each was perhaps charged for."""
    return (failures, unusable + 1) if isinstance(error, BadCompletion) else (failures + 1, unusable)


def _was_served(error: ModelError) -> bool:
    """Whether the provider has a reply under this name, which it would only send again."""
    return isinstance(error, BadCompletion) or (error.perhaps_billed and error.request_id is not None)


def _as_another(sampling: Sampling) -> Sampling:
    """A new name: what was served under the old one is not wanted again."""
    return replace(sampling, request_key=uuid.uuid4().hex)
