from __future__ import annotations

import math

import pytest

from harlm.engine.outcome import as_text, outcome_of


@pytest.mark.parametrize(
    ("value", "text", "data", "status"),
    [
        ("1883", "1883", None, "ok"),
        (42, "42", 42, "ok"),
        (["a", 1], '[\n  "a",\n  1\n]', ["a", 1], "ok"),
        (None, "null", None, "ok"),
        (True, "true", True, "ok"),
        ("", "The model finished with an empty answer.", None, "partial"),
        (" \n", "The model finished with an empty answer.", None, "partial"),
        ("NOT FOUND: no date is given", "no date is given", None, "not_found"),
        ("NOT FOUND", "The context does not hold the answer.", None, "not_found"),
        ("It was not found.", "It was not found.", None, "ok"),
    ],
)
def test_the_value_decides_text_data_and_status(value: object, text: str, data: object, status: str) -> None:
    outcome = outcome_of(value, saved_s=1.5)
    assert (outcome.text, outcome.data, outcome.status, outcome.saved_s) == (text, data, status, 1.5)
    assert outcome.ended_by is None


def test_a_forced_answer_is_partial_unless_it_says_that_nothing_was_found() -> None:
    assert outcome_of("so far: 1883", forced=True).status == "partial"
    assert outcome_of("NOT FOUND: a date", forced=True).status == "not_found"


@pytest.mark.parametrize(
    ("value", "text"), [(1.5, "1.5"), (math.inf, "inf"), (math.nan, "nan"), ({"a": "ä"}, '{\n  "a": "ä"\n}')]
)
def test_numbers_are_bare_and_containers_are_json(value: object, text: str) -> None:
    assert as_text(value) == text
