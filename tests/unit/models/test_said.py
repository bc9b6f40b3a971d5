from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harlm.models.said import said_by, said_in

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["error", "message", "code", "detail", "metadata", "raw", "type", "errors"]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=12,
)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"error": {"message": "the reason"}}, "the reason"),
        ({"error": {"message": "the reason", "code": "bad"}}, "bad: the reason"),
        ({"error": "the reason"}, "the reason"),
        ([{"error": {"message": "the reason"}}], "the reason"),
        ({"message": "the reason"}, "the reason"),
        ({"detail": "the reason"}, "the reason"),
        ({"detail": [{"loc": ["body", "seed"], "msg": "the reason"}]}, "seed: the reason"),
        ({"object": "error", "message": {"detail": [{"loc": ["body", "seed"], "msg": "no"}]}}, "seed: no"),
        ({"errors": [{"message": "the reason"}]}, "the reason"),
        ({"error_code": 17, "error_msg": "the reason"}, "17: the reason"),
        (
            {"error": {"message": "outer", "metadata": {"raw": '{"error": {"message": "inner"}}'}}},
            "outer: inner",
        ),
        ({"error": {"message": "outer", "metadata": {"raw": "inner"}}}, "outer: inner"),
        ({"__type": "ThrottlingException", "message": "slow"}, "ThrottlingException: slow"),
    ],
    ids=json.dumps,
)
def test_the_words_of_a_refusal_are_found_in_every_form(body: Any, message: str) -> None:
    assert said_in(json.dumps(body).encode()).message == message


def test_a_page_is_shown_in_one_cut_line() -> None:
    said = said_in(b"<html>\n<h1>Bad\n gateway</h1>" + b"x" * 10_000)
    assert said.message.startswith("<html> <h1>Bad gateway</h1>")
    assert len(said.message) == 301
    assert said_in(b"").message == "no message"


def test_what_is_named_beside_the_message_is_searched_too() -> None:
    error = {"message": "Invalid.", "param": "seed", "type": "invalid_request_error", "code": None}
    said = said_by({"error": error})
    assert "seed" in said.words
    assert "seed" not in said.message
    google = {"error": {"details": [{"violations": [{"quotaId": "PerDay"}]}]}}
    assert "PerDay" in said_by(google).words


@pytest.mark.parametrize(
    ("error", "status"),
    [
        ({"code": 429}, 429),
        ({"code": "503"}, 503),
        ({"status": 401}, 401),
        ({"code": 7}, None),
        ({"code": True}, None),
    ],
)
def test_a_code_that_is_a_status_is_one(error: dict[str, Any], status: int | None) -> None:
    assert said_by({"error": {"message": "x", **error}}).status == status


@given(_JSON)
def test_any_body_says_something_of_bounded_length(body: Any) -> None:
    said = said_by(body)
    assert 0 < len(said.message) <= 301
    assert len(said.words) <= 4_000
