"""CSV and TSV: the text of the file; places are rows, counted from 1 with the header, as in a spreadsheet."""

from __future__ import annotations

import csv
from array import array
from collections.abc import Iterator

from harlm.context.readers import text
from harlm.context.readers.reading import MOST_PARTS
from harlm.types import Document, Marks, ReadResult


def read(name: str, data: bytes) -> ReadResult:
    """One document. A row whose fields contain line ends is one row."""
    plain = text.read(name, data).documents[0]
    document = Document(name=name, text=plain.text, kind="csv")
    if (
        plain.text.count("\n") > MOST_PARTS
    ):  # an index of rows would take longer than all else: lines are the places
        return ReadResult((document,))
    starts = _row_starts(document, "\t" if name.lower().endswith(".tsv") else ",")
    marks = Marks(unit="row", starts=starts, own_lines=True)
    return ReadResult((Document(name=name, text=plain.text, kind="csv", marks=marks),))


def _row_starts(document: Document, delimiter: str) -> array[int]:
    if '"' not in document.text:
        return document.line_starts
    lines = csv.reader(_lines(document.text), delimiter=delimiter)
    starts = array("Q")
    at = 0
    try:
        for _ in lines:
            starts.append(document.line_starts[at])
            at = lines.line_num
    except csv.Error:  # a field beyond the limit of csv, or a NUL: take the lines as rows
        return document.line_starts
    return starts


def _lines(content: str) -> Iterator[str]:
    start = 0
    while (end := content.find("\n", start)) >= 0:
        yield content[start : end + 1]
        start = end + 1
    if start < len(content):
        yield content[start:]
