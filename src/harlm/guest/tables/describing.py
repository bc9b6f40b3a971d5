"""What a question needs to know of a table: its columns, and those values of its cells that the question names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from typing import cast

from .questions.cursor import matched
from .questions.plans import Kind, SchemaColumn, TableSchema
from .reading import DataTable

_WORDS = 8  # of a value that the question names
_LONGEST = 200  # characters of such a value
_NAMED = 20  # values of one column that the question names
_EXAMPLES = 5
_EXAMPLE = 40  # characters


def schemas_of(tables: Sequence[DataTable], question: str) -> list[TableSchema]:
    """The schemas of tables, numbered in their order.

    Args:
        tables: of the context.
        question: whose words may be values of cells.
    """
    words = matched(question).split()
    phrases = {" ".join(words[at : at + size]) for size in range(1, _WORDS + 1) for at in range(len(words))}
    return [
        TableSchema(
            number,
            table.name,
            len(table.rows),
            tuple(_column(table, name, phrases) for name in table.columns),
            table.is_log,
        )
        for number, table in enumerate(tables)
    ]


def _column(table: DataTable, name: str, phrases: Collection[str]) -> SchemaColumn:
    counts = Counter(str(row[name]) for row in table.rows if row[name] is not None)
    named: list[str] = []
    if table.kinds[name] == "text":
        named = [value for value in counts if len(value) <= _LONGEST and matched(value) in phrases]
    note = next((each for each in table.notes if each.startswith(f"{name}: ")), "")
    return SchemaColumn(
        name,
        cast("Kind", table.kinds[name]),
        tuple(named[:_NAMED]),
        tuple(value[:_EXAMPLE] for value, _ in counts.most_common(_EXAMPLES)),
        len(counts) == len(table.rows),
        table.marks.get(name, "."),
        note.removeprefix(f"{name}: "),
    )
