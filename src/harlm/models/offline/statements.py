"""Cuts a passage into statements: sentences of prose, and single lines of tables, logs and lists, each with the
headings that it stands under. A question in the text is the heading of its answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from harlm.patterns import lazy_pattern
from harlm.retrieval.sentences import split_sentences

RECORDS_NAME = lazy_pattern(r"\.(?:csv|tsv|jsonl?|ndjson|log|xlsx)\b", re.IGNORECASE)
_TABLE_NAME = lazy_pattern(r"\.(?:csv|tsv)\b", re.IGNORECASE)
_LOG_LINE = lazy_pattern(r"\s*(?:\[?\d{4}-\d\d-\d\d[T ]|\d\d:\d\d:\d\d|[A-Z][a-z]{2} [ \d]\d \d\d:)")
_ROW = lazy_pattern(r"\s*\|.*\|\s*$")
_RULE = lazy_pattern(r"\s*\|?[\s:|-]+$")
_HEADING = lazy_pattern(
    r"\s{0,3}(?:#{1,6}\s+\S|\*\*[^*\n]+\*\*:?\s*$|__[^_\n]+__\s*$|[A-Z][^.!?\n]{0,60}:\s*$)"
)
_ITEM = lazy_pattern(r"\s*(?:[-*+•]|\d+(?:\.\d+)*[.)]?)\s+")
_CJK_END = lazy_pattern(r"[。！？]+[」』”’）)]*")
_MARKS = lazy_pattern(r"^(?:[-*+•>|#\s]+|\d+[.)]\s+)|\*\*|__|[\s|*]+$|`")
_LONGEST = 2_000  # characters of a statement; a longer line is cut
_HEADINGS = 300  # characters of headings that count


@dataclass(frozen=True, slots=True)
class Statement:
    """A sentence or line: its span in the passage, and the headings that it stands under."""

    start: int
    end: int
    heading: str = ""
    is_heading: bool = False
    header: str = ""
    """The first line of the table that it is a row of; empty elsewhere."""


def statements(text: str, name: str, heading: str = "") -> list[Statement]:
    """The statements of a passage, in order.

    Args:
        text: the passage.
        name: of the document; that of a table or log says that each line stands for itself.
        heading: what the passage stands under.
    """
    found: list[Statement] = []
    title = section = ""
    header = heading if _TABLE_NAME.search(name) else ""
    is_records = bool(RECORDS_NAME.search(name))
    for start, end in _blocks(text, is_records=is_records):
        line = text[start:end]
        above = " ".join(each for each in (heading, title, section) if each)[-_HEADINGS:]
        if is_records or _ROW.match(line) or _LOG_LINE.match(line):
            is_table = bool(_TABLE_NAME.search(name)) or bool(_ROW.match(line))
            if is_table and _RULE.match(line):
                continue
            if is_table and not header:
                header = line.strip()
                found.append(Statement(start, end, above, is_heading=True))
                continue
            found.append(Statement(start, end, above, header=header if is_table else ""))
            continue
        header = ""
        if _HEADING.match(line) and "\n" not in line.strip():
            plain = plain_text(line)
            if line.lstrip().startswith("# "):
                title, section = plain, ""
            else:
                section = plain
            found.append(Statement(start, end, above, is_heading=True))
            continue
        for first, last in _sentences(text, start, end):
            sentence = text[first:last]
            if sentence.rstrip('*_"”’) ').endswith(("?", "？")):
                section = plain_text(sentence)
                found.append(Statement(first, last, above, is_heading=True))
            else:
                under = " ".join(each for each in (heading, title, section) if each)[-_HEADINGS:]
                found.append(Statement(first, last, under))
    return found


def plain_text(text: str) -> str:
    """A statement on one line, without marks of lists, headings and tables."""
    return " ".join(_MARKS.sub("", text.strip()).split())


def _blocks(text: str, *, is_records: bool) -> Iterator[tuple[int, int]]:
    """Runs of lines that can share a sentence; a heading, a row, a list item or a log line begins a new one."""
    block = at = 0
    for line in text.splitlines(keepends=True):
        stands_alone = (
            is_records
            or not line.strip()
            or bool(_HEADING.match(line) or _ROW.match(line) or _LOG_LINE.match(line))
        )
        if (stands_alone or _ITEM.match(line)) and block < at:
            yield block, at
            block = at
        at += len(line)
        if stands_alone:
            if line.strip():
                yield block, at - (len(line) - len(line.rstrip("\r\n")))
            block = at
    if block < at:
        yield block, at


def _sentences(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    for first, last in split_sentences(text, start, end):
        at = first
        for match in _CJK_END.finditer(text, first, last):
            yield at, match.end()
            at = match.end()
            while at < last and text[at].isspace():
                at += 1
        while at < last:
            yield at, min(last, at + _LONGEST)
            at += _LONGEST
