"""Which JSON Schemas are taken. A keyword that ``checking`` does not check is refused rather than ignored, and so is a
schema that no value can follow as far as one keyword contradicts another beside it.

Keywords are those of draft 2020-12 (json-schema.org), and ``definitions`` of older drafts.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote

MOST_NODES = 2_000
"""The most subschemas of one schema."""

_DEEPEST = 64  # nested subschemas
_TYPES = frozenset({"string", "number", "integer", "boolean", "null", "array", "object"})
_DRAFTS = re.compile(r"https?://json-schema\.org/draft(?:-0[4-7]|/2019-09|/2020-12)/schema#?\Z")

NOTES = frozenset(
    "$schema $id $comment $defs definitions title description default examples deprecated readOnly writeOnly format "
    "discriminator contentMediaType contentEncoding".split()
)
"""Keywords that constrain nothing here: ``format`` is a note in draft 2020-12 as well."""

_COUNTS = frozenset(
    "minLength maxLength minItems maxItems minProperties maxProperties minContains maxContains".split()
)
_NUMBERS = frozenset("minimum maximum exclusiveMinimum exclusiveMaximum multipleOf".split())
ONE = frozenset("items additionalProperties propertyNames contains not if then else".split())
"""Keywords whose value is a subschema."""

LISTS = frozenset("prefixItems allOf anyOf oneOf".split())
"""Keywords whose value is a list of subschemas."""

NAMED = frozenset("properties patternProperties $defs definitions".split())
"""Keywords whose value is an object of subschemas by name."""

_SAME_VALUE = (
    "allOf",
    "anyOf",
    "oneOf",
    "not",
    "if",
    "then",
    "else",
)  # they apply to the value itself, not to a part
_OTHERS = frozenset("type enum const required pattern uniqueItems dependentRequired $ref".split())

KEYWORDS = NOTES | _COUNTS | _NUMBERS | ONE | LISTS | NAMED | _OTHERS
"""All keywords that are taken."""

_RANGES = (
    ("minimum", "maximum"),
    ("exclusiveMinimum", "exclusiveMaximum"),
    ("minimum", "exclusiveMaximum"),
    ("exclusiveMinimum", "maximum"),
    ("minLength", "maxLength"),
    ("minItems", "maxItems"),
    ("minContains", "maxContains"),
    ("minProperties", "maxProperties"),
)


class SchemaFault(ValueError):
    """A JSON Schema that is not taken; the message says where and why."""


def checked(schema: object, *, patterns: bool = True) -> Mapping[str, object]:
    """A JSON Schema that can be checked.

    Args:
        schema: the schema, as decoded JSON.
        patterns: whether regular expressions are allowed. A pattern can take for ever on a text that was made for it, so
            one that a model wrote must not run in the host.

    Raises:
        SchemaFault: it is not an object, uses a keyword or a reference that is not known, or contradicts itself.
    """
    if not isinstance(schema, dict):
        raise SchemaFault(f"a JSON Schema is an object, not {type(schema).__name__}")
    nodes: dict[int, tuple[str, Mapping[str, object]]] = {}
    for number, (path, node) in enumerate(_nodes(schema, "#", 0)):
        if number >= MOST_NODES:
            raise SchemaFault(f"it has more than {MOST_NODES:,} subschemas; ask for less at a time")
        _check_node(node, path, schema, patterns=patterns)
        nodes[id(node)] = path, node
    _check_references(nodes, schema)
    return schema


def target_of(reference: object, root: Mapping[str, object]) -> object:
    """The subschema that a reference names.

    Raises:
        SchemaFault: it leads out of the schema, or to nothing.
    """
    if not isinstance(reference, str) or (reference != "#" and not reference.startswith("#/")):
        raise SchemaFault(
            f"$ref {reference!r} is not a place in the schema; put what it names into $defs, and refer to '#/$defs/NAME'"
        )
    found: object = root
    for part in unquote(reference[1:]).split("/")[1:]:
        key = part.replace("~1", "/").replace("~0", "~")
        if isinstance(found, list):
            found = found[int(key)] if key.isdecimal() and int(key) < len(found) else None
        else:
            found = found.get(key) if isinstance(found, dict) else None
    if not isinstance(found, dict | bool):
        raise SchemaFault(f"$ref {reference!r} names nothing in the schema")
    return found


def _check_references(
    nodes: Mapping[int, tuple[str, Mapping[str, object]]], root: Mapping[str, object]
) -> None:
    """Refuse references to what is not a subschema, and so was not checked, and those that lead back to the same value, which a
    check would follow for ever.
    """
    leads_to: dict[int, list[int]] = {}
    for path, node in nodes.values():
        targets = [each for keyword in _SAME_VALUE if keyword in node for each in _listed(node[keyword])]
        if "$ref" in node:
            target = target_of(node["$ref"], root)
            if isinstance(target, dict) and id(target) not in nodes:
                raise SchemaFault(f"at {path}: $ref {node['$ref']!r} names no subschema")
            targets.append(target)
        leads_to[id(node)] = [id(each) for each in targets if isinstance(each, dict)]
    done: set[int] = set()
    for start, (path, _) in nodes.items():
        under_way = {
            start: iter(leads_to[start])
        }  # in the order of insertion, so the last one is followed next
        while under_way:
            last = next(reversed(under_way))
            following = next(under_way[last], None)
            if following is None:
                del under_way[last]
                done.add(last)
            elif following in under_way:
                raise SchemaFault(
                    f"at {path}: its references lead back to it without end; refer to it from a property or an item instead"
                )
            elif following not in done:
                under_way[following] = iter(leads_to[following])


def _listed(value: object) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _nodes(node: object, path: str, depth: int) -> Iterator[tuple[str, Mapping[str, object]]]:
    """All subschemas, each with its place."""
    if isinstance(node, bool):
        return
    if not isinstance(node, dict):
        raise SchemaFault(f"at {path}: a schema is an object or a boolean, not {type(node).__name__}")
    if depth > _DEEPEST:
        raise SchemaFault(f"it is nested deeper than {_DEEPEST} levels; use $defs and $ref")
    yield path, node
    for keyword, value in node.items():
        place = f"{path}/{keyword}"
        if keyword in ONE:
            yield from _nodes(value, place, depth + 1)
        elif keyword in LISTS:
            if not isinstance(value, list) or (not value and keyword != "prefixItems"):
                raise SchemaFault(f"at {place}: it must be a list of schemas")
            for at, each in enumerate(value):
                yield from _nodes(each, f"{place}/{at}", depth + 1)
        elif keyword in NAMED:
            if not isinstance(value, dict):
                raise SchemaFault(f"at {place}: it must be an object of schemas by name")
            for name, each in value.items():
                yield from _nodes(each, f"{place}/{name}", depth + 1)


def _check_node(node: Mapping[str, object], path: str, root: Mapping[str, object], *, patterns: bool) -> None:
    for keyword, value in node.items():
        if keyword not in KEYWORDS and not str(keyword).startswith("x-"):
            raise SchemaFault(f"at {path}: the keyword {keyword!r} is not checked by HARLM; leave it out")
        if keyword == "$id" and node is not root:
            raise SchemaFault(f"at {path}: $id stands at the top only; refer to '#/$defs/NAME'")
        if (why := _wrong(keyword, value, root)) is not None:
            raise SchemaFault(f"at {path}: {why}")
        if keyword in ("pattern", "patternProperties") and not patterns:
            raise SchemaFault(
                f"at {path}: {keyword!r} is not taken here; check the value with `re` in the cell"
            )
    _check_sense(node, path)


def _wrong(keyword: str, value: object, root: Mapping[str, object]) -> str | None:
    """Why a keyword cannot have this value; ``None`` if it can."""
    match keyword:
        case "$schema" if not (isinstance(value, str) and _DRAFTS.match(value)):
            return f"$schema {value!r} is not a known draft; use 2020-12"
        case "type" if not _types(value) <= _TYPES or not _types(value):
            return f"type {value!r} does not exist; use {', '.join(sorted(_TYPES))}"
        case "enum" if not isinstance(value, list) or not value:
            return "enum must be a list with at least one value"
        case "required" if not _are_names(value):
            return "required must be a list of names"
        case "dependentRequired" if not (isinstance(value, dict) and all(map(_are_names, value.values()))):
            return "dependentRequired must be an object of lists of names"
        case "uniqueItems" if not isinstance(value, bool):
            return "uniqueItems must be true or false"
        case "$ref":
            target_of(value, root)
        case "pattern":
            return _pattern_fault(value)
        case "patternProperties" if isinstance(value, dict):
            return next(filter(None, map(_pattern_fault, value)), None)
        case _ if keyword in _COUNTS | _NUMBERS:
            return _number_fault(keyword, value)
    return None


def _number_fault(keyword: str, value: object) -> str | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) == math.inf:
        return f"{keyword} must be a number, not {value!r}"
    if keyword in _COUNTS and (not isinstance(value, int) or value < 0):
        return f"{keyword} must be a whole number from 0, not {value!r}"
    if keyword == "multipleOf" and value <= 0:
        return f"multipleOf must be greater than 0, not {value!r}"
    return None


def _are_names(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)


def _types(value: object) -> frozenset[str]:
    named = value if isinstance(value, list) else [value]
    return frozenset(each if isinstance(each, str) else repr(each) for each in named)


def _pattern_fault(pattern: object) -> str | None:
    if not isinstance(pattern, str):
        return f"a pattern must be a string, not {type(pattern).__name__}"
    try:
        re.compile(pattern)
    except (re.error, OverflowError, RecursionError) as error:
        return f"the pattern {pattern!r} is not a regular expression of Python: {error}"
    return None


def _check_sense(node: Mapping[str, object], path: str) -> None:
    """Refuse what no value can follow, as far as it shows in one subschema."""
    for least, most in _RANGES:
        low, high = node.get(least), node.get(most)
        if not isinstance(low, int | float) or not isinstance(high, int | float):
            continue
        if low > high or (low == high and "exclusive" in f"{least}{most}"):
            raise SchemaFault(
                f"at {path}: {least} {low} leaves nothing below {most} {high}, so no value can follow it"
            )
    required, known = node.get("required"), node.get("properties")
    if (
        node.get("additionalProperties") is False
        and isinstance(required, list)
        and "patternProperties" not in node
    ):
        names = known if isinstance(known, dict) else {}
        for each in required:
            if each not in names:
                raise SchemaFault(
                    f"at {path}: {each!r} is required, and additionalProperties forbids it, so no value can follow it"
                )
    if "type" in node:
        wanted = _types(node["type"])
        allowed = node["enum"] if "enum" in node else [node["const"]] if "const" in node else None
        if isinstance(allowed, list) and not any(type_of(each) & wanted for each in allowed):
            raise SchemaFault(f"at {path}: no value of {allowed!r} has type {node['type']!r}")


def type_of(value: object) -> frozenset[str]:
    """The names of JSON Schema for the type of a value: a whole number is an ``integer`` and a ``number``."""
    match value:
        case None:
            return frozenset({"null"})
        case bool():
            return frozenset({"boolean"})
        case int():
            return frozenset({"integer", "number"})
        case float():
            return frozenset({"integer", "number"}) if value.is_integer() else frozenset({"number"})
        case str():
            return frozenset({"string"})
        case list() | tuple():
            return frozenset({"array"})
        case dict():
            return frozenset({"object"})
    return frozenset()
