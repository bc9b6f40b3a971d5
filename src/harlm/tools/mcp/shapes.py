"""What a model is told of a tool of a server, and how its arguments are checked. Both come from the server's own schema, which may
be wrong, hostile, or of a later kind than is known here.
"""

from __future__ import annotations

import inspect
import json
import keyword
from collections.abc import Mapping
from typing import Any

from harlm.errors import CodeError
from harlm.tools.signatures import shortened, summary_of
from harlm.typed import SchemaFault, checked, faults_in
from harlm.types import ToolShape

_KINDS = {
    "string": "str",
    "integer": "int",
    "number": "float",
    "boolean": "bool",
    "array": "list",
    "object": "dict",
    "null": "None",
}
_VALUES = frozenset({"enum", "const", "default", "examples"})  # hold values, not schemas
_MOST_PARAMETERS = 100
_LONGEST_PARAMETER = 100  # characters of a name
_LONGEST_SIGNATURE = 400  # characters in the prompt
_LONGEST_DESCRIPTION = 4_000  # characters in the help
_LONGEST_SCHEMA = 10_000  # characters in the help
_DEEPEST = 64


class Arguments:
    """Checks the arguments of one tool by its input schema.

    Args:
        schema: as the server gave it.

    Attributes:
        why_unchecked: why they cannot be checked; empty if they can.
    """

    def __init__(self, schema: object) -> None:
        self.why_unchecked = ""
        self._schema: Mapping[str, object] = {}
        try:
            self._schema = checked(_without_patterns(schema, 0), patterns=False)
        except (SchemaFault, RecursionError) as fault:
            self.why_unchecked = str(fault)[:300]

    def check(self, arguments: Mapping[str, object], name: str) -> None:
        """Check arguments.

        Raises:
            CodeError: they do not follow the schema.
        """
        try:
            faults = [] if self.why_unchecked else faults_in(dict(arguments), self._schema)
        except (SchemaFault, RecursionError):
            return  # the server checks them as well
        if faults:
            raise CodeError(
                f"{name}: the arguments are wrong: {'; '.join(faults)}. help({name}) shows the schema"
            )


def shape_of(name: str, listed: Any, arguments: Arguments, **known: Any) -> ToolShape:
    """What a model is told of a tool.

    Args:
        name: by which cells call it.
        listed: the tool, as the SDK gives it.
        arguments: its checks.
        known: further fields of the shape.
    """
    schema = listed.input_schema if isinstance(listed.input_schema, dict) else {}
    parameters = _parameters(schema)
    shown = ", ".join(_shown(each, part, is_needed) for each, part, is_needed in parameters)
    signature = shortened(f"{name}({shown})", _LONGEST_SIGNATURE)
    described = inspect.cleandoc(str(listed.description or listed.title or "")[:_LONGEST_DESCRIPTION])
    odd = [each for each, _, _ in parameters if not each.isidentifier() or keyword.iskeyword(each)]
    parts = [
        f"{name}({shown})",
        described,
        f"Pass {odd[0]!r} by its position, or as **{{{odd[0]!r}: …}}." if odd else "",
        f"Arguments, as JSON Schema: {shortened(_json(schema), _LONGEST_SCHEMA)}",
        f"(They are passed on unchecked: {arguments.why_unchecked})" if arguments.why_unchecked else "",
    ]
    return ToolShape(
        name=name,
        parameters=tuple(each for each, _, _ in parameters),
        signature=signature,
        summary=summary_of(described),
        help="\n\n".join(filter(None, parts)),
        **known,
    )


def _parameters(schema: Mapping[str, Any]) -> list[tuple[str, object, bool]]:
    """The name and the schema of each parameter and whether it is required: the required ones first."""
    properties, required = schema.get("properties"), schema.get("required")
    if not isinstance(properties, dict):
        return []
    needed = {each for each in required if isinstance(each, str)} if isinstance(required, list) else set()
    found = [
        (str(name), part, name in needed)
        for name, part in list(properties.items())[:_MOST_PARAMETERS]
        if len(str(name)) <= _LONGEST_PARAMETER
    ]
    return sorted(found, key=lambda each: not each[2])


def _shown(name: str, part: object, is_needed: bool) -> str:
    known = part if isinstance(part, dict) else {}
    shown = f"{name}: {_kind(known)}"
    return shown if is_needed else f"{shown} = {shortened(_default(known.get('default')), 40)}"


def _kind(part: Mapping[str, object]) -> str:
    choices = part.get("enum")
    if isinstance(choices, list) and 0 < len(choices) <= 8:
        return shortened("Literal[" + ", ".join(map(_default, choices)) + "]", 120)
    wanted = part.get("type")
    options = part.get("anyOf")
    if wanted is None and isinstance(options, list):
        wanted = [each.get("type") for each in options if isinstance(each, dict)]
    names = wanted if isinstance(wanted, list) else [wanted]
    kinds = [_KINDS.get(each, "Any") if isinstance(each, str) else "Any" for each in names]
    return " | ".join(dict.fromkeys(kinds)) or "Any"


def _default(value: object) -> str:
    return repr(value) if value is None or isinstance(value, str | int | float | bool) else _json(value)


def _json(value: object) -> str:
    try:
        return json.dumps(value, ensure_ascii=False)
    except (ValueError, TypeError, RecursionError):
        return "(it cannot be shown)"


def _without_patterns(schema: object, depth: int) -> object:
    """A schema without what would run a regular expression of the server's on a text of the model's: the server checks that."""
    if depth > _DEEPEST:
        raise SchemaFault(f"it is nested deeper than {_DEEPEST} levels")
    if isinstance(schema, list):
        return [_without_patterns(each, depth + 1) for each in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {
        key: value if key in _VALUES else _without_patterns(value, depth + 1)
        for key, value in schema.items()
        if not (key == "pattern" and isinstance(value, str)) and key != "patternProperties"
    }
    if "patternProperties" in schema and kept.get("additionalProperties") is False:
        del kept["additionalProperties"]
    return kept
