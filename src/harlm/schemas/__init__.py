"""JSON Schemas of what runs leave behind: ``event.json`` for a line of ``events.jsonl``, ``result.json`` for the file of
that name, ``answer.json`` for ``--format json``. They ship with the package, and are made by ``python -m harlm.schemas``.
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
    schema = msgspec.json.schema(
        kind, schema_hook=lambda _: {"description": "Any JSON value"}
    )  # that is, object
    for definition in schema["$defs"].values():
        if "description" in definition:
            definition["description"] = cleandoc(
                definition["description"]
            )  # Python 3.13 strips indents, 3.12 does not
    return schema


def _with_blobs(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema of events, whose long values stand in files of their own."""
    envelope = {"kind", *Event.__struct_fields__}
    for definition in schema["$defs"].values():
        properties = definition.get("properties", {})
        if "kind" in properties:
            for name in properties.keys() - envelope:
                properties[name] = {"anyOf": [properties[name], _BLOB]}
    return schema
