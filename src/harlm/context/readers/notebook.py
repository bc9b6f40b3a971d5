"""Jupyter notebooks: the source of each cell and its text output; places are cells."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from harlm.context.decode import decode
from harlm.context.readers.reading import Parts
from harlm.errors import ContextError
from harlm.patterns import lazy_pattern
from harlm.types import ReadResult, Skipped

_OUTPUT_LIMIT = 20_000  # characters of one cell's output
_LONGEST_PAGE = 200_000  # characters of HTML in an output
_OLD_TEXTS = ("text", "html", "latex", "markdown", "json")
_TEXTS = ("text/plain", "text/html", "text/markdown", "text/latex", "application/json")
_NAMES = {"html": "text/html", "text": "text/plain"}
_ESCAPE = lazy_pattern(
    "\x1b(?:"
    r"\[[0-?]*+[ -/]*+[@-~]"  # colours, and moves of the cursor
    "|\\][^\x07\x1b]*+(?:\x07|\x1b\\\\)"  # titles and links
    r"|[ -/]*+[0-Z\\^-~]"
    ")"
)


def read(name: str, data: bytes) -> ReadResult:
    """One document; what is left out of outputs is told."""
    parts = Parts("cell")
    left_out: dict[str, None] = {}
    for cell in _cells(json.loads(decode(data) or "")):
        texts = [_source(cell), *_outputs(cell.get("outputs"), left_out)]
        parts.add("\n".join(texts).strip("\n"))
    if parts.is_blank:
        raise ContextError("has no text in any cell; name a notebook that does")
    return ReadResult(
        (parts.document(name, "notebook"),), tuple(Skipped(name=name, reason=reason) for reason in left_out)
    )


def _cells(notebook: Any) -> Iterator[dict[str, Any]]:
    """The cells of a notebook of any format: since the fourth they stand in the notebook, before it in worksheets."""
    sheets = notebook.get("worksheets")
    groups = [notebook["cells"]] if sheets is None else [sheet.get("cells", []) for sheet in sheets]
    for group in groups:
        for cell in group:
            if isinstance(cell, dict):
                yield cell


def _source(cell: dict[str, Any]) -> str:
    text = _joined(cell.get("source", cell.get("input")))
    level = cell.get("level")
    return (
        f"{'#' * min(level, 6)} {text}"
        if isinstance(level, int) and cell.get("cell_type") == "heading"
        else text
    )


def _outputs(outputs: object, left_out: dict[str, None]) -> Iterator[str]:
    for output in outputs if isinstance(outputs, list) else ():
        text = _ESCAPE.sub("", _text_of(output)) if isinstance(output, dict) else ""
        if not text.strip():
            if isinstance(output, dict) and output:
                left_out["outputs without text, such as pictures, are left out"] = None
            continue
        if len(text) > _OUTPUT_LIMIT:
            left_out[f"only the first {_OUTPUT_LIMIT:,} characters of a longer output are read"] = None
        yield "# output:\n" + text[:_OUTPUT_LIMIT]


def _text_of(output: dict[str, Any]) -> str:
    """The text of an output: what was printed, the error, or its plainest form."""
    if "ename" in output or output.get("output_type") in ("error", "pyerr"):
        said = f"{_joined(output.get('ename'))}: {_joined(output.get('evalue'))}"
        trace = output.get("traceback")
        shown = "\n".join(map(str, trace)) if isinstance(trace, list) else _joined(trace)
        return shown if said in _ESCAPE.sub("", shown) else f"{shown}\n{said}".strip("\n")
    data = output.get("data")
    if isinstance(data, dict):
        forms = {form: _joined(data[form]) for form in _TEXTS if form in data}
    else:
        forms = {_NAMES.get(form, form): _joined(output[form]) for form in _OLD_TEXTS if form in output}
    return next((text for form in forms if (text := _shown(form, forms[form])).strip()), "")


def _shown(form: str, text: str) -> str:
    if form != "text/html":
        return text
    from harlm.context.readers import html  # whose parser is needed for such outputs alone

    return html.parse(text[:_LONGEST_PAGE]).text.document("", "html").text


def _joined(text: object) -> str:
    if isinstance(text, list):
        return "".join(map(str, text))
    if isinstance(text, dict):
        return json.dumps(text, ensure_ascii=False)
    return "" if text is None else str(text)
