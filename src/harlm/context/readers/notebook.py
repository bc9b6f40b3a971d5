"""Jupyter notebooks: the source of each cell and its text output; places are cells."""

from __future__ import annotations

import json
from collections.abc import Iterator

from harlm.context.decode import decode
from harlm.context.readers.reading import Parts
from harlm.errors import ContextError
from harlm.types import ReadResult

_OUTPUT_LIMIT = 20_000  # characters of one cell's output


def read(name: str, data: bytes) -> ReadResult:
    """One document; images and widgets among the outputs are left out."""
    parts = Parts("cell")
    for cell in json.loads(decode(data) or "")["cells"]:
        parts.add("\n".join([_joined(cell["source"]), *_outputs(cell.get("outputs", []))]).strip("\n"))
    if parts.is_blank:
        raise ContextError("has no text in any cell; name a notebook that does")
    return ReadResult((parts.document(name, "notebook"),))


def _outputs(outputs: list[dict[str, object]]) -> Iterator[str]:
    for output in outputs:
        data = output.get("data")
        text = data.get("text/plain") if isinstance(data, dict) else output.get("text")
        if text:
            shown = _joined(text)
            yield "# output:\n" + shown[:_OUTPUT_LIMIT]


def _joined(text: object) -> str:
    return "".join(map(str, text)) if isinstance(text, list) else str(text)
