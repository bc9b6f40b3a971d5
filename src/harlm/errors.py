"""Everything that HARLM raises, as one tree. Knows no part of the system; every part raises from here.

HarlmError
├── ConfigError            a setting, flag, key or model name that cannot be used          exit 3
├── ContextError           an input that cannot be read                                    exit 8
├── ModelError             a model request failed (model, status, retry_after, request_id) exit 5, or 3
│   ├── ModelUnavailable     nothing answered: refused, unreachable, timed out, 5xx
│   ├── RateLimited          429: the provider asks us to wait
│   ├── ContextOverflow      the prompt is longer than the model's window
│   └── BadCompletion        something answered, but not with a completion
├── SandboxError
│   ├── CodeError            the model's fault: shown to the model, never raised to the user
│   └── SandboxFailure       ours: the sandbox cannot be built or broke its own rules       exit 7
├── LimitExceeded          a budget is spent (limit, used, allowed, partial)                exit 4
│   ├── TokenLimit, CostLimit, CallLimit, DepthLimit, DeadlineExceeded
├── MemoryFailure          what was found out cannot be kept, or read again                 exit 8
├── NoAnswer               strict mode found nothing that the context supports             exit 6
└── TraceError             a stored run that is missing or cannot be read                   exit 8

A message names the value that caused it (``!r``) and the next step. Nothing here is ever turned into an answer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harlm.types import Answer, Rates


class HarlmError(Exception):
    """The root of the tree: catch this to catch everything that HARLM raises on purpose."""


class ConfigError(HarlmError):
    """A setting, flag, key or model name that cannot be used."""


class ContextError(HarlmError):
    """An input that cannot be read: missing, empty, unreadable, or not text."""


class ModelError(HarlmError):
    """A request to a model failed.

    Attributes:
        model: the name of the model that was asked.
        status: the HTTP status, when there was one.
        retry_after: seconds the provider asked us to wait, when it said so.
        request_id: the provider's name for the request, for its support desk.
        perhaps_billed: whether the provider may have worked, and charge for it, although no reply came.
        rates: what the provider said of its rate limits along with the refusal.
    """

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
        """Whether the key or account is at fault (401, 402, 403): trying again cannot help."""
        return self.status in (401, 402, 403)


class ModelUnavailable(ModelError):
    """Nothing answered: connection refused, unreachable host, timeout or a 5xx status."""


class RateLimited(ModelError):
    """The provider answered 429 and asks for a pause."""


class ContextOverflow(ModelError):
    """The prompt does not fit into the model's window."""


class BadCompletion(ModelError):
    """Something answered, but it is not a completion: HTML, broken JSON, no choices, no text."""


class SandboxError(HarlmError):
    """The root of what can go wrong around model-written code."""


class CodeError(SandboxError):
    """A call made by a cell cannot be served. It is raised inside the cell, for the model to read."""


class SandboxFailure(SandboxError):
    """The sandbox itself failed: it could not be built, died, or sent a frame that breaks the protocol."""


class LimitExceeded(HarlmError):
    """A budget is spent, or what is left does not cover the next step.

    Attributes:
        limit: which one: ``tokens``, ``usd``, ``calls``, ``seconds`` or ``depth``.
        used: what was used or asked for, in the unit of ``limit``.
        allowed: the limit.
        partial: the answer as far as it got; None until the run has put it together.
    """

    def __init__(
        self, message: str, *, limit: str, used: float, allowed: float, partial: Answer | None = None
    ) -> None:
        super().__init__(message)
        self.limit = limit
        self.used = used
        self.allowed = allowed
        self.partial = partial

    def with_partial(self, partial: Answer) -> LimitExceeded:
        """The same breach, with the answer as far as it got."""
        return type(self)(str(self), limit=self.limit, used=self.used, allowed=self.allowed, partial=partial)


class TokenLimit(LimitExceeded):
    """The tokens of a budget are spent."""


class CostLimit(LimitExceeded):
    """The money of a budget is spent."""


class CallLimit(LimitExceeded):
    """The model requests of a budget are spent."""


class DepthLimit(LimitExceeded):
    """A node below the deepest level that is allowed."""


class DeadlineExceeded(LimitExceeded):
    """The time of a budget is over."""


class MemoryFailure(HarlmError):
    """The memory's file is damaged, locked or full. A run goes on without it; nothing is taken for an answer."""


class NoAnswer(HarlmError):
    """Strict mode: nothing in the context supports an answer."""


class TraceError(HarlmError):
    """A stored run that does not exist or cannot be read."""
