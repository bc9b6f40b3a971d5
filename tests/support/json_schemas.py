"""JSON Schemas and values, as Hypothesis draws them: any schemas, schemas that show a value which follows them, and the ways in
which models write a value.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, NamedTuple

from hypothesis import strategies as st

Schema = dict[str, Any]

_NAMES = st.sampled_from(["a", "b", "c", "value"])
_TYPES = ["string", "number", "integer", "boolean", "null", "array", "object"]
_WORDS = st.text(alphabet="ab1 ,]}\"\\\n'`é", max_size=5)
_NUMBERS = st.integers(-4, 6) | st.sampled_from([0.5, 1.0, 2.0, -1.5, 1e300])
_SCALARS = st.none() | st.booleans() | _NUMBERS | _WORDS
_PATTERNS = st.sampled_from(["^a", "b$", "[0-9]", "^$", "a|1", ""])
_COUNTS = st.integers(0, 3)

VALUES: st.SearchStrategy[Any] = st.recursive(
    _SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_NAMES, inner, max_size=4),
    max_leaves=8,
)
"""Any JSON values, small ones of few words, so that schemas and values often meet."""


def _some(**keywords: st.SearchStrategy[Any]) -> st.SearchStrategy[Schema]:
    return st.fixed_dictionaries({}, optional=keywords)


def _keywords(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Schema]:
    """Subschemas of some keywords of one subject."""
    by_name = st.dictionaries(_NAMES, inner, max_size=3)
    several = st.lists(inner, min_size=1, max_size=3)
    return st.one_of(
        st.builds(lambda kind: {"type": kind}, st.sampled_from(_TYPES)),
        st.builds(
            lambda kinds: {"type": kinds},
            st.lists(st.sampled_from(_TYPES), min_size=1, max_size=3, unique=True),
        ),
        _some(enum=st.lists(VALUES, min_size=1, max_size=4)),
        _some(const=VALUES),
        _some(
            minimum=_NUMBERS, maximum=_NUMBERS, exclusiveMinimum=_NUMBERS, exclusiveMaximum=_NUMBERS,
            multipleOf=st.sampled_from([1, 2, 0.5, 0.25]),
        ),
        _some(minLength=_COUNTS, maxLength=_COUNTS, pattern=_PATTERNS),
        _some(
            items=inner, prefixItems=st.lists(inner, min_size=1, max_size=2), minItems=_COUNTS, maxItems=_COUNTS, uniqueItems=st.booleans(),
        ),
        _some(contains=inner, minContains=_COUNTS, maxContains=_COUNTS, uniqueItems=st.booleans()),
        _some(
            properties=by_name, required=st.lists(_NAMES, max_size=2, unique=True), additionalProperties=inner,
            patternProperties=st.dictionaries(_PATTERNS, inner, max_size=2),
        ),
        _some(
            propertyNames=inner, minProperties=_COUNTS, maxProperties=_COUNTS,
            dependentRequired=st.dictionaries(_NAMES, st.lists(_NAMES, max_size=2, unique=True), max_size=2),
        ),
        _some(allOf=several, anyOf=several, oneOf=several),
        st.builds(lambda each: {"not": each}, inner),
        st.fixed_dictionaries({"if": inner}, optional={"then": inner, "else": inner}),
        st.builds(lambda name: {"$ref": name}, st.sampled_from(["#/$defs/x", "#/$defs/y", "#"])),
    )  # fmt: skip


def _joined(one: Schema, other: Schema) -> Schema:
    return {**one, **other}


def _parts(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    one = _keywords(inner)
    return st.booleans() | one | st.builds(_joined, one, one) | st.builds(_joined, one, one)


SCHEMAS: st.SearchStrategy[Schema] = st.builds(
    lambda root, x, y: {**root, "$defs": {"x": x, "y": y}},
    _keywords(st.recursive(_keywords(st.booleans()), _parts, max_leaves=5)),
    st.recursive(_keywords(st.booleans()), _parts, max_leaves=3),
    st.recursive(_keywords(st.booleans()), _parts, max_leaves=3),
)
"""Any schemas over all keywords that are checked, with definitions that may refer to one another; not all are taken."""


class Shown(NamedTuple):
    """A schema with a value that follows it and one that does not."""

    schema: Schema
    follows: Any
    does_not: Any


_NOWHERE = {"✗": 0}
"""An object that no drawn schema takes."""


def _integer(least: int, size: int, at: int, wrong: Any) -> Shown:
    schema = {"type": "integer", "minimum": least, "maximum": least + size}
    return Shown(schema, least + min(at, size), least + size + 1 if wrong == "beyond" else wrong)


def _text(least: int, extra: str, wrong: Any) -> Shown:
    schema = {"type": "string", "minLength": least, "maxLength": least + len(extra)}
    return Shown(schema, "x" * least + extra, "x" * (least + len(extra) + 1) if wrong == "beyond" else wrong)


def _one_of(values: list[Any], at: int) -> Shown:
    return Shown({"enum": values}, values[at % len(values)], _NOWHERE)


def _list(part: Shown, count: int, least: int, wrong: str) -> Shown:
    schema = {"type": "array", "items": part.schema, "minItems": min(count, least)}
    values = [part.follows] * count
    broken: dict[str, Any] = {
        "part": [*values, part.does_not],
        "size": values[: min(count, least) - 1] if min(count, least) else _NOWHERE,
        "kind": _NOWHERE,
    }
    return Shown(schema, values, broken[wrong])


def _object(parts: dict[str, Shown], optional: bool, wrong: str) -> Shown:
    schema: Schema = {
        "type": "object",
        "properties": {name: part.schema for name, part in parts.items()},
        "required": list(parts)[optional:],
        "additionalProperties": False,
    }
    value = {name: part.follows for name, part in parts.items()}
    last = list(parts)[-1]
    missing = {name: part for name, part in value.items() if name != last}
    broken: dict[str, Any] = {
        "part": {**value, last: parts[last].does_not},
        "size": missing if last in schema["required"] else _NOWHERE,
        "kind": list(value),
    }
    return Shown(schema, value, broken[wrong])


def _alternatives(keyword: str, parts: list[Shown], at: int) -> Shown:
    return Shown({keyword: [each.schema for each in parts]}, parts[at % len(parts)].follows, _NOWHERE)


_WRONG = st.sampled_from(["part", "size", "kind"])
_LEAVES: st.SearchStrategy[Shown] = st.one_of(
    st.builds(_integer, st.integers(-3, 3), st.integers(0, 3), st.integers(0, 3), st.sampled_from(["beyond", 0.5, None, True, []])),
    st.builds(_text, st.integers(0, 2), _WORDS, st.sampled_from(["beyond", 1, None, ["x"]])),
    st.builds(_one_of, st.lists(_SCALARS, min_size=1, max_size=3), st.integers(0, 2)),
    st.sampled_from([
        Shown({"type": "boolean"}, True, 1), Shown({"type": "null"}, None, False), Shown({"const": 1}, 1.0, True),
        Shown({"type": "number", "multipleOf": 0.1}, 0.3, 0.25), Shown({"type": ["integer", "null"]}, None, "1"),
        Shown({"type": "string", "pattern": "^a+$"}, "aa", "ab"),
    ]),
)  # fmt: skip


def _compound(inner: st.SearchStrategy[Shown]) -> st.SearchStrategy[Shown]:
    several = st.lists(inner, min_size=1, max_size=3)
    return st.one_of(
        st.builds(_list, inner, st.integers(0, 3), st.integers(0, 3), _WRONG),
        st.builds(_object, st.dictionaries(_NAMES, inner, min_size=1, max_size=3), st.booleans(), _WRONG),
        st.builds(_alternatives, st.just("anyOf"), several, st.integers(0, 2)),
        st.builds(lambda part: Shown({"allOf": [part.schema, {}]}, part.follows, part.does_not), inner),
        st.builds(lambda part: Shown({"if": part.schema, "else": False}, part.follows, part.does_not), inner),
    )


def _whole(part: Shown, way: str) -> Shown:
    match way:
        case "not":
            return Shown({"not": part.schema}, part.does_not, part.follows)
        case "named":
            return Shown({"$ref": "#/$defs/x", "$defs": {"x": part.schema}}, part.follows, part.does_not)
        case "recursive":
            tree = {"type": "array", "items": {"anyOf": [part.schema, {"$ref": "#"}]}}
            return Shown(tree, [[part.follows], part.follows], [[_NOWHERE]])
    return part


SHOWN: st.SearchStrategy[Shown] = st.builds(
    _whole,
    st.recursive(_LEAVES, _compound, max_leaves=6),
    st.sampled_from(["plain", "plain", "not", "named", "recursive"]),
)
"""Schemas with values that follow them and values that do not, by construction."""


def _with_trailing_commas(value: Any) -> str:
    match value:
        case [_, *_]:
            return f"[{', '.join(map(_with_trailing_commas, value))}, ]"
        case dict() if value:
            return (
                "{"
                + ",\n".join(f"{json.dumps(k)}: {_with_trailing_commas(v)}" for k, v in value.items())
                + ",\n}"
            )
    return json.dumps(value)


_WRITINGS: list[Callable[[Any], str]] = [
    json.dumps,
    lambda value: json.dumps(value, ensure_ascii=False, indent=2),
    _with_trailing_commas,
]
_AROUND = [
    "{}",
    "\ufeff \n{}\n",
    "```json\n{}\n```",
    "Here it is:\n```\n{}\n```\nI hope that it's right.",
    "```json\n{}",
]
_IN_WORDS = [
    "As [a.txt:3] says, it's {} (see [b.txt]).",
    "{} is the answer.",
    "The set {{1}} aside:\n{}",
]


@st.composite
def written(draw: st.DrawFn, values: st.SearchStrategy[Any] = VALUES) -> tuple[Any, str]:
    """A value, and a reply in which a model writes it."""
    value = draw(values)
    is_long = isinstance(value, list | dict)
    text = draw(st.sampled_from([*_WRITINGS, repr] if is_long else _WRITINGS))
    around = draw(st.sampled_from([*_AROUND, *_IN_WORDS] if is_long and text is not repr else _AROUND))
    return value, around.format(text(value))
