"""Values that follow a schema have no faults; others have, and the faults say where."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given

from harlm.typed import checked, faults_in
from tests.support.json_schemas import SHOWN, Shown


@given(SHOWN)
def test_a_value_that_follows_has_no_faults_and_one_that_does_not_has_some(shown: Shown) -> None:
    schema = checked(shown.schema)
    assert faults_in(shown.follows, schema) == []
    assert faults_in(shown.does_not, schema) != []


PERSON = {
    "type": "object",
    "properties": {
        "name": {"type": "string"},
        "years": {"type": "array", "items": {"type": "integer", "minimum": 1900}},
    },
    "required": ["name"],
    "additionalProperties": False,
}


@pytest.mark.parametrize(
    ("value", "fault"),
    [
        ({}, "at the top: the property 'name' is missing"),
        ({"name": 1}, "at `name`: 1 is not of type string"),
        ({"name": "a", "years": [1999, 3]}, "at `years[1]`: 3 is not at least 1900"),
        ({"name": "a", "more": 1}, "at the top: the property 'more' is not allowed"),
        ("Ada", 'at the top: "Ada" is not of type object'),
    ],
)
def test_a_fault_says_where_and_what(value: object, fault: str) -> None:
    assert faults_in(value, PERSON) == [fault]


@pytest.mark.parametrize(
    ("schema", "follow", "do_not"),
    [
        ({"type": "integer"}, [1, 1.0, -3], [1.5, True, "1", None]),
        ({"type": "number"}, [1, 0.5], [False, "1"]),
        ({"type": ["string", "null"]}, ["", None], [0, []]),
        ({"enum": [1, "a", [True], {"b": 0}]}, [1.0, "a", [True], {"b": 0.0}], [True, [1], {"b": False}, "1"]),
        ({"const": False}, [False], [0, None]),
        ({"exclusiveMinimum": 0, "exclusiveMaximum": 2}, [1, 0.1, "text"], [0, 2]),
        ({"multipleOf": 0.1}, [0.3, 1, 2.0], [0.25, 1e308 * 10]),
        ({"multipleOf": 2}, [4, 10**400], [3, 10**400 + 1]),
        ({"multipleOf": 0.5}, [10**400, 1.5], [0.3]),
        ({"maxLength": 2}, ["äö", "", 777], ["abc"]),
        ({"pattern": "b"}, ["abc", 5], ["ac"]),
        ({"uniqueItems": True}, [[1, True, "1"], []], [[1, 1.0], [{"a": 1}, {"a": 1.0}]]),
        ({"contains": {"type": "integer"}}, [["a", 1]], [["a"], []]),
        ({"contains": {"const": 1}, "minContains": 2, "maxContains": 3}, [[1, 1]], [[1], [1, 1, 1, 1]]),
        ({"contains": {"const": 1}, "minContains": 0}, [[]], []),
        ({"prefixItems": [{"const": 1}], "items": False}, [[1], []], [[1, 2], [2]]),
        ({"minProperties": 1, "maxProperties": 1}, [{"a": 1}, [], 0], [{}, {"a": 1, "b": 2}]),
        ({"patternProperties": {"^n": {"type": "integer"}}, "additionalProperties": False}, [{"n1": 1}], [{"n": "x"}, {"a": 1}]),
        ({"propertyNames": {"maxLength": 1}}, [{"a": 1}], [{"ab": 1}]),
        ({"dependentRequired": {"a": ["b"]}}, [{"a": 1, "b": 2}, {"b": 1}], [{"a": 1}]),
        ({"oneOf": [{"type": "integer"}, {"minimum": 5}]}, [3, 5.5], [7, 2.5]),
        ({"not": {"type": "string"}}, [1], ["x"]),
        ({"if": {"type": "integer"}, "then": {"minimum": 0}, "else": {"type": "null"}}, [1, None], [-1, "x"]),
        ({"$ref": "#/$defs/a~1b", "$defs": {"a/b": {"type": "null"}}}, [None], [1]),
        ({"$ref": "#/$defs/a%20b", "$defs": {"a b": {"type": "null"}}}, [None], [1]),
        ({"anyOf": [{"type": "null"}, {"type": "array", "items": {"$ref": "#/anyOf/0"}}]}, [None, [None]], [[1]]),
    ],
)  # fmt: skip
def test_each_keyword_means_what_the_standard_says(
    schema: dict[str, Any], follow: list[object], do_not: list[object]
) -> None:
    known = checked(schema)
    assert [value for value in follow if faults_in(value, known)] == []
    assert [value for value in do_not if not faults_in(value, known)] == []


TREE = {
    "$ref": "#/$defs/node",
    "$defs": {
        "node": {
            "type": "object",
            "properties": {"name": {"type": "string"}, "below": {"type": "array", "items": {"$ref": "#/$defs/node"}}},
            "required": ["name"],
        }
    },
}  # fmt: skip


def test_a_recursive_schema_checks_every_level() -> None:
    tree = checked(TREE)
    assert faults_in({"name": "a", "below": [{"name": "b", "below": [{"name": "c"}]}]}, tree) == []
    (fault,) = faults_in({"name": "a", "below": [{"name": "b"}, {"name": 3}]}, tree)
    assert fault == "at `below[1].name`: 3 is not of type string"


def test_a_fault_of_an_alternative_is_that_of_the_alternative_with_the_type_of_the_value() -> None:
    schema = checked({"anyOf": [{"type": "null"}, {"type": "array", "items": {"type": "integer"}}]})
    assert faults_in([1, "x"], schema) == ['at `[1]`: "x" is not of type integer']
    assert faults_in("x", schema) == ['at the top: "x" follows none of the alternatives']


def test_only_the_first_faults_are_told_and_values_are_cut() -> None:
    faults = faults_in(["x" * 10_000] * 100, checked({"items": {"type": "integer"}}))
    assert len(faults) == 5
    assert all(len(each) < 200 for each in faults)


@pytest.mark.parametrize("depth", [500, 5_000])
def test_a_value_that_is_nested_too_deeply_is_a_fault_and_no_exception(depth: int) -> None:
    value: list[object] = []
    for _ in range(depth):
        value = [value]
    (fault,) = faults_in(value, checked({"anyOf": [{"type": "array", "items": {"$ref": "#"}}]}))
    assert "cannot be checked" in fault
    assert "cannot be checked" in faults_in(value, checked({"not": {"items": {"$ref": "#"}}}))[0]


def test_alternatives_of_alternatives_end() -> None:
    """Without a limit, 2 ** 40 steps."""
    definitions: dict[str, Any] = {"d40": {"const": 1}}
    for number in range(40):
        below = {"$ref": f"#/$defs/d{number + 1}"}
        definitions[f"d{number}"] = {"oneOf": [below, {"allOf": [below]}]}
    schema = checked({"$ref": "#/$defs/d0", "$defs": definitions})
    (fault,) = faults_in(2, schema)
    assert "cannot be checked" in fault
