"""What is known of a table before it is computed with, and what is to be computed."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

Kind = Literal["number", "date", "boolean", "text"]
Operator = Literal["=", "!=", "<", "<=", ">", ">=", "between", "contains", "starts", "ends", "empty", "in"]
Action = Literal[
    "count",
    "distinct",
    "sum",
    "mean",
    "median",
    "max",
    "min",
    "best",
    "list",
    "any",
    "first",
    "last",
    "columns",
]


class SchemaColumn(NamedTuple):
    """A column.

    Attributes:
        name: as the table writes it.
        kind: of its values.
        values: the values of the column that occur in the question.
        examples: some values, the most frequent first.
        is_unique: whether no value occurs twice.
        mark: the decimal mark of its numbers.
        note: in which other way it can be read; empty if in none.
    """

    name: str
    kind: Kind
    values: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()
    is_unique: bool = False
    mark: str = "."
    note: str = ""


class TableSchema(NamedTuple):
    """A table.

    Attributes:
        number: its position among the tables of the context.
        name: of the table.
        rows: how many it has.
        columns: its columns.
        is_log: whether it is a log.
    """

    number: int
    name: str
    rows: int
    columns: tuple[SchemaColumn, ...]
    is_log: bool = False


class Comparison(NamedTuple):
    """A condition on one column of a row, or on the whole row.

    Attributes:
        column: the column; ``None`` for the whole row.
        operator: how its value relates to ``values``.
        values: numbers, ISO dates, booleans or texts; two for ``between``.
        negated: whether the condition must not hold.
    """

    column: str | None
    operator: Operator
    values: tuple[Any, ...] = ()
    negated: bool = False

    def __str__(self) -> str:
        word = {"contains": "contains", "starts": "starts with", "ends": "ends with", "in": "="}.get(
            self.operator, self.operator
        )
        subject = "the row" if self.column is None else self.column
        if self.operator == "empty":
            return f"{subject} is {'not ' if self.negated else ''}empty"
        if self.operator == "=" and self.negated:
            word = "≠"
        elif self.operator == "!=":
            word = "=" if self.negated else "≠"
        elif self.negated:
            word = f"not {word}"
        joint = " and " if self.operator == "between" else " or "
        return f"{subject} {word} {joint.join(_shown(value) for value in self.values)}"


class Both(NamedTuple):
    """Conditions that must all hold, or of which one must hold if ``any_of``."""

    parts: tuple[Comparison | Both, ...]
    any_of: bool = False

    def __str__(self) -> str:
        word = " or " if self.any_of else " and "
        return word.join(f"({each})" if isinstance(each, Both) else str(each) for each in self.parts)


class TablePlan(NamedTuple):
    """A computation.

    Attributes:
        action: what to compute. ``best`` names the rows with the highest or lowest value.
        tables: the numbers and names of the tables.
        where: the condition on rows; ``None`` for all.
        column: the column that is summed, ranked, listed or counted.
        label: for ``best``, the column that names a row.
        group: the column to group by.
        most: for ``best``, whether the highest is asked for.
        measure: for ``best`` among groups, what is computed of ``column`` in each: count, sum or mean.
        limit: how many are asked for.
        notes: what was assumed.
    """

    action: Action
    tables: tuple[tuple[int, str], ...]
    where: Comparison | Both | None = None
    column: str | None = None
    label: str | None = None
    group: str | None = None
    most: bool = True
    measure: str = ""
    limit: int = 1
    notes: tuple[str, ...] = ()


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str) and len(value) == 22 and value[10:12] == ".." and value[:10] == value[12:]:
        return value[:10]
    return f"{value:g}" if isinstance(value, float) else str(value)
