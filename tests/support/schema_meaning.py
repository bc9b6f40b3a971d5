"""What a JSON Schema means, apart from how a release of msgspec writes it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Literal

import msgspec

_NAMES_KEYS = "propertyNames" in msgspec.json.schema(dict[Literal["a"], int])
"""Whether this msgspec says which keys a map has; 0.23 is the first that does."""


def meaning(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The schema in one form. Releases from 0.20 to 0.23 differ in the order of ``anyOf``, in the ``propertyNames`` of maps
    and in whether ``{}`` is named as a default; Python 3.12 and 3.13 differ in the indents of docstrings. All else is kept.
    """
    kept: dict[str, Any] = {}
    for keyword, value in schema.items():
        match keyword:
            case "properties" | "$defs":
                kept[keyword] = {name: meaning(each) for name, each in value.items()}
            case "items" | "additionalProperties" | "propertyNames" if isinstance(value, Mapping):
                kept[keyword] = meaning(value)
            case "anyOf":
                kept[keyword] = sorted(map(meaning, value), key=_text)
            case "required" | "enum":
                kept[keyword] = sorted(value)
            case "description":
                kept[keyword] = " ".join(value.split())
            case _:
                kept[keyword] = value
    if not _NAMES_KEYS:
        kept.pop("propertyNames", None)
    if kept.get("default") == {}:
        del kept["default"]
    return kept


def _text(schema: Mapping[str, Any]) -> str:
    return json.dumps(schema, sort_keys=True)
