"""JSON Schemas as providers enforce them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given

from harlm.models.structured import closed, is_strict
from harlm.typed import faults_in
from tests.support.json_schemas import SHOWN, Shown

TEXT: dict[str, Any] = {"type": "string"}


def an_object(required: list[str], others: object = False, **fields: Any) -> dict[str, Any]:
    return {"type": "object", "properties": fields, "required": required, "additionalProperties": others}


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        (an_object(["a"], a=TEXT), True),
        (an_object([], a=TEXT), False),
        (an_object(["a"], others=True, a=TEXT), False),
        ({"type": "object", "properties": {"a": TEXT}, "required": ["a"]}, False),
        ({"type": "object"}, False),
        (an_object(["a"], a={"type": ["object", "null"]}), False),
        (an_object(["a"], a={}), False),
        (an_object(["a"], a={"type": "array", "items": an_object(["b"], b=TEXT)}), True),
        (an_object(["a"], a={"type": "array", "items": an_object([], b=TEXT)}), False),
        (an_object(["a"], a={"type": "array", "items": True}), False),
        (an_object(["a"], a={"anyOf": [TEXT, {"type": "null"}]}), True),
        (an_object(["a"], a={"oneOf": [TEXT, {"type": "null"}]}), False),
        (an_object(["a"], a={"anyOf": [TEXT, {"type": "object", "patternProperties": {"a": TEXT}}]}), False),
        ({**an_object(["a"], a={"$ref": "#/$defs/x"}), "$defs": {"x": TEXT}}, True),
        ({**an_object(["a"], a={"$ref": "#/$defs/x"}), "$defs": {"x": {"type": "object"}}}, False),
    ],
)
def test_strict_is_what_requires_all_properties_and_allows_no_others(schema: Any, expected: bool) -> None:
    assert is_strict(schema) is expected


def test_a_closed_schema_has_no_bounds_and_no_other_properties() -> None:
    schema = {
        "type": "object",
        "properties": {
            "a": {"type": "integer", "minimum": 1, "description": "d"},
            "b": {"anyOf": [{"type": "null"}, {"type": "object", "properties": {"c": TEXT}}]},
            "d": {"type": "array", "items": {"type": "string", "maxLength": 3}, "uniqueItems": True},
        },
        "$defs": {"x": {"type": "object", "properties": {"e": TEXT}}},
    }
    assert closed(schema) == {
        "type": "object",
        "properties": {
            "a": {"type": "integer", "description": "d"},
            "b": {"anyOf": [{"type": "null"}, {"type": "object", "properties": {"c": TEXT}, "additionalProperties": False}]},
            "d": {"type": "array", "items": TEXT},
        },
        "$defs": {"x": {"type": "object", "properties": {"e": TEXT}, "additionalProperties": False}},
        "additionalProperties": False,
    }  # fmt: skip


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "object"},
        {"type": "object", "additionalProperties": {"type": "integer"}},
        {"type": "object", "properties": {"a": TEXT}, "additionalProperties": True},
        {"type": "object", "properties": {"a": TEXT}, "patternProperties": {"^x": TEXT}},
        an_object(["a"], a={"type": "object"}),
        an_object(["a"], a={"type": "array", "items": {"type": "object"}}),
        an_object(["a"], a={"anyOf": [TEXT, {"type": ["object", "null"]}]}),
        {**an_object([]), "$defs": {"x": {"type": "object"}}},
    ],
)
def test_a_schema_whose_objects_have_any_names_is_not_closed(schema: Any) -> None:
    """Closed, they would be empty, and an endpoint would enforce that."""
    assert closed(schema) is None


@given(SHOWN)
def test_a_closed_schema_still_takes_the_value(shown: Shown) -> None:
    made = closed(shown.schema)
    if made is not None and not made.keys() & {"not"}:
        assert faults_in(shown.follows, made) == []


def test_what_the_caller_passed_is_not_changed() -> None:
    schema = an_object(["a"], others=None, a={"type": "integer", "minimum": 1})
    before = repr(schema)
    closed(schema)
    is_strict(schema)
    assert repr(schema) == before
