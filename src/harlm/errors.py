"""The exceptions that HARLM raises, as one tree.

HarlmError
├── ConfigError            a setting, flag, key or model name that cannot be used             exit 3
├── ContextError           an input that cannot be read                                       exit 8
├── ModelError             a model request failed (model, status, retry_after, partial)       exit 5, or 3
│   ├── ModelUnavailable     no answer: refused, unreachable, timed out, 5xx
│   ├── RateLimited          429: the provider asks the client to wait
│   ├── QuotaExceeded        the account is empty, or a limit of the day is reached         exit 3
│   ├── ContextOverflow      the prompt is longer than the model's window
│   └── BadCompletion        the answer is not a completion
├── SandboxError
│   ├── CodeError            a mistake of the model: shown to the model, never to the user
│   └── SandboxFailure       a fault of HARLM: the sandbox cannot be built, or broke its rules exit 7
├── LimitExceeded          a budget is spent (limit, used, allowed, partial)                  exit 4
│   ├── TokenLimit, CostLimit, CallLimit, DepthLimit, DeadlineExceeded
│   ├── StorageFull          requests cannot be written down any more, so none is sent
│   └── Interrupted          the user asked the run to stop                               exit 130
├── ExecutorFailure        a cluster is not there, or its last node is gone                  exit 5
├── MemoryFailure          entries or paid calls cannot be written or read                    exit 8
├── NoAnswer               strict mode: nothing in the context supports an answer             exit 6
│   └── SchemaMismatch       no answer follows the schema that was asked for (partial)
└── TraceError             a stored run does not exist or cannot be read                      exit 8

A message names the value that caused it (``!r``) and the next step. No error is ever turned into an answer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harlm.types import Answer, Rates


class HarlmError(Exception):
    """The root of the tree: catch it to catch every error that HARLM raises on purpose."""


class ConfigError(HarlmError):
    """A setting, flag, key or model name that cannot be used."""


class ContextError(HarlmError):
    """An input that cannot be read: missing, empty, unreadable, or not text."""


class ModelError(HarlmError):
    """A request to a model failed.

    Attributes:
        model: the name of the model that was asked.
        status: the HTTP status, if there was one.
        retry_after: seconds that the provider asked the client to wait, if it did.
        request_id: the provider's id of the request, for its support.
        perhaps_billed: whether the provider may charge for the request although no reply arrived.
        rates: the rate limits that the provider reported with the error.
        partial: the partial answer, if the error ended a run that had found something.
        said: the provider's words, with the names that it mentions; empty if it said nothing.
    """

    partial: Answer | None = None
    said: str = ""

    def __init__(
        self,
        message: str,
        *,
        model: str,
        status: int | None = None,
        retry_after: float | None = None,
        request_id: str | None = None,
        perhaps_billed: bool = False,
        rates: Rates | None = None,
    ) -> None:
        super().__init__(message)
        self.model = model
        self.status = status
        self.retry_after = retry_after
        self.request_id = request_id
        self.perhaps_billed = perhaps_billed
        self.rates = rates

    @property
    def is_about_access(self) -> bool:
        """Whether the key or account is at fault (401, 402, 403, an empty account), so that a retry cannot help."""
        return self.status in (401, 402, 403)


class ModelUnavailable(ModelError):
    """No answer: connection refused, unreachable host, timeout or a 5xx status.

    Attributes:
        is_loading: whether the server says that it is still loading the model, which may take minutes.
    """

    is_loading = False


class RateLimited(ModelError):
    """The provider answered 429 and asks for a pause."""


class QuotaExceeded(ModelError):
    """The account is empty, or a limit of the day or month is reached, so that waiting does not help this run."""

    @property
    def is_about_access(self) -> bool:
        """Always true."""
        return True


class ContextOverflow(ModelError):
    """The prompt does not fit into the model's window."""


class BadCompletion(ModelError):
    """The answer is not a completion: HTML, broken JSON, no choices, no text."""


class SandboxError(HarlmError):
    """The root of the errors around model-written code."""


class CodeError(SandboxError):
    """A call made by a cell cannot be served. It is raised inside the cell, where the model reads it."""


class SandboxFailure(SandboxError):
    """The sandbox itself failed: it could not be built, died, or sent a frame that breaks the protocol.

    Attributes:
        partial: the partial answer, if the failure ended a run that had found something.
    """

    partial: Answer | None = None


class LimitExceeded(HarlmError):
    """A budget is spent, or the rest of it does not cover the next step.

    Attributes:
        limit: the limit: ``tokens``, ``usd``, ``calls``, ``seconds`` or ``depth``; ``disk`` or ``stop``, without amounts.
        used: the amount that was used or requested, in the unit of ``limit``.
        allowed: the amount that the budget allows, in the same unit.
        partial: the partial answer; ``None`` until the run has assembled it.
    """

    def __init__(
        self, message: str, *, limit: str, used: float, allowed: float, partial: Answer | None = None
    ) -> None:
        super().__init__(message)
        self.limit = limit
        self.used = used
        self.allowed = allowed
        self.partial = partial

    def anew(self, partial: Answer | None = None) -> LimitExceeded:
        """The same error, to be raised once more, with the partial answer."""
        return type(self)(str(self), limit=self.limit, used=self.used, allowed=self.allowed, partial=partial)


class TokenLimit(LimitExceeded):
    """The tokens of a budget are spent."""


class CostLimit(LimitExceeded):
    """The money of a budget is spent."""


class CallLimit(LimitExceeded):
    """The model requests of a budget are spent."""


class DepthLimit(LimitExceeded):
    """A node would be deeper than the budget allows."""


class DeadlineExceeded(LimitExceeded):
    """The time of a budget has passed."""


class StorageFull(LimitExceeded):
    """The disk does not take what a run asks for, so it asks for nothing more: a reply that was paid for could be lost."""


class Interrupted(LimitExceeded):
    """The user asked the run to stop: it finishes with what it has."""


class ExecutorFailure(HarlmError):
    """Runs cannot be carried out: a cluster is not there, or its last node is gone."""


class MemoryFailure(HarlmError):
    """A file of memory or of paid calls is damaged, locked or full. A run continues without it."""


class NoAnswer(HarlmError):
    """Strict mode: nothing in the context supports an answer."""


class SchemaMismatch(NoAnswer):
    """The answer does not follow the schema that was asked for, also after the model was told what is wrong.

    Attributes:
        faults: what is wrong with the best attempt.
        partial: the best attempt: its ``data`` is what the model finished with.
    """

    partial: Answer | None = None

    def __init__(self, message: str, *, faults: str) -> None:
        super().__init__(message)
        self.faults = faults


class TraceError(HarlmError):
    """A stored run does not exist or cannot be read."""
