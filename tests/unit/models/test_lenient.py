from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harlm.models.lenient import a_count, a_list, a_number, an_object, decoded, first, thoughts, words

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=12,
)


@given(_JSON)
def test_ordinary_json_is_read_as_it_is(value: Any) -> None:
    assert decoded(b"\xef\xbb\xbf" + json.dumps(value).encode()) == json.loads(json.dumps(value))


@pytest.mark.parametrize(
    ("data", "value"),
    [
        (b'{"a": "\\ud83d"}', {"a": "\ud83d"}),
        (b'{"a": "\xff"}', {"a": "\ufffd"}),
        (b'{"a": NaN}', None),
    ],
)
def test_odd_bytes_cost_a_character_and_not_the_reply(data: bytes, value: object) -> None:
    assert value is None or decoded(data) == value
    decoded(data)


@pytest.mark.parametrize("data", [b"", b"{", b"<html>", b"nothing", b'{"a": 1} {"b": 2}'])
def test_what_is_no_json_is_an_error(data: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        decoded(data)


def test_json_that_is_nested_too_deep_is_an_error() -> None:
    with pytest.raises((msgspec.DecodeError, RecursionError)):
        decoded(b"[" * 100_000)


@pytest.mark.parametrize(
    ("value", "count"),
    [
        (7, 7), (7.0, 7), (99.5, 100), ("100", 100), (" 7 ", 7), (0, 0), (None, None), (True, None), (-1, None),
        ("many", None), ("1,000", None), ([], None), ({}, None), (float("nan"), None), (1e300, None), ("9" * 40, None),
    ],
)  # fmt: skip
def test_a_count_is_a_number_in_any_notation(value: object, count: int | None) -> None:
    assert a_count(value) == count


@given(_JSON)
def test_no_value_is_too_odd_for_the_readers(value: Any) -> None:
    a_number(value)
    an_object(value)
    a_list(value)
    assert isinstance(words(value), str)
    assert isinstance(thoughts(value), str)


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("a", "a"), (None, ""), (["a", "b"], "ab"), ([None, {"type": "text", "text": "a"}], "a"),
        ([{"type": "text", "text": {"value": "a"}}], "a"), ({"type": "text", "text": "a"}, "a"), (7, "7"), (True, ""),
        ([{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}, {"type": "text", "text": "a"}], "a"),
        ([{"text": "hm", "thought": True}, {"text": "a"}], "a"), ([{"content": [{"text": "a"}]}], "a"),
    ],
)  # fmt: skip
def test_words_are_found_in_every_shape_and_thoughts_are_none(content: object, text: str) -> None:
    assert words(content) == text


def test_thoughts_are_found_beside_the_words() -> None:
    parts = [
        {"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]},
        {"type": "text", "text": "a"},
    ]
    assert thoughts(parts) == "hm"
    assert thoughts([{"text": "so", "thought": True}, {"text": "a"}]) == "so"
    assert thoughts("hm") == ""


def test_words_that_are_nested_without_end_cost_nothing() -> None:
    value: Any = "a"
    for _ in range(500):
        value = [value]
    assert words(value) == ""


def test_the_first_name_with_a_value_counts() -> None:
    assert first({"a": None, "b": 0, "c": 1}, "a", "b", "c") == 0
    assert first({}, "a") is None
