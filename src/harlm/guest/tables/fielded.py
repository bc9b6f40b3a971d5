"""Lists of lines whose fields carry their names, such as ``Date: May 4, 2023 || User: 17 || Text: it rains``."""

from __future__ import annotations

import re
from collections import Counter

from .raw import Raw, RawRow, numbered_lines

_SEPARATORS = ("||", "|", "\t", "; ")
_FIELD = re.compile(r"\s*(?P<name>[A-Za-z][\w /-]{0,39}?)\s*:\s*(?P<value>.*)", re.DOTALL)
_LEAST_ROWS = 3
_SAMPLE = 400  # lines that decide the form


def fielded(text: str) -> Raw | None:
    """The lines of a text that have the fields which most of its lines have; ``None`` if no two fields repeat.

    Other lines, such as a description above the list, are no rows.
    """
    form = form_of(text)
    if form is None:
        return None
    separator, names = form
    rows: list[RawRow] = []
    for number, start, line in numbered_lines(text):
        cells = _cells(line, separator, len(names))
        if cells is not None and tuple(name for name, _ in cells) == names:
            rows.append(RawRow([value for _, value in cells], start, number, line.strip()))
    return Raw(rows, columns=list(names)) if len(rows) >= _LEAST_ROWS else None


def form_of(text: str) -> tuple[str, tuple[str, ...]] | None:
    """What stands between the fields of most lines, and the names of the fields; ``None`` if lines have no such form."""
    lines = []
    for _, _, line in numbered_lines(text):
        if line.strip():
            lines.append(line)
        if len(lines) == _SAMPLE:
            break
    for separator in _SEPARATORS:
        counts = Counter(names for line in lines if (names := _names(line, separator)) is not None)
        if not counts:
            continue
        names, count = counts.most_common(1)[0]
        if count >= max(_LEAST_ROWS, len(lines) // 2):
            return separator, names
    return None


def _names(line: str, separator: str) -> tuple[str, ...] | None:
    cells = _cells(line, separator, 0)
    return None if cells is None else tuple(name for name, _ in cells)


def _cells(line: str, separator: str, count: int) -> list[tuple[str, str]] | None:
    """The fields of a line; the last of ``count`` fields may hold the separator in its value."""
    parts = line.split(separator, count - 1) if count else line.split(separator)
    found = [_FIELD.fullmatch(part) for part in parts]
    fields = [each for each in found if each is not None]
    if len(parts) < 2 or len(fields) < len(parts) or len({each["name"] for each in fields}) < len(fields):
        return None
    return [(each["name"], each["value"].strip()) for each in fields]
