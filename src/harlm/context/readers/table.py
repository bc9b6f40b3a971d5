"""CSV and TSV: the text of the file; places are rows, counted from 1 with the header, as in a spreadsheet.

The separator is the one that the rows agree on. A field in quotation marks may hold line ends; a mark that is not closed
before a separator or a line end is a mark like any other letter.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import replace

from harlm.context.readers import text
from harlm.context.readers.reading import MOST_PARTS
from harlm.patterns import lazy_pattern
from harlm.types import Document, Marks, ReadResult

_SEPARATORS = ",;\t|"
_SAMPLE_LINES, _SAMPLE = 50, 1 << 16  # lines and characters by which the separator is judged
_QUOTED = lazy_pattern('"[^"]*+"')


def read(name: str, data: bytes) -> ReadResult:
    """One document. A row whose fields contain line ends is one row."""
    plain = text.read(name, data)
    document = replace(plain.documents[0], kind="csv")
    if document.text.count("\n") <= MOST_PARTS:  # an index of more rows would take longer than all else
        starts = _row_starts(document, is_tsv=name.lower().endswith(".tsv"))
        document = replace(document, marks=Marks(unit="row", starts=starts, own_lines=True))
    return replace(plain, documents=(document,))


def _row_starts(document: Document, *, is_tsv: bool) -> Sequence[int]:
    if '"' not in document.text:
        return document.line_starts
    separator = "\t" if is_tsv else separator_of(document.text)
    inside = _line_ends_in_quotes(document.text, separator, has_marks_as_letters=is_tsv)
    left_out = next(inside, None)
    starts = array("Q")
    for start in document.line_starts:
        if left_out is not None and start == left_out + 1:
            left_out = next(inside, None)
        else:
            starts.append(start)
    return starts


def separator_of(content: str) -> str:
    """The separator of a table: of comma, semicolon, tab and bar the one that most rows have as often as the first.

    Args:
        content: the text of the table.
    """
    head = content[:_SAMPLE]
    if head.startswith("sep=") and head[4:5]:  # Excel writes this line, and obeys it
        return head[4]
    lines = [line for line in _QUOTED.sub("", head).split("\n")[:_SAMPLE_LINES] if line.strip()]
    if len(content) > _SAMPLE and len(lines) > 1:
        del lines[-1]  # cut
    if not lines:
        return ","

    def fit(separator: str) -> tuple[float, int]:
        count = lines[0].count(separator)
        alike = sum(line.count(separator) == count for line in lines)
        return (alike / len(lines) if count else -1.0, count)

    return max(_SEPARATORS, key=fit)


def _line_ends_in_quotes(content: str, separator: str, *, has_marks_as_letters: bool) -> Iterator[int]:
    """The offsets of line ends that stand inside a field.

    Args:
        content: the text of the table.
        separator: what stands between fields.
        has_marks_as_letters: whether quotation marks are letters in a line that has all its fields without the lines
            after it, as the definition of TSV has it.
    """
    opening = re.compile(f'(?:^|(?<=[{re.escape(separator)}\n]))"')
    fields = content[: content.find("\n") % (len(content) + 1)].count(separator)
    at = 0
    while found := opening.search(content, at):
        at = found.end()
        end = _closing(content, at)
        if end < 0:
            return
        line_end = content.find("\n", at, end)
        if line_end < 0:
            at = end + 1
            continue
        if content[end + 1 : end + 2] not in ("", "\n", separator):
            continue
        if has_marks_as_letters:
            start = content.rfind("\n", 0, at) + 1
            if content.count(separator, start, line_end) == fields:
                continue
        while line_end >= 0:
            yield line_end
            line_end = content.find("\n", line_end + 1, end)
        at = end + 1


def _closing(content: str, at: int) -> int:
    """The offset of the mark that closes a field; -1 if there is none. Two marks stand for one letter."""
    while (end := content.find('"', at)) >= 0 and content.startswith('"', end + 1):
        at = end + 2
    return end
