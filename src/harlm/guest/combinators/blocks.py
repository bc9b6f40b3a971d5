"""The block of code around a place, and the headers and headings that it stands under. Works on lines and their indentation."""

from __future__ import annotations

import re
from collections.abc import Iterator

_HEADER = re.compile(
    r"[ \t]*(?:(?:export|public|private|protected|static|async|final|abstract|default|pub(?:\([a-z]+\))?)\s+)*"
    r"(?:def|class|function|func|fn|struct|interface|impl|enum|trait|module|namespace|sub)\s+[^\s(:{<]+\s*[(:{<]"
)
_HEADING = re.compile(r"(#{1,6})[ \t]+\S")
_CLOSING = re.compile(r"[ \t]*[)\]}]")
_MOST_LINES = 4_000  # above a place that are looked at

Span = tuple[int, int]


def block_around(text: str, at: int, most: int) -> Span | None:
    """The function or class that a place stands in, or that begins on its line; ``None`` if there is none, or it has more than ``most``
    characters.
    """
    head = _line(text, at)
    if not is_header(text, head[0]):
        found = [span for span in _above(text, at) if is_header(text, span[0])]
        if not found:
            return None
        head = found[0]
    end = _end(text, head, most)
    return None if end is None or not head[0] <= at <= end else (head[0], end)


def frames_of(text: str, at: int) -> list[Span]:
    """The lines that a place stands under, the outermost first: headers of code around it, and headings of sections."""
    frames = [span for span in _above(text, at) if is_header(text, span[0])]
    if frames or is_header(text, _line(text, at)[0]):
        return frames[::-1]
    level = 7
    for start, end in _lines_above(text, at):
        heading = _HEADING.match(text, start, end)
        if heading is not None and len(heading[1]) < level:
            level = len(heading[1])
            frames.append((start, end))
    return frames[::-1]


def is_header(text: str, start: int) -> bool:
    """Whether the line that begins at ``start`` is the header of a function, a class or the like."""
    return _HEADER.match(text, start) is not None


def _above(text: str, at: int) -> Iterator[Span]:
    """The lines above a place that are indented less than all between it and them, the nearest first."""
    indent = _indent(text, _line(text, at))
    for span in _lines_above(text, at):
        if not indent:
            return
        found = _indent(text, span)
        if found < indent and text[span[0] : span[1]].strip() and not _CLOSING.match(text, *span):
            indent = found
            yield span


def _end(text: str, head: Span, most: int) -> int | None:
    """Where the block under a header ends: before the first line that is not indented more."""
    indent, end = _indent(text, head), head[1]
    at = head[1] + 1
    while at < len(text):
        span = _line(text, at)
        line = text[span[0] : span[1]]
        if line.strip():
            is_outside = (
                _indent(text, span) <= indent
                and not _CLOSING.match(line)
                and not line.lstrip().startswith("{")
            )
            if is_outside:
                break
            end = span[1]
        if end - head[0] > most:
            return None
        at = span[1] + 1
    return end


def _line(text: str, at: int) -> Span:
    start, end = text.rfind("\n", 0, at) + 1, text.find("\n", at)
    return start, len(text) if end < 0 else end


def _lines_above(text: str, at: int) -> Iterator[Span]:
    end = text.rfind("\n", 0, at)
    for _ in range(_MOST_LINES):
        if end < 0:
            return
        start = text.rfind("\n", 0, end) + 1
        yield start, end
        end = start - 1


def _indent(text: str, span: Span) -> int:
    line = text[span[0] : span[1]]
    return len(line) - len(line.lstrip())
