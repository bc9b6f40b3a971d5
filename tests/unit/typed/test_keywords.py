"""Which JSON Schemas are taken: known keywords with sensible values, references that end, no contradiction."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harlm.typed import SchemaFault, checked, faults_in
from harlm.typed.keywords import KEYWORDS, MOST_NODES, target_of, type_of
from tests.support.json_schemas import SCHEMAS, VALUES


@pytest.mark.parametrize(
    ("schema", "why"),
    [
        ([], "a JSON Schema is an object, not list"),
        ({"$schema": "https://json-schema.org/draft/2030-01/schema"}, "is not a known draft; use 2020-12"),
        ({"properties": {"a": {"unevaluatedItems": False}}}, "at #/properties/a: the keyword 'unevaluatedItems' is not checked"),
        ({"dependencies": {}}, "the keyword 'dependencies' is not checked"),
        ({"type": "text"}, "type 'text' does not exist"),
        ({"type": []}, "type \\[\\] does not exist"),
        ({"enum": []}, "enum must be a list"),
        ({"required": "name"}, "required must be a list of names"),
        ({"dependentRequired": {"a": "b"}}, "dependentRequired must be"),
        ({"uniqueItems": 1}, "uniqueItems must be true or false"),
        ({"minLength": -1}, "minLength must be a whole number"),
        ({"maxItems": 1.5}, "maxItems must be a whole number"),
        ({"minimum": "1"}, "minimum must be a number"),
        ({"exclusiveMinimum": True}, "exclusiveMinimum must be a number"),
        ({"multipleOf": 0}, "multipleOf must be greater than 0"),
        ({"pattern": "("}, "not a regular expression of Python"),
        ({"pattern": 1}, "a pattern must be a string"),
        ({"patternProperties": {"[": {}}}, "not a regular expression of Python"),
        ({"items": [{"type": "string"}]}, "at #/items: a schema is an object or a boolean, not list"),
        ({"anyOf": []}, "it must be a list of schemas"),
        ({"allOf": {}}, "it must be a list of schemas"),
        ({"properties": ["a"]}, "it must be an object of schemas by name"),
        ({"items": {"$id": "https://other.example/x"}}, "\\$id stands at the top only"),
    ],
)  # fmt: skip
def test_a_schema_that_cannot_be_checked_is_refused_with_its_place(schema: Any, why: str) -> None:
    with pytest.raises(SchemaFault, match=why):
        checked(schema)


@pytest.mark.parametrize(
    "schema",
    [
        {"minimum": 2, "maximum": 1},
        {"exclusiveMinimum": 1, "maximum": 1},
        {"minLength": 2, "maxLength": 1},
        {"type": "array", "items": {"minItems": 3, "maxItems": 2}},
        {"contains": True, "minContains": 2, "maxContains": 1},
        {"required": ["a"], "additionalProperties": False},
        {"properties": {"b": {}}, "required": ["a"], "additionalProperties": False},
        {"type": "integer", "enum": ["one", "two"]},
        {"type": "string", "const": 1},
    ],
)
def test_a_schema_that_contradicts_itself_is_refused(schema: Any) -> None:
    with pytest.raises(SchemaFault, match=r"no value (can follow it|of)"):
        checked(schema)


@pytest.mark.parametrize(
    ("schema", "why"),
    [
        ({"$ref": "https://example.org/person.json"}, "is not a place in the schema"),
        ({"$ref": "#person"}, "is not a place in the schema"),
        ({"$ref": 7}, "is not a place in the schema"),
        ({"$ref": "#/$defs/none"}, "names nothing in the schema"),
        ({"$ref": "#/anyOf/7", "anyOf": [{}]}, "names nothing in the schema"),
        ({"items": {"$ref": "#/properties"}, "properties": {"a": {}}}, "names no subschema"),
        ({"items": {"$ref": "#/x-hidden"}, "x-hidden": {"pattern": "(a+)+$"}}, "names no subschema"),
        ({"items": {"$ref": "#/default"}, "default": {"type": 1}}, "names no subschema"),
        ({"$ref": "#"}, "lead back to it without end"),
        ({"anyOf": [{"type": "null"}, {"$ref": "#"}]}, "lead back to it without end"),
        ({"$ref": "#/$defs/a", "$defs": {"a": {"not": {"$ref": "#/$defs/b"}}, "b": {"then": {"$ref": "#/$defs/a"}}}}, "without end"),
    ],
)  # fmt: skip
def test_references_name_a_checked_place_and_end(schema: Any, why: str) -> None:
    with pytest.raises(SchemaFault, match=why):
        checked(schema)


def test_a_reference_to_a_part_of_the_value_may_lead_back() -> None:
    for schema in (
        {"items": {"$ref": "#"}},
        {"properties": {"a": {"anyOf": [{"type": "null"}, {"$ref": "#"}]}}},
        {"propertyNames": {"$ref": "#"}},
    ):
        assert checked(schema) == schema


def test_a_schema_may_not_be_endless() -> None:
    deep: dict[str, Any] = {}
    for _ in range(100):
        deep = {"items": deep}
    with pytest.raises(SchemaFault, match="nested deeper"):
        checked(deep)
    with pytest.raises(SchemaFault, match="more than 2,000 subschemas"):
        checked({"properties": {f"p{number}": {} for number in range(MOST_NODES)}})
    shared: dict[str, Any] = {"type": "null"}
    for _ in range(40):
        shared = {"allOf": [shared, shared]}
    with pytest.raises(SchemaFault, match="more than 2,000 subschemas"):
        checked(shared)


def test_patterns_of_models_are_refused() -> None:
    schemas: list[dict[str, Any]] = [{"pattern": "a"}, {"items": {"patternProperties": {"a": {}}}}]
    for schema in schemas:
        assert checked(schema)
        with pytest.raises(SchemaFault, match="is not taken here; check the value with `re`"):
            checked(schema, patterns=False)


def test_notes_and_extensions_are_taken_and_constrain_nothing() -> None:
    schema: dict[str, Any] = {
        "$schema": "http://json-schema.org/draft-07/schema#", "$id": "x", "$comment": "c", "title": "t", "description": "d",
        "default": 1, "examples": [1], "deprecated": True, "readOnly": True, "writeOnly": True, "format": "date",
        "discriminator": {}, "contentMediaType": "a/b", "contentEncoding": "base64", "x-order": 1,
    }  # fmt: skip
    assert faults_in("anything", checked(schema)) == []
    assert set(schema) - {"x-order"} <= KEYWORDS


@given(SCHEMAS, st.lists(VALUES, min_size=1, max_size=3))
def test_any_schema_is_refused_or_checks_any_value(schema: Any, values: list[Any]) -> None:
    try:
        known = checked(schema)
    except SchemaFault:
        return
    for value in values:
        assert all(isinstance(fault, str) for fault in faults_in(value, known))


@given(VALUES)
def test_every_value_of_json_has_a_type(value: Any) -> None:
    assert type_of(value)
    assert not type_of(object())


def test_a_reference_is_found_by_its_pointer() -> None:
    root = {"$defs": {"a/b": {"const": 1}, "c~d": True}, "anyOf": [{"const": 2}]}
    assert target_of("#", root) == root
    assert target_of("#/$defs/a~1b", root) == {"const": 1}
    assert target_of("#/$defs/c~0d", root) is True
    assert target_of("#/anyOf/0", root) == {"const": 2}
