from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harlm.guest.combinators.fact_replies import Fact, facts_in, json_in

FIELDS = ("name", "age")
ANNA: Fact = {"name": "Anna", "age": "7"}
BEN: Fact = {"name": "Ben", "age": None}


@pytest.mark.parametrize(
    "reply",
    [
        '{"items": [{"number": 1, "found": [{"name": "Anna", "age": 7}]}, {"number": 2, "found": [{"name": "Ben", "age": null}]}]}',
        '```json\n{"items": [{"number": 2, "found": [{"name": "Ben"}]}, {"number": "1", "found": {"name": "Anna", "age": "7"}}]}\n```',
        'Here it is: {"1": [{"name": "Anna", "age": "7"}], "2": {"name": "Ben", "age": "unknown"}} Anything else?',
        '[{"number": 1, "name": "Anna", "age": "7"}, {"number": 2, "name": "Ben", "age": ""}]',
        '[{"name": "Anna", "age": 7}, {"name": "Ben"}]',
        '{"results": [[{"name": "Anna", "age": 7}], [{"name": "Ben", "age": "n/a"}]]}',
        '{"items": [{"number": 1, "found": [{"name": "Anna", "age": 7}]}, {"number": 2, "found": [{"name": "Ben", "age": null}]}',
        '[{"number": 1, "name": "Anna", "age": "7"}, {"number": 2, "name": "Ben"}, {"number": 2, "na',
    ],
)
def test_json_in_the_forms_that_models_give_it_is_read(reply: str) -> None:
    assert facts_in(reply, 2, FIELDS) == {0: [ANNA], 1: [BEN]}


def test_an_item_may_state_several_things_or_none() -> None:
    nested = '{"items": [{"number": 1, "found": [{"name": "Anna", "age": "7"}, {"name": "Ben"}]}, {"number": 2, "found": []}]}'
    flat = '[{"number": 1, "name": "Anna", "age": "7"}, {"number": 1, "name": "Ben"}, {"number": 2, "name": null}]'
    assert facts_in(nested, 2, FIELDS) == facts_in(flat, 2, FIELDS) == {0: [ANNA, BEN], 1: []}


def test_a_single_item_needs_no_number() -> None:
    assert facts_in('[{"name": "Anna", "age": 7}, {"name": "Ben"}]', 1, FIELDS) == {0: [ANNA, BEN]}
    assert facts_in('{"name": "Anna", "age": 7}', 1, FIELDS) == {0: [ANNA]}
    assert facts_in('{"items": []}', 1, FIELDS) == {0: []}


@pytest.mark.parametrize(
    "reply",
    [
        "",
        "I cannot do that.",
        "{",
        "[1, 2]",
        '["Anna", "Ben"]',
        '[{"colour": "red"}, {"colour": "blue"}]',
        '[{"name": "Anna"}]',
        '{"items": [{"number": 9, "found": []}, {"number": 0, "found": []}]}',
        "[" * 100_000,
    ],
)
def test_what_has_no_such_form_answers_no_item(reply: str) -> None:
    assert facts_in(reply, 2, FIELDS) == {}


def test_an_item_that_is_answered_in_two_ways_is_not_answered() -> None:
    reply = '{"items": [{"number": 1, "found": [{"name": "Anna"}]}, {"number": 2, "found": []}, {"number": 1, "found": [{"name": "Ben"}]}]}'
    assert facts_in(reply, 2, FIELDS) == {1: []}


def test_fields_that_are_called_like_parts_of_the_form_are_fields() -> None:
    assert facts_in('[{"number": 1, "text": "a", "found": "b"}]', 1, ("text", "found")) == {
        0: [{"text": "a", "found": "b"}]
    }


_FACT = st.fixed_dictionaries(
    {"name": st.text("abc", min_size=1, max_size=5), "age": st.none() | st.text("123", min_size=1)}
)


@given(
    st.lists(st.lists(_FACT, max_size=3), min_size=1, max_size=6),
    st.sampled_from(["{}", "```json\n{}\n```", "Sure: {} Done."]),
)
def test_what_was_written_is_read(found: list[list[Fact]], around: str) -> None:
    body = json.dumps({"items": [{"number": at, "found": each} for at, each in enumerate(found, 1)]})
    assert facts_in(around.replace("{}", body), len(found), FIELDS) == dict(enumerate(found))


@given(st.text(max_size=200))
def test_any_reply_is_read_without_an_error(reply: str) -> None:
    assert set(facts_in(reply, 3, FIELDS)) <= {0, 1, 2}
    json_in(reply)
