"""The entries of a log: a time, a level, perhaps a source, and a message."""

from __future__ import annotations

import re

from .raw import Raw, RawRow, numbered_lines

LEVELS = (
    "TRACE",
    "DEBUG",
    "INFO",
    "NOTICE",
    "WARN",
    "WARNING",
    "ERROR",
    "ERR",
    "SEVERE",
    "CRITICAL",
    "FATAL",
)
"""The words that name the level of an entry."""

_TIME = (
    r"\[?(?P<time>\d{4}[-/]\d{2}[-/]\d{2}(?:[T ,]{1,2}\d{2}:\d{2}(?::\d{2}(?:[.,]\d{1,9})?)?)?(?:Z| ?[+-]\d{2}:?\d{2})?"
    r"|\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d{1,9})?)?|[A-Z][a-z]{2} {1,2}\d{1,2} \d{2}:\d{2}:\d{2})\]?"
)
_ENTRY = re.compile(
    rf"{_TIME}[ \t,:|-]{{1,4}}(?:(?P<source>[\w.@/-]{{1,60}}(?:\[[\w.-]{{1,30}}\])?):?[ \t]{{1,4}})?"
    rf"[\[(<]?(?P<level>(?i:{'|'.join(sorted(LEVELS, key=len, reverse=True))}))[\])>]?(?![\w-])[ \t:|-]{{0,6}}(?P<message>.*)"
)
_ALIASES = {"WARNING": "WARN", "ERR": "ERROR"}


def log_rows(text: str) -> Raw | None:
    """The entries of a log; ``None`` if fewer than seven of ten lines begin as entries do. Other lines, as
    those of a stack trace, belong to the entry above them.
    """
    rows: list[RawRow] = []
    lines = misses = 0
    has_source = False
    for number, start, line in numbered_lines(text):
        if not line.strip():
            continue
        lines += 1
        match = _ENTRY.match(line.strip()[:4_000])
        if match is None:
            misses += not line[:1].isspace()
            if lines >= 50 and misses * 10 > lines * 3:
                return None
            continue
        level = match["level"].upper()
        has_source = has_source or bool(match["source"])
        cells = [match["time"], _ALIASES.get(level, level), match["source"] or "", match["message"]]
        rows.append(RawRow(cells, start, number, line.strip()))
    if len(rows) < 2 or misses * 10 > lines * 3:
        return None
    columns = ["time", "level", "source", "message"]
    if not has_source:
        columns.remove("source")
        rows = [row._replace(cells=[row.cells[0], row.cells[1], row.cells[3]]) for row in rows]
    notes = [f"{misses} lines are not entries"] if misses else []
    return Raw(rows, columns=columns, is_log=True, notes=notes)
