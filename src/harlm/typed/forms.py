"""The form in which a model is asked for a value: an object, since endpoints enforce schemas of objects only. Any other value
stands in it under one name.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harlm.typed.keywords import LISTS, MOST_NODES, NAMED, NOTES, ONE, target_of
from harlm.typed.replies import value_in
from harlm.types import OutputSchema

_VALUE = "value"
_DEFINITIONS = ("$defs", "definitions")
_INSIDE = f"#/properties/{_VALUE}"


def form_of(json_schema: Mapping[str, object]) -> Mapping[str, object]:
    """A JSON Schema of objects, for prompts and endpoints: the schema itself, or an object with the value in it."""
    root = _named_at_the_top(json_schema)
    shared = {each: json_schema[each] for each in _DEFINITIONS if each in json_schema}
    if _is_of_objects(root):
        return {**root, **shared}
    inner = {
        name: value for name, value in json_schema.items() if name not in (*_DEFINITIONS, "$schema", "$id")
    }
    return {
        "type": "object",
        "properties": {_VALUE: _moved(inner)},
        "required": [_VALUE],
        "additionalProperties": False,
        **{each: _moved({each: value})[each] for each, value in shared.items()},
    }


def _is_of_objects(root: Mapping[str, Any]) -> bool:
    return root.get("type") == "object" and "$ref" not in root


def _named_at_the_top(json_schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """The definition that a schema consists of, if it refers to one and says nothing else that counts."""
    root = json_schema
    for _ in range(MOST_NODES):
        if "$ref" not in root or not root.keys() - {"$ref"} <= NOTES:
            break
        target = target_of(root["$ref"], json_schema)
        if not isinstance(target, dict):
            return json_schema
        root = target
    return root


def _moved(schema: Any) -> Any:
    """A part of a schema, for a form in which the schema itself stands below ``value``, beside its definitions."""
    if not isinstance(schema, dict):
        return schema
    made: dict[str, Any] = {}
    for keyword, value in schema.items():
        if keyword == "$ref":
            is_shared = value.startswith(tuple(f"#/{each}/" for each in _DEFINITIONS))
            made[keyword] = value if is_shared else f"{_INSIDE}{value[1:]}"
        elif keyword in ONE:
            made[keyword] = _moved(value)
        elif keyword in LISTS:
            made[keyword] = [_moved(each) for each in value]
        elif keyword in NAMED:
            made[keyword] = {name: _moved(part) for name, part in value.items()}
        else:
            made[keyword] = value
    return made


class Fitted:
    """What a model's value means by a schema.

    Attributes:
        is_right: whether it follows the schema.
        value: as JSON-like data; if it does not follow the schema, what it most likely means.
        faults: what is wrong with it, if it does not.
    """

    def __init__(self, value: object = None, faults: str = "") -> None:
        self.is_right = not faults
        self.value = value
        self.faults = faults


def fitted(value: object, schema: OutputSchema) -> Fitted:
    """What a value means: itself, what stands in its form, or the JSON in a text. The first that follows the schema counts."""
    faults = ""
    candidates = [value, *_in_the_form(value)]
    if isinstance(value, str):
        try:
            candidates = _read(value, schema)
        except ValueError as error:
            faults = str(error)
    for candidate in candidates:
        try:
            schema.build(candidate)
        except ValueError as error:
            faults = faults or str(error) or type(error).__name__
        else:
            return Fitted(candidate)
    return Fitted(candidates[0], faults)


def _read(text: str, schema: OutputSchema) -> list[object]:
    """What a text may mean, the likeliest first: the JSON in it, and what stands there in the form if that was asked for.

    Raises:
        ValueError: there is no JSON in it.
    """
    value = value_in(text)
    inside = _in_the_form(value)
    if _is_of_objects(_named_at_the_top(schema.json_schema)):
        return [value, *inside, text]
    return [*inside, value, text]


def _in_the_form(value: object) -> list[object]:
    return [value[_VALUE]] if isinstance(value, dict) and value.keys() == {_VALUE} else []
