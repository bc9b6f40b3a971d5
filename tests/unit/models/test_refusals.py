"""What refusals mean. The wire corpus (``tests/wire``) holds whole bodies of each server; here are the distinctions."""

from __future__ import annotations

import json
from typing import Any

import pytest

from harlm.errors import ContextOverflow, ModelError, ModelUnavailable, QuotaExceeded, RateLimited
from harlm.models.http import Received
from harlm.models.refusals import Refusing
from harlm.redact import Redactor

KEY = "sk-secret-key-1"
REFUSING = Refusing(
    model="openai/m", where="http://u:pw@h:1/v1/chat/completions?k=1", key_hint="A_KEY", keys=Redactor([KEY])
)


def error_of(
    http_status: int, message: str, headers: dict[str, str] | None = None, **more: object
) -> ModelError:
    raw = json.dumps({"error": {"message": message, **more}}).encode()
    return REFUSING.with_status(http_status, headers or {}, raw, None)


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (400, "This model's maximum prompt length is 131072 but the request contains 537812 tokens."),
        (400, "Your request exceeded model token limit: 8192"),
        (400, "Prompt exceeds max length"),
        (422, "`inputs` tokens + `max_new_tokens` must be <= 4096. Given: 9000 `inputs` tokens"),
        (400, "The decoder prompt (length 9000) is longer than the maximum model length of 4096."),
        (400, "Range of input length should be [1, 30720]"),
        (400, "Prompt has 256468 tokens, but the configured context size is 256000 tokens"),
        (400, "input length and `max_tokens` exceed context limit: 199000 + 8192 > 200000"),
        (413, "Payload Too Large"),
        (429, "Request too large for m on tokens per min (TPM): Limit 30000, Requested 90000."),
        (500, "the request exceeds the available context size"),
        (400, "request (9000 tokens) exceeds the available context size (2048 tokens), try increasing it"),
        (400, "Input is too long for requested model."),
        (400, "The input token count (1200000) exceeds the maximum number of tokens allowed (1048575)."),
    ],
)
def test_a_prompt_that_is_too_long_is_known_by_any_server_s_words(status: int, message: str) -> None:
    assert type(error_of(status, message)) is ContextOverflow


@pytest.mark.parametrize(
    ("status", "message", "kind"),
    [
        (429, "Too many tokens, please wait before trying again.", RateLimited),
        (
            429,
            "Rate limit reached on tokens per min (TPM): Limit 30000, Used 29000, Requested 5000.",
            RateLimited,
        ),
        (400, "Too many tokens, please wait before trying again.", ModelError),
        (400, "Invalid value for 'temperature'", ModelError),
        (
            400,
            "max_tokens is too large: 8192. This model supports at most 4096 completion tokens",
            ModelError,
        ),
    ],
)
def test_other_words_about_tokens_are_no_overflow(status: int, message: str, kind: type[ModelError]) -> None:
    assert type(error_of(status, message)) is kind


@pytest.mark.parametrize(
    ("status", "message", "more"),
    [
        (429, "You exceeded your current quota, please check your plan and billing details.", {"code": "insufficient_quota"}),
        (429, "Billing hard limit has been reached", {"code": "billing_hard_limit_reached"}),
        (400, "Your credit balance is too low to access the API.", {}),
        (402, "Insufficient Balance", {}),
        (429, "Rate limit exceeded: free-models-per-day", {"code": 429}),
        (429, "Rate limit reached on tokens per day (TPD): Limit 100000. Please try again in 7m12s.", {}),
        (403, "Your team has either used all available credits or reached its monthly spending limit.", {}),
        (429, "Your account is suspended, please check your plan and billing details", {"type": "exceeded_current_quota_error"}),
    ],
)  # fmt: skip
def test_an_empty_account_or_a_day_s_limit_is_no_rate_limit(
    status: int, message: str, more: dict[str, Any]
) -> None:
    error = error_of(status, message, **more)
    assert type(error) is QuotaExceeded
    assert error.is_about_access


def test_a_quota_for_a_minute_is_a_rate_limit_whatever_it_is_called() -> None:
    details = [
        {"violations": [{"quotaId": "GenerateRequestsPerMinutePerProjectPerModel-FreeTier"}]},
        {"retryDelay": "2s"},
    ]
    words = "You exceeded your current quota, please check your plan and billing details."
    error = error_of(429, words, status="RESOURCE_EXHAUSTED", details=details)
    assert (type(error), error.retry_after) == (RateLimited, 2.0)
    assert type(error_of(429, "Requests have exceeded the token rate limit of your S0 tier.")) is RateLimited


def test_a_wait_of_hours_is_that_of_a_quota() -> None:
    assert type(error_of(429, "slow down", {"retry-after": "38000"})) is QuotaExceeded
    assert type(error_of(429, "slow down", {"retry-after": "30"})) is RateLimited


@pytest.mark.parametrize("words", ["Loading model", "Model m is currently loading", "model is warming up"])
def test_a_server_that_loads_its_model_says_so(words: str) -> None:
    error = error_of(503, words)
    assert isinstance(error, ModelUnavailable)
    assert error.is_loading
    other = error_of(503, "overloaded")
    assert isinstance(other, ModelUnavailable)
    assert not other.is_loading


def test_a_server_may_say_whether_to_retry() -> None:
    assert type(error_of(500, "x", {"x-should-retry": "false"})) is ModelError
    assert type(error_of(400, "x", {"x-should-retry": "true"})) is ModelUnavailable
    assert type(error_of(425, "too early")) is ModelUnavailable


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ({"message": "Provider returned error", "code": 429}, RateLimited),
        ({"message": "no", "code": 401}, ModelError),
        ({"message": "no", "code": 402}, QuotaExceeded),
        ({"message": "maximum context length is 5", "code": 400}, ContextOverflow),
        ({"message": "out of luck"}, ModelUnavailable),
        ({"message": "no such model"}, ModelError),
        ("too many requests", RateLimited),
    ],
)
def test_a_refusal_with_status_200_means_the_same_and_is_not_billed(
    error: object, kind: type[ModelError]
) -> None:
    made = REFUSING.with_status_200(error, Received(b"", {}, "r-1"))
    assert type(made) is kind
    assert (made.perhaps_billed, made.request_id) == (False, "r-1")


def test_a_stream_that_fails_in_the_middle_may_be_billed_and_quotes_the_words() -> None:
    made = REFUSING.broken_off({"message": "EngineCore died"}, Received(b"", {}, None))
    assert made.perhaps_billed
    assert "EngineCore died" in str(made)


@pytest.mark.parametrize("status", [300, 400, 401, 402, 403, 404, 405, 408, 413, 422, 429, 500, 503])
def test_a_message_shows_the_address_and_no_secret(status: int) -> None:
    message = str(error_of(status, f"bad {KEY}"))
    assert "http://h:1/v1/chat/completions" in message
    assert KEY not in message
    assert "pw@" not in message
    assert "\n" not in message
