"""The form in which a model is asked for a value: an object, since endpoints enforce schemas of objects only. Any other value
stands in it under one name.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harlm.typed.keywords import target_of
from harlm.typed.replies import value_in
from harlm.types import Schema

_VALUE = "value"
_DEFINITIONS = ("$defs", "definitions")


def form_of(json_schema: Mapping[str, object]) -> Mapping[str, object]:
    """A JSON Schema of objects, for prompts and endpoints: the schema itself, or an object with the value in it."""
    shared = {each: json_schema[each] for each in _DEFINITIONS if each in json_schema}
    root: Any = json_schema
    for _ in range(len(json_schema) + 8):  # a reference at the root leads to another one at most as often
        if "$ref" not in root:
            break
        root = target_of(root["$ref"], json_schema)
        if not isinstance(root, dict):
            root = {}
    if root.get("type") == "object" and "$ref" not in root:
        return {**root, **shared}
    inner = {
        name: value for name, value in json_schema.items() if name not in (*_DEFINITIONS, "$schema", "$id")
    }
    return {
        "type": "object",
        "properties": {_VALUE: inner},
        "required": [_VALUE],
        "additionalProperties": False,
        **shared,
    }


class Fitted:
    """What a model's value means by a schema.

    Attributes:
        is_right: whether it follows the schema.
        value: as JSON-like data, if it does.
        faults: what is wrong with it, if it does not.
    """

    def __init__(self, value: object = None, faults: str = "") -> None:
        self.is_right = not faults
        self.value = value
        self.faults = faults


def fitted(value: object, schema: Schema) -> Fitted:
    """What a value means: itself, what stands in its form, or the JSON in a text. The first that follows the schema counts."""
    faults = ""
    for candidate in _candidates(value):
        try:
            schema.build(candidate)
        except ValueError as error:
            faults = faults or str(error) or type(error).__name__
        else:
            return Fitted(candidate)
    return Fitted(faults=faults)


def _candidates(value: object) -> list[object]:
    found = [value]
    if isinstance(value, str):
        try:
            found.insert(0, value_in(value))
        except ValueError:
            return found
    first = found[0]
    if isinstance(first, dict) and first.keys() == {_VALUE}:
        found.append(first[_VALUE])
    return found
