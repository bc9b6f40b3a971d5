"""The JSON value in a reply is read however it is written, and never a part of it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given

from harlm.typed import value_in
from tests.support.json_schemas import written


@given(written())
def test_a_value_is_read_however_a_model_writes_it(case: tuple[Any, str]) -> None:
    value, reply = case
    assert json.dumps(value_in(reply)) == json.dumps(value)


@pytest.mark.parametrize(
    ("reply", "value"),
    [
        ('{"a": 1} and {"b": [1, 2, 3]}', {"b": [1, 2, 3]}),
        ("As [1] and [2] say: {\"a\": \"x\"}", {"a": "x"}),
        ('```json\n{"draft": 1}\n```\nBetter:\n```json\n{"final": 2}\n```', {"final": 2}),
        ("{'a': None, 'b': (1, True), 3: 'c'}", {"a": None, "b": [1, True], "3": "c"}),
        ('{"text": "a,] b,}", "n": [1, 2,],}', {"text": "a,] b,}", "n": [1, 2]}),
        ('{"text": "two\nlines"}', {"text": "two\nlines"}),
        ('{"half": "\\ud800"}', {"half": "\ufffd"}),
        ("[\"\\d\", 'x']", ["\\d", "x"]),
        ("It's {'a': ['}', \"it's\"]}, isn't it?", {"a": ["}", "it's"]}),
        ("42", 42),
        ("18446744073709551615", (1 << 64) - 1),
    ],
)  # fmt: skip
def test_replies_of_models(reply: str, value: object) -> None:
    assert value_in(reply) == value


@pytest.mark.parametrize(
    "reply",
    [
        "",
        "  \n",
        "I don't know.",
        "The answer is 42.",
        '{"name": "root", "children": [{"name": "leaf"}, {"na',
        '{"name": "root" "children": [{"name": "leaf"}]}',
        "Names: [sic, and {no more",
        "NaN",
        '{"a": Infinity}',
        "{1, 2}",
        "[" + "1" * 5_000 + "]",
        "```json\n```",
    ],
)
def test_a_reply_without_a_whole_value_has_none(reply: str) -> None:
    with pytest.raises(ValueError, match="holds no JSON value"):
        value_in(reply)


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        (f'{{"n": {1 << 64}}}', "more than 64 bits"),
        (f"[-{(1 << 63) + 1}]", "more than 64 bits"),
        ("[1e999]", "too large"),
        ("[" * 150 + "]" * 150, "nested deeper than 100"),
        ("['a', {1, 2}]", "set is not JSON"),
        ("[b'bytes']", "bytes is not JSON"),
    ],
)
def test_what_no_part_of_a_run_can_hand_on_is_refused(reply: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        value_in(reply)


@pytest.mark.parametrize(
    "reply",
    [
        '"' + '\\"' * 100_000,
        '{"' + '\\"' * 100_000 + "\\",
        "{" + ", " * 100_000,
        "[" * 200_000,
        '{"a":' * 40_000,
        "{\n" * 100_000,
        "```\n" * 50_000,
        "```" + " " * 200_000,
        "[" + "-" * 49_000 + "1]",
        "[" + "not " * 12_000 + "1]",
        "(" * 25_000 + ")" * 25_000,
        "[x] " * 50_000,
    ],
    ids=range(12),
)
def test_hostile_replies_are_read_in_linear_time(reply: str) -> None:
    """A test of minutes if any of them were not."""
    with pytest.raises(ValueError, match="holds no JSON value"):
        value_in(reply)
