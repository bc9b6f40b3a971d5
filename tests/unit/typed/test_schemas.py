"""A schema is made from what callers have: types of Python, JSON Schemas, files."""

from __future__ import annotations

import dataclasses
import json
from datetime import date
from pathlib import Path
from typing import Any, Literal, TypedDict

import msgspec
import pytest

from harlm.errors import ConfigError
from harlm.typed import SchemaFault, schema_of, schema_of_text

RAW = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}


@dataclasses.dataclass
class Point:
    x: int
    y: int = 0

    def __post_init__(self) -> None:
        if self.x < 0:
            raise ArithmeticError("x is below zero")


class Person(TypedDict):
    name: str
    born: date | None


class Tree(msgspec.Struct):
    name: str
    below: list[Tree] = []  # msgspec copies it


class LikePydantic:
    """What a pydantic model offers."""

    def __init__(self, **values: Any) -> None:
        self.values = values

    @classmethod
    def model_json_schema(cls) -> dict[str, Any]:
        return RAW

    @classmethod
    def model_validate(cls, value: Any) -> LikePydantic:
        if not isinstance(value, dict) or "n" not in value:
            raise TypeError("n: Field required")
        return cls(**value)


@pytest.mark.parametrize(
    ("wanted", "name", "value", "built"),
    [
        (Point, "Point", {"x": 1}, Point(1)),
        (
            Person,
            "Person",
            {"name": "Ada", "born": "1815-12-10"},
            {"name": "Ada", "born": date(1815, 12, 10)},
        ),
        (Tree, "Tree", {"name": "a", "below": [{"name": "b"}]}, Tree("a", [Tree("b")])),
        (list[int], "list[int]", [1], [1]),
        (Literal["yes", "no"], "typing.Literal['yes', 'no']", "no", "no"),
        (RAW, "the schema", {"n": 1}, {"n": 1}),
        ({**RAW, "title": "Counted"}, "Counted", {"n": 1}, {"n": 1}),
        (int | None, "int | None", None, None),
    ],
)
def test_a_value_is_built_into_the_type(wanted: object, name: str, value: object, built: object) -> None:
    schema = schema_of(wanted)
    assert schema.name == name
    assert schema.build(value) == built
    assert json.dumps(dict(schema.json_schema))


@pytest.mark.parametrize(
    ("wanted", "value", "why"),
    [
        (Point, {"x": "1"}, "Expected `int`, got `str`"),
        (Point, {"x": -1}, "x is below zero"),
        (Person, {"name": "Ada"}, "missing required field `born`"),
        (Tree, {"name": "a", "below": [{}]}, "missing required field `name`"),
        (list[int], ["x"], r"Expected `int`, got `str` - at `\$\[0\]`"),
        (RAW, {}, "the property 'n' is missing"),
        (LikePydantic, {}, "n: Field required"),
    ],
)
def test_what_does_not_follow_is_a_value_error_with_the_place(
    wanted: object, value: object, why: str
) -> None:
    with pytest.raises(ValueError, match=why):
        schema_of(wanted).build(value)


def test_a_class_like_a_pydantic_model_decides_itself() -> None:
    schema = schema_of(LikePydantic)
    assert (schema.name, schema.json_schema) == ("LikePydantic", RAW)
    built = schema.build({"n": 3})
    assert isinstance(built, LikePydantic)
    assert built.values == {"n": 3}


def test_a_pydantic_model() -> None:
    pydantic = pytest.importorskip("pydantic")
    model = pydantic.create_model("Counted", n=(int, pydantic.Field(ge=1)))
    schema = schema_of(model)
    assert schema.name == "Counted"
    assert schema.build({"n": 3}) == model(n=3)
    with pytest.raises(ValueError, match="greater than or equal to 1"):
        schema.build({"n": 0})


def test_a_schema_is_its_own() -> None:
    schema = schema_of(RAW)
    assert schema_of(schema) is schema


@pytest.mark.parametrize(
    ("wanted", "why"),
    [
        ("Person", "is text; pass a type"),
        (7, "is no type that an answer can have"),
        (object(), "is no type that an answer can have"),
        (complex, "is no type that an answer can have"),
        ({"type": "words"}, "cannot be used as a JSON Schema: at #: type 'words' does not exist"),
        ({"enum": [object()]}, "cannot be used as a JSON Schema"),
        ({"maximum": float("nan")}, "cannot be used as a JSON Schema"),
        ({"minimum": 2, "maximum": 1}, "no value can follow it"),
    ],
)
def test_what_is_no_schema_is_refused(wanted: object, why: str) -> None:
    with pytest.raises(ConfigError, match=why):
        schema_of(wanted)


def test_tuples_of_a_json_schema_are_lists() -> None:
    assert schema_of({"type": "object", "required": ("n",)}).json_schema["required"] == ["n"]


def test_a_model_whose_schema_cannot_be_made_is_refused() -> None:
    class Broken(LikePydantic):
        @classmethod
        def model_json_schema(cls) -> dict[str, Any]:
            raise RuntimeError("no schema for a callable")

    with pytest.raises(ConfigError, match="Broken has no JSON Schema: no schema for a callable"):
        schema_of(Broken)


def test_a_file_holds_a_schema(tmp_path: Path) -> None:
    path = tmp_path / "s.json"
    path.write_text("\ufeff" + json.dumps(RAW), encoding="utf-8")
    schema = schema_of(path)
    assert schema.name == repr(str(path))
    assert schema.build({"n": 1}) == {"n": 1}


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"{", "is not JSON"),
        (b"\xff\xfe", "is not JSON"),
        (b"[" * 100_000, "is not JSON"),
        (b"[]", "cannot be used as a JSON Schema: a JSON Schema is an object, not list"),
        (b" " * 1_000_001, "has more than 1,000,000 bytes"),
    ],
    ids=range(5),
)
def test_a_file_without_one_is_refused_by_its_name(content: bytes, why: str, tmp_path: Path) -> None:
    path = tmp_path / "named.json"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=rf"named\.json.* {why}"):
        schema_of(path)


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.json' cannot be read \(No such file"):
        schema_of(tmp_path / "none.json")
    with pytest.raises(ConfigError, match="cannot be read"):
        schema_of(tmp_path)


def test_a_schema_that_a_model_wrote_may_hold_no_patterns() -> None:
    assert schema_of_text(json.dumps(RAW)).build({"n": 1}) == {"n": 1}
    with pytest.raises(SchemaFault, match="'pattern' is not taken here"):
        schema_of_text('{"pattern": "(a+)+$"}')
    assert schema_of_text('{"pattern": "a"}', patterns=True).build("a") == "a"
    for text in (
        "{",
        "[]",
        "[" * 100_000,
        '{"$ref": "#"}',
        '{"maximum": NaN}',
        '{"maximum": 1e999}',
        '{"default": -Infinity}',
    ):
        with pytest.raises(SchemaFault):
            schema_of_text(text)


def test_half_surrogates_do_not_leave_a_schema() -> None:
    for schema in (schema_of_text(r'{"enum": ["\ud800 x"]}'), schema_of({"enum": ["\ud800 x"]})):
        assert schema.json_schema == {"enum": ["\ufffd x"]}
