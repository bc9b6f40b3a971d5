"""Reads the head of a citation as the name of a document and a place in it, such as ``a.py, line 2`` or ``b.pdf:p3``.

Read from its end, since a name may hold anything that stands between it and the number.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_RANGE = re.compile(r"(\d++)\s*+[-–]\s*+\Z")
_UNIT = re.compile(r"lines?|l\.?|p\.?|pages?|rows?|slides?|cells?|paragraphs?", re.IGNORECASE)
_SEPARATOR = re.compile(r"[:,\s]")
_ROW = re.compile(r"\srow\Z", re.IGNORECASE)
_LONGEST_RANGE = 40  # characters between the two numbers of a range, and of the first one


def place_in(head: str) -> tuple[str, int] | None:
    """The name and the number of the line, page, row, …; of a range, the first number. ``None`` if the head does
    not end with a number that a separator or a unit precedes.
    """
    end = len(head)
    while end and head[end - 1].isdecimal():
        end -= 1
    if end == len(head):
        return None
    found = [(name, int(head[end:])) for name in _names(head[:end])]
    first = _RANGE.search(head, max(0, end - _LONGEST_RANGE), end)
    if first is not None:
        found += [(name, int(first[1])) for name in _names(head[: first.start()])]
    return min(found, key=lambda each: len(each[0]), default=None)


def _names(before: str) -> Iterator[str]:
    """What can be the name in the text before a number."""
    base = before.rstrip()
    yield from _without_separator(before, base)
    start = max((match.end() for match in _SEPARATOR.finditer(base)), default=0)
    if _UNIT.fullmatch(base, start):
        yield from _without_separator(base[:start], base[:start].rstrip())
    row = _ROW.search(base)
    if row is not None:  # a sheet may be named before it: ``b.xlsx Prices row 5``
        colon = base.rfind(":", 1, row.start())
        sheet = None if colon > 0 else _SEPARATOR.search(base, max(1, base.find(":") + 1), row.start())
        if colon > 0 or sheet is not None:
            yield base[: colon if sheet is None else sheet.start()]


def _without_separator(text: str, base: str) -> Iterator[str]:
    if base[-1:] in (":", ",") and len(base) > 1:
        yield base[:-1]
    elif base and len(base) < len(text):
        yield base
