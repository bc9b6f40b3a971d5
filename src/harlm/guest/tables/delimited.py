"""Rows with a comma, semicolon, tab or bar between cells. The separator is the one that gives most lines the
same number of cells.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator

from .raw import Raw, RawRow, numbered_lines

_SNIFFED = 200  # rows that are looked at to find the separator
_NAMED = (".csv", ".tsv", ".tab", ".psv")


def delimited(text: str, name: str) -> Raw | None:
    """The table of a text; ``None`` if no separator gives rows of one length.

    Args:
        text: the text of the file.
        name: its name in lower case. A text that is not named as a table needs clearer rows.
    """
    named = name.endswith(_NAMED)
    sample = text[:200_000]
    best: tuple[float, int, str, int] | None = None
    for rank, delimiter in enumerate("\t" + ";|," if name.endswith((".tsv", ".tab")) else ",;\t|"):
        if delimiter not in sample:
            continue
        for quoting in (csv.QUOTE_MINIMAL, csv.QUOTE_NONE) if delimiter == "\t" else (csv.QUOTE_MINIMAL,):
            score = _score(sample, delimiter, quoting)
            if score and (best is None or (score, -rank) > best[:2]):
                best = (score, -rank, delimiter, quoting)
    if best is None:
        return _single(text) if named else None
    score, _, delimiter, quoting = best
    if score < (0.3 if named else 0.95):
        return _single(text) if named else None
    rows = _rows(text, delimiter, quoting)
    if rows is None:
        return None
    usual = _usual(rows[:_SNIFFED])
    first = next((at for at, row in enumerate(rows) if len(row.cells) >= usual and not _is_sep(row)), 0)
    if not named and (len(rows) < 3 or _is_prose(rows)):
        return None
    notes = [f"above the table: {row.text[:80]}" for row in rows[:first] if not _is_sep(row)]
    return Raw(rows[first:], delimiter=delimiter, notes=notes)


def _is_sep(row: RawRow) -> bool:
    """Whether a row is the line ``sep=;``, which tells Excel the separator."""
    return row.line == 1 and row.text.lower().startswith("sep=")


def _single(text: str) -> Raw | None:
    lines = [
        RawRow([line], start, number, line.strip())
        for number, start, line in numbered_lines(text)
        if line.strip()
    ]
    return Raw(lines) if len(lines) > 1 else None


def _score(sample: str, delimiter: str, quoting: int) -> float:
    """The share of rows that have the usual number of cells; 0 if that is one."""
    rows = _rows(sample, delimiter, quoting, _SNIFFED) or []
    if len(rows) > 1 and len(sample) == 200_000:
        rows.pop()
    usual = _usual(rows)
    return (
        0.0 if usual < 2 else sum(len(row.cells) == usual for row in rows) / len(rows) + min(usual, 50) / 1000
    )


def _usual(rows: list[RawRow]) -> int:
    counts = Counter(len(row.cells) for row in rows if len(row.cells) > 1)
    return max(counts, key=lambda size: (counts[size], size)) if counts else 0


def _rows(text: str, delimiter: str, quoting: int, most: int | None = None) -> list[RawRow] | None:
    starts: list[tuple[int, str]] = []

    def lines() -> Iterator[str]:
        for _, start, line in numbered_lines(text):
            starts.append((start, line))
            yield line + "\n"

    reader = csv.reader(lines(), delimiter=delimiter, quoting=quoting, skipinitialspace=delimiter != "\t")  # type: ignore[arg-type]
    rows: list[RawRow] = []
    before = 0
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                start, line = starts[before]
                rows.append(RawRow(cells, start, before + 1, line.strip()))
            before = reader.line_num
            if most is not None and len(rows) >= most:
                break
    except csv.Error:
        return None
    return rows


def _is_prose(rows: list[RawRow]) -> bool:
    cells = [cell for row in rows[:_SNIFFED] for cell in row.cells]
    return sum(len(cell.split()) > 6 for cell in cells) * 5 > len(cells)
