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
├── NoAnswer               strict mode found nothing that the context supports             exit 6
└── TraceError             a stored run that is missing or cannot be read                   exit 8

A message names the value that caused it (``!r``) and the next step. Nothing here is ever turned into an answer.
"""

from __future__ import annotations


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
    """

    def __init__(
        self,
        message: str,
        *,
        model: str,
        status: int | None = None,
        retry_after: float | None = None,
        request_id: str | None = None,
    ) -> None:
        super().__init__(message)
        self.model = model
        self.status = status
        self.retry_after = retry_after
        self.request_id = request_id

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


class NoAnswer(HarlmError):
    """Strict mode: nothing in the context supports an answer."""


class TraceError(HarlmError):
    """A stored run that does not exist or cannot be read."""
