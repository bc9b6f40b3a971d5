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
        told: hears of every attempt that failed and is made again.
        has_answered: whether anything ever answered at the model's address. Where nothing did, the address may be wrong, and
            nobody waits long to be told.
    """

    def __init__(
        self,
        model: LanguageModel,
        patience: Patience,
        *,
        told: Callable[[Event], None] = lambda event: None,
        has_answered: Callable[[], bool] = lambda: True,
    ) -> None:
        self.name = model.name
        self.window = model.window
        self._model = model
        self._patience = patience
        self._told = told
        self._has_answered = has_answered

    async def complete(self, messages: Sequence[Message], sampling: Sampling) -> Completion:
        """A completion, from the first attempt that has one; see ``harlm.protocols.LanguageModel``.

        Raises:
            ModelError: the last failure, when patience is over.
        """
        # A fresh name for each attempt would have the provider do, and charge for, the same work twice.
        keyed = _as_another(sampling)
        ends = time.monotonic() + self._patience.seconds
        for attempt in range(self._patience.retries + 1):
            try:
                completion = await self._model.complete(messages, keyed)
            except ModelError as error:
                wait = self._wait(error, attempt)
                if wait is None or time.monotonic() + wait > ends:
                    raise
                self._told(
                    Retried(model=self.name, attempt=attempt + 1, error=str(error), wait_s=round(wait, 3))
                )
                await asyncio.sleep(wait)
                if isinstance(error, BadCompletion):
                    keyed = _as_another(keyed)
                continue
            patience = self._patience
            if (
                completion.text
                or completion.stop != "end"
                or attempt >= min(patience.bad_replies, patience.retries)
            ):
                return completion
            self._told(
                Retried(model=self.name, attempt=attempt + 1, error="it answered with no text", wait_s=0.0)
            )
            keyed = _as_another(keyed)
        raise AssertionError("the last attempt returns or raises")

    def _wait(self, error: ModelError, attempt: int) -> float | None:
        """Seconds to wait before the next attempt; None when there is to be none."""
        patience = self._patience
        match error:
            case BadCompletion() if attempt >= patience.bad_replies:
                return None
            case ModelUnavailable(status=None, perhaps_billed=False) if (
                attempt >= _RETRIES_OF_THE_UNKNOWN and not self._has_answered()
            ):
                return None
            case ModelUnavailable() | RateLimited() | BadCompletion() if attempt < patience.retries:
                jittered = random.uniform(0, min(patience.longest_s, patience.first_s * 2**attempt))  # noqa: S311 - no secret
                return jittered if error.retry_after is None else error.retry_after + jittered / 4
        return None


def _as_another(sampling: Sampling) -> Sampling:
    """A new name: what was served under the old one is not wanted again."""
    return replace(sampling, request_key=uuid.uuid4().hex)
