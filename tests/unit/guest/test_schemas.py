"""What cells pass as a schema becomes JSON Schema."""

from __future__ import annotations

import collections
import dataclasses
import enum
import json
import typing
from typing import Any, Literal, NamedTuple, TypedDict

import pytest
from hypothesis import given

from harlm.guest.arguments import SCHEMA
from harlm.guest.schemas import schema_text, with_schema
from harlm.typed import schema_of_text
from tests.support.json_schemas import SHOWN, Shown

TEXT, WHOLE = {"type": "string"}, {"type": "integer"}


def of(schema: Any) -> Any:
    return json.loads(schema_text(schema))


def an_object(required: list[str] | None = None, **fields: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": fields,
        "required": list(fields) if required is None else required,
        "additionalProperties": False,
    }


@dataclasses.dataclass
class Person:
    name: str
    years: list[int] = dataclasses.field(default_factory=list)
    city: str = ""


@dataclasses.dataclass(slots=True)
class Slotted:
    name: str
    age: int = 0


class Named(NamedTuple):
    name: str
    age: int = 0


Typed = TypedDict("Typed", {"name": typing.Required[str], "age": int}, total=False)  # noqa: UP013 - as without postponed annotations


class Plain:
    name: str
    age: int = 0


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


@pytest.mark.parametrize(
    ("given_schema", "made"),
    [
        (str, TEXT),
        (int, WHOLE),
        (float, {"type": "number"}),
        (bool, {"type": "boolean"}),
        (None, {"type": "null"}),
        (dict, {"type": "object"}),
        (list, {"type": "array"}),
        (Any, {}),
        (list[int], {"type": "array", "items": WHOLE}),
        (typing.List[int], {"type": "array", "items": WHOLE}),  # noqa: UP006 - models write it
        (typing.Optional[int], {"anyOf": [WHOLE, {"type": "null"}]}),  # noqa: UP045 - models write it
        (int | None, {"anyOf": [WHOLE, {"type": "null"}]}),
        (set[str], {"type": "array", "items": TEXT}),
        (tuple[int, ...], {"type": "array", "items": WHOLE}),
        (tuple[str, int], {"type": "array", "prefixItems": [TEXT, WHOLE], "minItems": 2, "maxItems": 2}),
        (dict[str, int], {"type": "object", "additionalProperties": WHOLE}),
        (Literal["yes", "no"], {"enum": ["yes", "no"]}),
        (typing.Annotated[int, "years"], WHOLE),
        (Colour, {"enum": ["red", "blue"]}),
        ({"name": str, "years": list[int]}, an_object(name=TEXT, years={"type": "array", "items": WHOLE})),
        ({"name": "str", "age": "integer"}, an_object(name=TEXT, age=WHOLE)),
        ({"name": "the full name"}, an_object(name={"type": "string", "description": "the full name"})),
        ({"a": {"b": int}}, an_object(a=an_object(b=WHOLE))),
        ([{"name": str}], {"type": "array", "items": an_object(name=TEXT)}),
        ({"items": [{"name": str}]}, an_object(items={"type": "array", "items": an_object(name=TEXT)})),
        ({"type": str}, an_object(type=TEXT)),
        ({"type": "kind of thing", "not": str}, an_object(None, type={"type": "string", "description": "kind of thing"}, **{"not": TEXT})),
        ({"type": "array", "items": {"type": "string"}}, {"type": "array", "items": TEXT}),
        ({"enum": [1, 2]}, {"enum": [1, 2]}),
        ({"$ref": "#/$defs/a", "$defs": {"a": {}}}, {"$ref": "#/$defs/a", "$defs": {"a": {}}}),
        ({}, {}),
        (Person, {"title": "Person", **an_object(["name"], name=TEXT, years={"type": "array", "items": WHOLE}, city=TEXT)}),
        (Slotted, {"title": "Slotted", **an_object(["name"], name=TEXT, age=WHOLE)}),
        (Named, {"title": "Named", **an_object(["name"], name=TEXT, age=WHOLE)}),
        (Typed, {"title": "Typed", **an_object(["name"], name=TEXT, age=WHOLE)}),
        (Plain, {"title": "Plain", **an_object(["name"], name=TEXT, age=WHOLE)}),
        ('{"type": "string"}', TEXT),
        ("int", WHOLE),
        ("list[int]", {"type": "array", "items": WHOLE}),
        ({"a": "list[int]"}, an_object(a={"type": "array", "items": WHOLE})),
        ({"a": "List[str]"}, an_object(a={"type": "array", "items": TEXT})),
        ({"a": "typing.Optional[int]"}, an_object(a={"anyOf": [WHOLE, {"type": "null"}]})),
        ({"a": "int | None"}, an_object(a={"anyOf": [WHOLE, {"type": "null"}]})),
        ({"a": "dict[str, int]"}, an_object(a={"type": "object", "additionalProperties": WHOLE})),
        ({"a": "Literal['x', 'y']"}, an_object(a={"enum": ["x", "y"]})),
        ({"a": "list[Person]"}, an_object(a={"type": "string", "description": "list[Person]"})),
        ({"a": "date"}, an_object(a={"type": "string", "description": "date"})),
    ],
)  # fmt: skip
def test_a_schema_becomes_json_schema_that_the_host_takes(given_schema: Any, made: Any) -> None:
    assert of(given_schema) == made
    assert schema_of_text(schema_text(given_schema)).json_schema == made


@dataclasses.dataclass
class Recursive:
    below: list[Recursive]


@dataclasses.dataclass
class Unknown:
    other: Missing  # type: ignore[name-defined] # noqa: F821 - as a cell may forget it


class Empty:
    pass


@pytest.mark.parametrize(
    ("given_schema", "why"),
    [
        (7, "7 is no type and no JSON Schema"),
        ("a person", "'a person' is neither a JSON Schema nor the name of a type"),
        ("<class 'Person'>", "is neither a JSON Schema nor the name of a type"),
        ([int, str], "is no type and no JSON Schema"),
        ({"a": [int, str]}, "is no type and no JSON Schema"),
        (Empty, "Empty has no fields with types"),
        (collections.OrderedDict, "OrderedDict has no fields with types"),
        (Recursive, "nested deeper than 32 levels"),
        (Unknown, "the types of Unknown cannot be found: name 'Missing'"),
        ({1: int}, "a field must have a name, not 1"),
        ({"type": "string", "const": {1}}, "is no type and no JSON Schema"),
    ],
)
def test_what_has_no_schema_is_a_type_error_that_says_why(given_schema: Any, why: str) -> None:
    with pytest.raises(TypeError, match=f"schema: .*{why}"):
        schema_text(given_schema)


def test_a_schema_has_a_greatest_size() -> None:
    with pytest.raises(ValueError, match=r"a schema has .* characters; at most 20,000 are taken"):
        schema_text({"enum": ["x" * SCHEMA.most]})
    with pytest.raises(ValueError, match="at most 20,000 are taken"):
        schema_text("x" * (SCHEMA.most + 1))


def test_a_call_without_a_schema_is_as_it_was() -> None:
    assert with_schema({"prompt": "p"}, None) == {"prompt": "p"}
    assert with_schema({"prompt": "p"}, int) == {"prompt": "p", "schema": '{"type": "integer"}'}


@given(SHOWN)
def test_a_json_schema_is_handed_on_as_it_is(shown: Shown) -> None:
    is_plain_enough = "type" in shown.schema or "enum" in shown.schema or "$ref" in shown.schema
    assert not is_plain_enough or of(shown.schema) == shown.schema
