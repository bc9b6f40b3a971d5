from __future__ import annotations

from contextlib import suppress
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harlm.errors import CodeError
from harlm.tools.mcp.shapes import Arguments, shape_of
from harlm.types import ToolShape

CITY = {
    "type": "object",
    "properties": {
        "unit": {"enum": ["km", "mi"], "default": "km"},
        "city": {"type": "string", "pattern": "^(a+)+$", "minLength": 1},
        "limit": {"type": ["integer", "null"]},
        "where": {"anyOf": [{"type": "object"}, {"type": "null"}], "default": None},
    },
    "required": ["city"],
}


def shape(schema: Any, description: str | None = "Finds.\n\nMore.", **known: Any) -> ToolShape:
    listed = SimpleNamespace(input_schema=schema, description=description, title="A title")
    return shape_of("find", listed, Arguments(schema), **known)


def test_a_model_is_told_parameters_and_types_and_finds_the_schema_in_the_help() -> None:
    made = shape(CITY, is_pure=True, timeout_s=3.0)
    assert made.signature == (
        "find(city: str, unit: Literal['km', 'mi'] = 'km', limit: int | None = None, where: dict | None = None)"
    )
    assert made.parameters == ("city", "unit", "limit", "where")
    assert made.summary == "Finds."
    assert made.help.startswith(f"{made.signature}\n\nFinds.\n\nMore.\n\nArguments, as JSON Schema: {{")
    assert '"minLength": 1' in made.help
    assert (made.is_pure, made.timeout_s) == (True, 3.0)


def test_without_a_description_the_title_is_told() -> None:
    assert shape({"type": "object"}, None).summary == "A title"


def test_names_that_python_does_not_have_are_passed_by_position() -> None:
    made = shape({"type": "object", "properties": {"user-id": {"type": "integer"}, "class": {}}})
    assert made.signature == "find(user-id: int = None, class: Any = None)"
    assert "Pass 'user-id' by its position" in made.help


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({}, "the property 'city' is missing"),
        ({"city": 3}, "3 is not of type string"),
        ({"city": ""}, "fewer than 1"),
        ({"city": "x", "unit": "m"}, "not one of"),
        ({"city": "x", "limit": "1"}, "not of type integer or null"),
    ],
)
def test_arguments_are_checked_by_the_schema(arguments: dict[str, object], words: str) -> None:
    with pytest.raises(
        CodeError, match=r"^find: the arguments are wrong: .*help\(find\) shows the schema"
    ) as raised:
        Arguments(CITY).check(arguments, "find")
    assert words in str(raised.value)


def test_patterns_of_a_server_are_left_to_the_server() -> None:
    Arguments(CITY).check({"city": "a" * 60 + "!", "limit": None}, "find")
    named = {
        "type": "object",
        "properties": {"pattern": {"type": "string"}},
        "patternProperties": {"^(a+)+$": {"type": "integer"}},
        "additionalProperties": False,
    }
    Arguments(named).check({"pattern": "x", "a" * 60 + "!": "y"}, "find")
    with pytest.raises(CodeError, match="not of type string"):
        Arguments(named).check({"pattern": 1}, "find")


def endless() -> dict[str, Any]:
    return {"type": "object", "anyOf": [{"$ref": "#"}, {"$ref": "#"}]}


def deep_alternatives(kind: str) -> dict[str, Any]:
    each = [{kind: [{"$ref": f"#/$defs/d{at + 1}"}, {"$ref": f"#/$defs/d{at + 1}"}]} for at in range(60)]
    defs = {f"d{at}": part for at, part in enumerate(each)} | {"d60": {"type": "object"}}
    return {"type": "object", "$defs": defs, "$ref": "#/$defs/d0"}


@pytest.mark.parametrize("schema", [endless(), *map(deep_alternatives, ("anyOf", "allOf", "oneOf"))])
def test_a_schema_that_refers_to_itself_or_branches_without_end_is_checked_at_once(
    schema: dict[str, Any],
) -> None:
    """Two to the power of sixty steps would not end."""
    checks = Arguments(schema)
    for arguments in ({}, {"a": [1] * 100}):
        with suppress(CodeError):
            checks.check(arguments, "find")


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "object", "$dynamicRef": "#x"},
        {"type": "object", "properties": {"a": {"$ref": "http://elsewhere/schema"}}},
        {"type": "object", "$schema": "http://json-schema.org/draft-99/schema"},
        {"type": "object", "minProperties": 3, "maxProperties": 1},
    ],
)
def test_a_schema_that_cannot_be_checked_is_passed_on_and_says_so(schema: dict[str, Any]) -> None:
    Arguments(schema).check({"a": 1}, "find")
    assert "(They are passed on unchecked: " in shape(schema).help


def test_what_a_model_is_told_is_limited() -> None:
    wide = {"type": "object", "properties": {f"p{at}": {"description": "x" * 500} for at in range(5_000)}}
    made = shape(wide, "y" * 100_000)
    assert len(made.signature) <= 401
    assert len(made.summary) <= 301
    assert len(made.help) < 40_000
    assert len(made.parameters) == 100


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=20,
)
_words = st.sampled_from(
    [
        "type",
        "properties",
        "required",
        "enum",
        "anyOf",
        "$ref",
        "items",
        "default",
        "pattern",
        "patternProperties",
        "not",
    ]
)


@given(
    st.dictionaries(_words, _json | st.dictionaries(st.text(max_size=8), _json, max_size=3)),
    st.dictionaries(st.text(max_size=8), _json, max_size=4),
)
def test_no_schema_breaks_anything(schema: dict[str, Any], arguments: dict[str, object]) -> None:
    made = shape(schema)
    assert made.signature.startswith("find(")
    with suppress(CodeError):
        Arguments(schema).check(arguments, "find")
