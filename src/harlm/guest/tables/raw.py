"""Rows as they are written, before their columns are typed, and tables of rows with tabs between cells."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from .values import date_of, number_match


class RawRow(NamedTuple):
    """A row: its cells, where it starts, the number of its line, and the line itself."""

    cells: list[str]
    start: int
    line: int
    text: str


class Raw:
    """The rows of a table.

    Attributes:
        rows: the rows; the first may be a header.
        columns: the names of the columns; ``None`` if the first row may hold them.
        delimiter: what stands between cells; empty if the form has none.
        has_header: whether the first row is certainly a header.
        is_log: whether the rows are the entries of a log.
        title: the name that the text gives the table; empty if none.
        notes: what a reader has to know of the rows.
    """

    def __init__(
        self,
        rows: list[RawRow],
        columns: list[str] | None = None,
        delimiter: str = "",
        *,
        has_header: bool = False,
        is_log: bool = False,
        notes: Sequence[str] = (),
    ) -> None:
        self.rows, self.columns, self.delimiter = rows, columns, delimiter
        self.has_header, self.is_log = has_header, is_log
        self.notes = list(notes)
        self.title = ""

    @property
    def width(self) -> int:
        """The number of columns: that of the first row, at least one."""
        if self.columns is not None:
            return len(self.columns)
        cells = self.rows[0].cells
        while (
            len(cells) > 1
            and not cells[-1].strip()
            and any(len(row.cells) < len(cells) for row in self.rows[1:50])
        ):
            cells = cells[:-1]
        return len(cells)


def numbered_lines(text: str) -> Iterator[tuple[int, int, str]]:
    """The lines of a text as (number, offset, line without its end)."""
    start, number = 0, 0
    while start <= len(text):
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        number += 1
        yield number, start, text[start:end]
        start = end + 1


def tab_blocks(text: str, least: int = 3) -> list[Raw]:
    """Tables among other text: at least ``least`` lines with tabs one after another."""
    found: list[Raw] = []
    block: list[RawRow] = []
    for number, start, line in numbered_lines(text + "\n"):
        if "\t" in line.strip():
            block.append(RawRow(line.split("\t"), start, number, line.strip()))
            continue
        if len(block) >= least:
            found += _split(block)
        block = []
    return found


def blocks_of(text: str) -> list[Raw]:
    """The tables of a workbook, whose sheets follow one another."""
    lines = [
        RawRow(line.split("\t"), start, number, line.strip())
        for number, start, line in numbered_lines(text)
        if line.strip()
    ]
    return _split(lines)


def _split(lines: Sequence[RawRow]) -> list[Raw]:
    """Tables of lines that follow one another; a new one begins at a row that can only be a header."""
    tables: list[list[RawRow]] = []
    numeric: set[int] = set()
    for at, line in enumerate(lines):
        current = tables[-1] if tables else None
        if current is None or _begins(line, current, numeric, lines[at + 1 : at + 3]):
            tables.append([line])
            numeric = set()
            continue
        current.append(line)
        if len(current) == 2:
            numeric = {at for at, cell in enumerate(line.cells) if _is_value(cell)}
    found = []
    title: list[str] = []
    for table in tables:
        if len(table) == 1:
            title.append(table[0].text)
        else:
            found.append(
                Raw(table, delimiter="\t", notes=[f"above the table: {each[:80]}" for each in title])
            )
            title = []
    return found


def _begins(line: RawRow, current: Sequence[RawRow], numeric: set[int], following: Sequence[RawRow]) -> bool:
    cells = [cell.strip() for cell in line.cells]
    given = [cell for cell in cells if cell]
    if cells == [cell.strip() for cell in current[0].cells]:
        return True
    if not following or any(_is_value(cell) for cell in given) or len(set(given)) < len(given):
        return False
    if len(current) == 1 and len(current[0].cells) == 1 and len(cells) > 1:
        return True  # a title above a table
    if len(given) < max(2, len(cells)):
        return False
    wider = len(cells) != len(current[0].cells) and len(following[0].cells) == len(cells)
    return wider or (bool(numeric) and all(at < len(cells) for at in numeric))


def _is_value(cell: str) -> bool:
    cell = cell.strip()
    return bool(cell) and (number_match(cell) is not None or date_of(cell) is not None)
