"""What the words of servers mean, over the refusals in ``tests/data/refusals.jsonl``: the error, the status, the body."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harlm.errors import ModelUnavailable
from harlm.models.meanings import disguised_status, is_loading, is_overflow, is_quota
from harlm.models.refusals import Refusing
from harlm.models.said import said_by, said_in
from harlm.redact import Redactor
from tests.support.rows import every_row

REFUSING = Refusing(model="openai/m", where="http://h/v1", key_hint="A_KEY", keys=Redactor([]))
KNOWN = [
    json.loads(line) for line in (Path(__file__).parents[2] / "data/refusals.jsonl").read_text().splitlines()
]


def test_a_refusal_is_understood_in_the_words_of_any_server() -> None:
    def check(known: tuple[str, int, Any]) -> None:
        kind, status, body = known
        raw = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        error = REFUSING.with_status(status, {}, raw, None)
        if kind == "LOAD":
            assert isinstance(error, ModelUnavailable)
            assert error.is_loading
        else:
            assert type(error).__name__ == kind

    every_row(check, KNOWN)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"code": 429}, 429),
        ({"message": "You exceeded your current quota", "code": "insufficient_quota"}, 402),
        ({"message": "Open api daily request limit reached", "code": 17}, 429),
        ({"type": "overloaded_error", "message": "Overloaded"}, 529),
        ({"type": "authentication_error", "message": "invalid x-api-key"}, 401),
        ({"code": 1008, "message": "insufficient"}, 402),
        ({"message": "out of luck"}, 500),
    ],
)
def test_a_refusal_with_status_200_has_the_status_that_its_words_mean(body: Any, status: int) -> None:
    assert disguised_status(said_by(body)) == status


@given(st.text(max_size=200), st.sampled_from([400, 403, 413, 429, 500, 503]))
def test_any_words_have_a_meaning(words: str, status: int) -> None:
    said = said_in(words.encode("utf-8", "replace"))
    for answer in (is_quota(status, said, None), is_overflow(status, said), is_loading(said)):
        assert isinstance(answer, bool)
