"""JSON Schemas in the forms that providers enforce. Each takes only some schemas; callers check the reply in any case."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

_LISTS = ("anyOf", "allOf", "oneOf", "prefixItems")
_NAMED = ("properties", "$defs", "definitions")
_SIZES = frozenset(
    "minLength maxLength minimum maximum exclusiveMinimum exclusiveMaximum multipleOf minItems maxItems uniqueItems "
    "minProperties maxProperties contains minContains maxContains".split()
)
_NOT_STRICT = ("oneOf", "not", "if", "patternProperties", "dependentRequired", "propertyNames")
_SAYS_WHAT = ("type", "enum", "const", "anyOf", "$ref")


def is_strict(schema: object) -> bool:
    """Whether OpenAI's strict mode takes a schema: each part of it says what it is, and each object requires all of its
    properties and allows no others.
    """
    if not isinstance(schema, dict) or schema.keys().isdisjoint(_SAYS_WHAT):
        return False
    if not schema.keys().isdisjoint(_NOT_STRICT):
        return False
    if _is_of_objects(schema):
        known = schema.get("properties", {})
        if schema.get("additionalProperties") is not False or set(schema.get("required", ())) != set(known):
            return False
    return all(map(is_strict, _parts(schema)))


def closed(schema: Mapping[str, Any]) -> dict[str, Any] | None:
    """A schema as Anthropic's structured outputs take it: objects allow no other properties, and there are no bounds of sizes
    and numbers. ``None`` if objects of it have properties of any name: the endpoint would forbid them all.
    """
    if _is_of_objects(schema) and not _can_be_closed(schema):
        return None
    made: dict[str, Any] = {}
    for keyword, value in schema.items():
        if keyword in _SIZES:
            continue
        if keyword in _NAMED and isinstance(value, dict):
            parts = {name: _closed(part) for name, part in value.items()}
            if None in parts.values():
                return None
            made[keyword] = parts
        elif keyword in _LISTS and isinstance(value, list):
            made[keyword] = [_closed(part) for part in value]
            if None in made[keyword]:
                return None
        elif keyword == "items":
            made[keyword] = _closed(value)
            if made[keyword] is None:
                return None
        else:
            made[keyword] = value
    if _is_of_objects(schema):
        made["additionalProperties"] = False
    return made


def _closed(schema: Any) -> Any:
    return closed(schema) if isinstance(schema, dict) else schema


def _is_of_objects(schema: Mapping[str, Any]) -> bool:
    kind = schema.get("type")
    return "properties" in schema or kind == "object" or (isinstance(kind, list) and "object" in kind)


def _can_be_closed(schema: Mapping[str, Any]) -> bool:
    others = schema.get("additionalProperties")
    return others is False or (
        others is None and bool(schema.get("properties")) and "patternProperties" not in schema
    )


def _parts(schema: Mapping[str, Any]) -> Iterator[object]:
    for each in _NAMED:
        yield from dict(schema.get(each) or {}).values()
    for each in _LISTS:
        yield from schema.get(each) or ()
    if "items" in schema:
        yield schema["items"]
