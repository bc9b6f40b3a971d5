"""JSON Schemas in the forms that providers enforce. Each takes only some schemas; callers check the reply in any case."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_LISTS = ("anyOf", "allOf", "oneOf", "prefixItems")
_NAMED = ("properties", "$defs", "definitions")
_SIZES = frozenset(
    "minLength maxLength minimum maximum exclusiveMinimum exclusiveMaximum multipleOf minItems maxItems uniqueItems "
    "minProperties maxProperties contains minContains maxContains".split()
)


def is_strict(schema: object) -> bool:
    """Whether OpenAI's strict mode takes a schema: each object in it requires all of its properties and allows no others."""
    if isinstance(schema, list):
        return all(map(is_strict, schema))
    if not isinstance(schema, dict):
        return True
    if schema.get("type") == "object" or "properties" in schema:
        known = schema.get("properties", {})
        if schema.get("additionalProperties") is not False or set(schema.get("required", ())) != set(known):
            return False
    if not schema.keys().isdisjoint(
        ("oneOf", "not", "if", "patternProperties", "dependentRequired", "propertyNames")
    ):
        return False
    named = [part for each in _NAMED for part in dict(schema.get(each) or {}).values()]
    listed = [part for each in _LISTS for part in schema.get(each) or ()]
    items = schema.get("items")
    return all(map(is_strict, [*named, *listed, *([items] if isinstance(items, dict) else [])]))


def closed(schema: Mapping[str, Any]) -> dict[str, Any]:
    """A schema as Anthropic's structured outputs take it: objects allow no other properties, and there are no bounds of sizes
    and numbers.
    """
    made: dict[str, Any] = {}
    for keyword, value in schema.items():
        if keyword in _SIZES:
            continue
        if keyword in _NAMED and isinstance(value, dict):
            made[keyword] = {name: _closed(part) for name, part in value.items()}
        elif keyword in _LISTS and isinstance(value, list):
            made[keyword] = [_closed(part) for part in value]
        elif keyword == "items":
            made[keyword] = _closed(value)
        else:
            made[keyword] = value
    if made.get("type") == "object":
        made["additionalProperties"] = False
    return made


def _closed(schema: Any) -> Any:
    return closed(schema) if isinstance(schema, dict) else schema
