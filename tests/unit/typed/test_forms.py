"""The form in which a model is asked for a value takes exactly the values of the schema."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from harlm.typed import SchemaFault, checked, faults_in, fitted, form_of, schema_of
from tests.support.json_schemas import SCHEMAS, SHOWN, VALUES, Shown

LIST = {"type": "array", "items": {"type": "integer"}}
PERSON = {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}


def is_wrapped(form: Any) -> bool:
    return list(form["properties"]) == ["value"] if "properties" in form else False


@given(SCHEMAS, st.lists(VALUES, min_size=1, max_size=4))
def test_a_form_takes_exactly_the_values_of_the_schema(schema: Any, values: list[Any]) -> None:
    try:
        checked(schema)
    except SchemaFault:
        assume(False)
    form = checked(form_of(schema))
    assert form["type"] == "object"
    wraps = schema.get("type") != "object"
    for value in values:
        asked_for = {"value": value} if wraps else value
        assert bool(faults_in(asked_for, form)) == bool(faults_in(value, schema))


@given(SHOWN, st.booleans())
def test_a_reply_in_the_form_means_the_value(shown: Shown, has_words: bool) -> None:
    schema = schema_of(shown.schema)
    in_form = {"value": shown.follows} if is_wrapped(form_of(shown.schema)) else shown.follows
    assume(not is_wrapped({"properties": shown.follows if isinstance(shown.follows, dict) else {}}))
    assume(in_form not in ([], {}))
    reply = json.dumps(in_form)
    found = fitted(f"Here it is:\n{reply}" if has_words and isinstance(in_form, dict) else reply, schema)
    assert found.is_right
    assert json.dumps(found.value) == json.dumps(shown.follows)


def test_a_schema_of_objects_is_its_own_form() -> None:
    assert form_of(PERSON) == PERSON
    named = {"$ref": "#/$defs/Person", "$defs": {"Person": PERSON}, "title": "x"}
    assert form_of(named) == {**PERSON, "$defs": {"Person": PERSON}}


def test_what_stands_beside_a_reference_is_kept() -> None:
    schema = {"$ref": "#/$defs/Person", "minProperties": 2, "$defs": {"Person": PERSON}}
    form = form_of(schema)
    assert faults_in({"value": {"name": "Ada"}}, form) != []
    assert faults_in({"value": {"name": "Ada", "year": 1815}}, form) == []


def test_references_move_along_with_the_schema() -> None:
    tree = {"type": "array", "items": {"anyOf": [{"type": "null"}, {"$ref": "#"}]}, "default": {"$ref": "#"}}
    form = checked(form_of(tree))
    assert form["properties"]["value"]["items"]["anyOf"][1] == {"$ref": "#/properties/value"}  # type: ignore[index] # a form
    assert form["properties"]["value"]["default"] == {"$ref": "#"}  # type: ignore[index] # a value, not a schema
    assert faults_in({"value": [None, [[None]]]}, form) == []
    assert faults_in({"value": [[1]]}, form) != []


@pytest.mark.parametrize(
    ("schema", "value", "means"),
    [
        (LIST, "[1, 2]", [1, 2]),
        (LIST, '{"value": [1, 2]}', [1, 2]),
        (LIST, [1, 2], [1, 2]),
        (LIST, {"value": [1]}, [1]),
        ({"type": "string"}, "plain words", "plain words"),
        ({"type": "string"}, '{"value": "in a form"}', "in a form"),
        ({"type": "string"}, '"quoted"', "quoted"),
        ({"type": "string"}, "42", "42"),
        ({"type": "string"}, "see [1]", "see [1]"),
        ({}, '{"value": 3}', 3),
        ({}, {"value": 3}, {"value": 3}),
        ({"type": "object"}, '{"value": 3}', {"value": 3}),
        (PERSON, '{"value": {"name": "Ada"}}', {"name": "Ada"}),
        (PERSON, "It's:\n```json\n{'name': 'Ada',}\n```", {"name": "Ada"}),
        ({"type": "null"}, "null", None),
    ],
)
def test_what_a_value_means(schema: Any, value: object, means: object) -> None:
    found = fitted(value, schema_of(schema))
    assert found.is_right, found.faults
    assert found.value == means


def test_of_a_wrong_value_the_faults_and_the_likeliest_meaning_are_kept() -> None:
    found = fitted('{"value": ["x"]}', schema_of(LIST))
    assert (found.is_right, found.value) == (False, ["x"])
    assert found.faults == 'at `[0]`: "x" is not of type integer'
    assert fitted("no idea", schema_of(LIST)).faults == "the reply holds no JSON value"
    assert "more than 64 bits" in fitted(f"[{1 << 70}]", schema_of(LIST)).faults


def test_definitions_of_an_older_draft_stay_where_references_find_them(tmp_path: Path) -> None:
    schema = {
        "definitions": {"n": {"type": "integer"}},
        "type": "array",
        "items": {"$ref": "#/definitions/n"},
    }
    path = tmp_path / "schema.json"
    path.write_text(json.dumps(schema), encoding="utf-8")
    assert fitted('{"value": [1]}', schema_of(path)).value == [1]
    assert faults_in({"value": ["x"]}, form_of(schema)) != []
