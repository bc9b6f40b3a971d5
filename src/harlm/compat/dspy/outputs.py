"""The output fields of a signature of DSPy: their JSON Schema, and their values as its adapters read them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from harlm.types import Citation


def schema_of_outputs(
    asked_for: Any, outputs: Sequence[str], annotations: Mapping[str, Any]
) -> Mapping[str, Any] | None:
    """The JSON Schema of the answer; ``None`` if it is text, or one field of text.

    Args:
        asked_for: the ``response_format`` of the request, if it has one.
        outputs: the names of the output fields.
        annotations: their types, as far as they are known.
    """
    if asked_for is not None:
        wanted: Mapping[str, Any] = asked_for.get("schema") or {"type": "object"}
        return wanted
    kinds = {name: annotations.get(name, str) for name in outputs}
    if len(kinds) < 2 and set(kinds.values()) <= {str}:
        return None
    from pydantic import create_model  # here, since DSPy brings it and HARLM does not

    fields: dict[str, Any] = {name: (kind, ...) for name, kind in kinds.items()}
    made: Mapping[str, Any] = create_model("Outputs", **fields).model_json_schema()
    return made


def marked(values: Mapping[str, object]) -> str:
    """The fields of an answer, as an adapter reads them."""
    lines = []
    for name, value in values.items():
        lines.append(
            f"[[ ## {name} ## ]]\n{value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)}"
        )
    return "\n\n".join([*lines, "[[ ## completed ## ]]"])


def without_places(text: str, citations: Iterable[Citation]) -> str:
    """A text without the places of its citations in brackets, which a program would not expect in a value."""
    for each in citations:
        text = text.replace(f" [{each.place}]", "").replace(f"[{each.place}]", "")
    return text
