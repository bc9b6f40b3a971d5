"""JSON Schemas of the files that runs write, and of the answer that ``--format json`` prints.

``event.json`` describes a line of ``events.jsonl``, ``result.json`` the file of that name, and
``answer.json`` the output of ``--format json``. The files ship with the package; ``python -m harlm.schemas event``
prints one.
"""

from __future__ import annotations

from collections.abc import Mapping
from inspect import cleandoc
from typing import Any

import msgspec

from harlm.events import AnyEvent, Event
from harlm.tracing.jsonl import RunResult
from harlm.tracing.report import AnswerReport

_BLOB = {
    "title": "A value of more than 4 kB, as JSON in blobs/ under this name",
    "type": "object",
    "properties": {"blob": {"type": "string"}, "bytes": {"type": "integer"}},
    "required": ["blob", "bytes"],
}


def schemas() -> Mapping[str, dict[str, Any]]:
    """The schemas by file name."""
    return {
        "event.json": _with_blobs(_schema_of(AnyEvent)),
        "result.json": _schema_of(RunResult),
        "answer.json": _schema_of(AnswerReport),
    }


def _schema_of(kind: object) -> dict[str, Any]:
    # msgspec asks the hook for a schema of the type ``object``, which fields hold that can be any JSON value.
    schema = msgspec.json.schema(kind, schema_hook=lambda _: {"description": "Any JSON value"})
    for definition in schema["$defs"].values():
        if "description" in definition:
            # Python 3.13 removes the indentation of docstrings, 3.12 does not.
            definition["description"] = cleandoc(definition["description"])
    return schema


def _with_blobs(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema of events, with long values replaced by references to files in ``blobs/``."""
    envelope = {"kind", *Event.__struct_fields__}
    for definition in schema["$defs"].values():
        properties = definition.get("properties", {})
        if "kind" in properties:
            for name in properties.keys() - envelope:
                properties[name] = {"anyOf": [properties[name], _BLOB]}
    return schema
