"""Errors in OpenAI's shape."""

from __future__ import annotations

import json
from typing import Any

import pytest

from harlm import errors
from harlm.server.failures import RequestRefused, closing, failure_of, internal

LIMIT: dict[str, Any] = {"limit": "usd", "used": 1.0, "allowed": 1.0}


@pytest.mark.parametrize(
    ("error", "status", "retries"),
    [
        (errors.ConfigError("x"), 500, False),
        (errors.ContextError("x"), 500, False),
        (errors.ModelUnavailable("x", model="m"), 503, True),
        (errors.RateLimited("x", model="m", retry_after=2.1), 429, True),
        (errors.QuotaExceeded("x", model="m"), 502, False),
        (errors.ModelError("x", model="m", status=401), 502, False),
        (errors.ContextOverflow("x", model="m"), 502, False),
        (errors.BadCompletion("x", model="m"), 502, False),
        (errors.SandboxFailure("x"), 500, False),
        (errors.CostLimit("x", **LIMIT), 402, False),
        (errors.TokenLimit("x", **LIMIT), 402, False),
        (errors.DeadlineExceeded("x", **LIMIT), 504, False),
        (errors.StorageFull("x", **LIMIT), 503, False),
        (errors.Interrupted("x", **LIMIT), 503, True),
        (errors.NoAnswer("x"), 422, False),
        (errors.SchemaMismatch("x", faults="y"), 422, False),
        (errors.MemoryFailure("x"), 500, False),
    ],
    ids=lambda each: type(each).__name__ if isinstance(each, Exception) else None,
)  # fmt: skip
def test_a_failure_has_its_status_and_says_whether_it_may_be_tried_again(
    error: errors.HarlmError, status: int, retries: bool
) -> None:
    reply = failure_of(error).response()
    assert reply.status_code == status
    assert reply.headers["x-should-retry"] == ("true" if retries else "false")
    assert ("retry-after" in reply.headers) == retries


def test_a_body_is_as_openai_has_it() -> None:
    refused = RequestRefused(429, "slow down", code="busy", param="model", retry_after=2.1)
    reply = refused.response()
    assert json.loads(bytes(reply.body)) == {
        "error": {"message": "slow down", "type": "rate_limit_error", "param": "model", "code": "busy"}
    }
    assert reply.headers["retry-after"] == "3"
    assert reply.headers["content-type"] == "application/json"


def test_a_key_is_asked_for() -> None:
    assert RequestRefused(401, "x").response().headers["www-authenticate"] == "Bearer"


def test_messages_are_short_and_a_bug_says_nothing_of_itself() -> None:
    assert len(RequestRefused(400, "x" * 10_000).facts.message) == 2_000
    assert internal().facts.type == "server_error"
    assert closing().status == 503
