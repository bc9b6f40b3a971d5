from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harlm.models.waits import wait_told


def retry_info(delay: object) -> dict[str, Any]:
    return {
        "error": {"details": [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": delay}]}
    }


@pytest.mark.parametrize(
    ("body", "seconds"),
    [
        (retry_info("2s"), 2.0),
        (retry_info("45.8s"), 45.8),
        (retry_info({"seconds": 3, "nanos": 500_000_000}), 3.5),
        ({"error": "loading", "estimated_time": 20.5}, 20.5),
        ({"error": {"metadata": {"headers": {"Retry-After": "4"}}}}, 4.0),
        ({"retry_after": 7}, 7.0),
        ({"retry_after_ms": "250"}, 0.25),
        (retry_info("soon"), None),
        (retry_info(None), None),
        ({}, None),
        (None, None),
    ],
)
def test_a_wait_in_the_body_is_found_wherever_it_stands(body: Any, seconds: float | None) -> None:
    assert wait_told({}, body, "") == seconds


@pytest.mark.parametrize(
    ("words", "seconds"),
    [
        ("Rate limit reached. Please try again in 2s.", 2.0),
        ("Please try again in 1m2.5s. Visit the page", 62.5),
        ("Please retry in 3.2s.", 3.2),
        ("try again in 250ms", 0.25),
        ("Please wait 20 seconds before", 20.0),
        ("Please retry after 10 seconds", 10.0),
        ("try again in 7m12s", 432.0),
        ("try again in 2 minutes", 120.0),
        ("try again later", None),
        ("limit of 60 requests", None),
    ],
)
def test_a_wait_in_words_is_read(words: str, seconds: float | None) -> None:
    assert wait_told({}, None, words) == (None if seconds is None else pytest.approx(seconds))


def test_headers_precede_the_body_and_the_body_precedes_words() -> None:
    body = retry_info("2s")
    assert wait_told({"retry-after": "5"}, body, "try again in 9s") == 5.0
    assert wait_told({}, body, "try again in 9s") == 2.0


def test_a_moment_in_the_copied_headers_of_a_gateway_is_a_wait() -> None:
    in_ten = str(int((time.time() + 10) * 1000))
    body = {"error": {"metadata": {"headers": {"X-RateLimit-Reset": in_ten}}}}
    assert wait_told({}, body, "") == pytest.approx(10, abs=3)


@given(st.text(alphabet="try again in 0123456789.msh ", max_size=200))
def test_any_words_give_a_wait_or_none(words: str) -> None:
    wait = wait_told({}, None, words)
    assert wait is None or wait >= 0
