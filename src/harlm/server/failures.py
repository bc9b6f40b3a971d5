"""Errors in OpenAI's shape: which status a failure has, what its body says, and whether a client may try again."""

from __future__ import annotations

import math

import msgspec
from starlette.responses import Response

from harlm.errors import (
    ConfigError,
    ContextError,
    DeadlineExceeded,
    HarlmError,
    Interrupted,
    LimitExceeded,
    ModelError,
    ModelUnavailable,
    NoAnswer,
    RateLimited,
    SandboxError,
    StorageFull,
)
from harlm.server.replies import ErrorBody, FailureFacts

_TYPES = {
    401: "authentication_error",
    402: "insufficient_quota",
    403: "permission_error",
    404: "not_found_error",
    429: "rate_limit_error",
}
_WAIT_S = 5.0  # where nothing says how long
_LONGEST = 2_000  # characters of a message


class RequestRefused(Exception):
    """A request that gets no answer.

    Args:
        status: of HTTP.
        message: names the value that is wrong, and the next step.
        code: a word for programs.
        param: the field that is wrong.
        retry_after: seconds after which the same request may succeed; ``None`` if it will not.
    """

    def __init__(
        self,
        status: int,
        message: str,
        *,
        code: str | None = None,
        param: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.status, self.code, self.param, self.retry_after = status, code, param, retry_after

    @property
    def facts(self) -> FailureFacts:
        """What the body says."""
        kind = _TYPES.get(self.status, "server_error" if self.status >= 500 else "invalid_request_error")
        return FailureFacts(message=str(self)[:_LONGEST], type=kind, param=self.param, code=self.code)

    def response(self) -> Response:
        """The error as a response. OpenAI's clients try again unless ``x-should-retry`` forbids it, and a run that failed for
        good would be paid for three times.
        """
        headers = {"x-should-retry": "false" if self.retry_after is None else "true"}
        if self.retry_after is not None:
            headers["retry-after"] = str(math.ceil(self.retry_after))
        if self.status == 401:
            headers["www-authenticate"] = "Bearer"
        body = msgspec.json.encode(ErrorBody(error=self.facts))
        return Response(body, self.status, headers, "application/json")


def failure_of(error: HarlmError) -> RequestRefused:
    """What a client is told of a run that failed."""
    said = str(error)
    match error:
        case LimitExceeded():
            return _limit(error)
        case RateLimited():
            return RequestRefused(
                429, said, code="model_rate_limited", retry_after=error.retry_after or _WAIT_S
            )
        case ModelError() if error.is_about_access:
            return RequestRefused(502, said, code="model_access")
        case ModelUnavailable():
            return RequestRefused(503, said, code="model_unavailable", retry_after=_WAIT_S)
        case ModelError():
            return RequestRefused(502, said, code="model_failed")
        case NoAnswer():
            return RequestRefused(422, said, code="no_answer")
        case ConfigError():
            return RequestRefused(500, said, code="configuration")
        case ContextError():
            return RequestRefused(500, said, code="corpus_unreadable")
        case SandboxError():
            return RequestRefused(500, said, code="sandbox")
    return RequestRefused(500, said, code="failed")


def _limit(error: LimitExceeded) -> RequestRefused:
    said = str(error)
    match error:
        case Interrupted():
            return closing()
        case DeadlineExceeded():
            return RequestRefused(504, said, code="deadline")
        case StorageFull():
            return RequestRefused(503, said, code="storage_full")
    return RequestRefused(402, said, code="run_budget_spent")


def closing() -> RequestRefused:
    """The server is about to end."""
    return RequestRefused(
        503, "the server is shutting down; ask again later", code="shutting_down", retry_after=_WAIT_S
    )


def internal() -> RequestRefused:
    """An error that is a bug; what it says is for the log only."""
    return RequestRefused(500, "internal error of HARLM; its log says more", code="internal")
