"""Finds the tables of a text and reads their rows.

A table knows its columns, their kinds and where each row stands. Kinds are found once for a column, from all
of its cells: a cell alone does not tell whether 1.234 is more than a thousand.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, Self

from .delimited import delimited
from .fielded import fielded
from .logs import log_rows
from .marked import json_tables, markdown_tables, pairs
from .raw import Raw, blocks_of, tab_blocks
from .values import Value, date_of, decimal_comma, number_match, typed

Locate = Callable[[int], str]

_MOST_CHARACTERS = 100_000_000  # of a text in which tables are looked for
_SAMPLED = 5_000  # cells of a column that are looked at for the decimal comma of a table
_SUMS = frozenset({"total", "totals", "sum", "grand total", "subtotal", "gesamt", "summe"})


class NamedText(str):
    """A text with the name of its document, which tables and citations use.

    Args:
        name: of the document.
        text: the whole text.
    """

    __slots__ = ("name",)
    name: str

    def __new__(cls, name: str, text: str) -> Self:
        """The text, with its name."""
        made = super().__new__(cls, text)
        made.name = name
        return made


class Row(dict[str, Value]):
    """One row: a ``dict`` from column to value.

    Attributes:
        table: the table that the row belongs to.
        start: the offset of the row in the text.
        line: the line of the text, counted from 1.
        text: the line as it is written, trimmed.
    """

    __slots__ = ("line", "start", "table", "text")

    def __init__(self, values: Any, table: DataTable, start: int, line: int, text: str) -> None:
        super().__init__(values)
        self.table, self.start, self.line, self.text = table, start, line, text

    @property
    def document(self) -> Any:
        """The text that holds the row."""
        return self.table.document

    @property
    def place(self) -> str:
        """The place as citations name it, like ``sales.csv:row 3``."""
        return self.table.place_of(self)


class DataTable:
    """One table of a text.

    Attributes:
        name: the name of the document; with a number if the document holds several tables.
        document: the text.
        columns: the names of the columns, in order.
        kinds: for each column ``number``, ``date``, ``boolean`` or ``text``.
        rows: the rows, without the header.
        decimals: for each column of numbers, the most decimals.
        units: for each column of numbers that carry one, the currency or unit.
        marks: for each column of numbers, the decimal mark.
        notes: what a reader has to know: rows left out, cells that fit no column, numbers read one of two ways.
        is_log: whether the rows are the entries of a log.
    """

    def __init__(self, document: Any, raw: Raw, name: str, locate: Locate | None = None) -> None:
        self.name, self.document, self.is_log = name, document, raw.is_log
        self._locate = locate
        self.notes: list[str] = list(raw.notes)
        header, body = _header(raw)
        body = self._without_sum(body, len(header))
        self.columns = header
        cells = [
            [row.cells[at].strip() if at < len(row.cells) else "" for row in body]
            for at in range(len(header))
        ]
        comma = raw.delimiter == ";" and any(decimal_comma(column[:_SAMPLED]) for column in cells)
        read = [typed(column, comma_is_likely=comma) for column in cells]
        self.kinds = {name: column.kind for name, column in zip(header, read, strict=True)}
        numbers = [
            (name, column) for name, column in zip(header, read, strict=True) if column.kind == "number"
        ]
        self.decimals = {name: column.decimals for name, column in numbers}
        self.units = {name: column.unit for name, column in numbers if column.unit}
        self.marks = {name: column.decimal_mark for name, column in numbers}
        self.notes += [
            f"{name}: {column.note}" for name, column in zip(header, read, strict=True) if column.note
        ]
        self.rows = [
            Row(
                {name: column.values[at] for name, column in zip(header, read, strict=True)},
                self,
                row.start,
                row.line,
                row.text,
            )
            for at, row in enumerate(body)
        ]

    def place_of(self, row: Row) -> str:
        """The place of a row as citations name it."""
        label = row.line if self._locate is None else self._locate(row.start)
        return f"{self.document.name}:{label}"

    def __repr__(self) -> str:
        kinds = ", ".join(f"{name} ({self.kinds[name]})" for name in self.columns[:40])
        return f"{self.name}: {len(self.rows):,} rows; {kinds}"

    def _without_sum(self, body: list[Any], width: int) -> list[Any]:
        extra = sum(any(cell.strip() for cell in row.cells[width:]) for row in body)
        if extra:
            self.notes.append(f"{extra} rows have more cells than there are columns")
        if (
            len(body) > 1
            and next((c.strip() for c in body[-1].cells if c.strip()), "").casefold().rstrip(":") in _SUMS
        ):
            self.notes.append("the last row is a sum and is left out")
            return body[:-1]
        return body


def tables_in(document: Any, locate: Locate | None = None) -> list[DataTable]:
    """The tables of a text, in order.

    Args:
        document: a ``str`` with a ``.name``; the ending of the name says what form comes first.
        locate: gives the label of an offset, for a text whose places are not lines.

    Returns:
        The tables; none if the text holds no rows whose columns are clear.
    """
    if not 0 < len(document) <= _MOST_CHARACTERS:
        return []
    found = _found(str(document), document.name.lower())
    several = len(found) > 1
    tables = []
    for number, raw in enumerate(found, start=1):
        which = raw.title or (f"table {number}" if several else "")
        table = DataTable(document, raw, f"{document.name} ({which})" if which else document.name, locate)
        if table.rows and table.columns:
            tables.append(table)
    return tables


def _found(text: str, name: str) -> list[Raw]:
    may_be_json = name.endswith((".json", ".jsonl", ".ndjson", ".geojson")) or text.lstrip()[:1] in ("{", "[")
    if may_be_json and (found := json_tables(text)):
        return found
    if name.endswith((".csv", ".tsv", ".tab", ".psv")):
        rows = delimited(text, name)
        return [rows] if rows else []
    if name.endswith((".xlsx", ".xlsm", ".ods")):
        return blocks_of(text)
    if name.endswith((".py", ".pyi", ".js", ".ts", ".c", ".h", ".go", ".rs", ".java", ".cpp", ".sh")):
        return []
    if log := log_rows(text):
        return [log]
    if named := fielded(text):
        return [named]
    made_of_parts = name.endswith((".html", ".htm", ".docx", ".pptx", ".odt", ".epub"))
    if found := markdown_tables(text) or tab_blocks(text, 2 if made_of_parts else 3):
        return found
    if name.endswith((".txt", ".log", ".dat")) or "." not in name:
        each = delimited(text, name) or pairs(text)
        return [each] if each else []
    return []


def _header(raw: Raw) -> tuple[list[str], list[Any]]:
    """The names of the columns and the rows below them. Without a header, columns are numbered."""
    width = raw.width
    if raw.columns is not None:
        return _distinct(raw.columns), raw.rows
    first = [cell.strip() for cell in raw.rows[0].cells[:width]]
    first += [""] * (width - len(first))
    if raw.has_header or _is_header(first, raw.rows[1:]):
        return _distinct(first), raw.rows[1:]
    raw.notes.append("the table has no header")
    return [f"column {at}" for at in range(1, width + 1)], raw.rows


def _is_header(first: Sequence[str], below: Sequence[Any]) -> bool:
    given = [cell for cell in first if cell]
    if not below or len(given) * 2 < len(first) or len(set(given)) < len(given):
        return False
    plain = [cell for cell in given if not number_match(cell) and not date_of(cell)]
    years = all(
        len(cell) == 4 and cell.isdecimal() and "1900" <= cell <= "2100"
        for cell in given
        if cell not in plain
    )
    return bool(plain) and (len(plain) == len(given) or (years and len(given) - len(plain) > 1))


def _distinct(names: Sequence[str]) -> list[str]:
    seen: Counter[str] = Counter()
    found = []
    for at, name in enumerate(names, start=1):
        plain = " ".join(name.split()) or f"column {at}"
        seen[plain] += 1
        found.append(plain if seen[plain] == 1 else f"{plain} ({seen[plain]})")
    return found
