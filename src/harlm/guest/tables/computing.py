"""Computes the plan of a question over the rows of tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from .aggregates import computed, distinct, grouped, highest, plain
from .matching import condition
from .questions.plans import Both, Comparison, TablePlan, TableSchema
from .reading import DataTable, Row

_LISTED = 40  # values on the first line of a list, and rows below it
_GROUPS = 200  # that are shown
_SHOWN = 3  # rows that an answer shows
_DECIMALS = 4  # of a number, if no column has more
_NO_VALUE = "none: no row has a value"
_SAID = {"sum": "sum", "mean": "mean", "median": "median", "max": "highest", "min": "lowest"}


class Computed(NamedTuple):
    """The result of a computation.

    Attributes:
        value: what was asked for, and nothing else; a line for each group if it was asked for by group.
        what: what was computed, over how many rows.
        rows: that the value rests on.
        notes: what a reader has to know.
        shown: how many of the rows an answer shows.
    """

    value: str
    what: str
    rows: Sequence[Row]
    notes: list[str]
    shown: int = _SHOWN


def compute(plan: TablePlan, tables: Sequence[DataTable], schemas: Sequence[TableSchema]) -> Computed:
    """The result of a plan.

    Args:
        plan: what to compute.
        tables: of the context, of which the plan names some by their numbers.
        schemas: of the tables.
    """
    chosen = [tables[number] for number, _ in plan.tables]
    rows = [row for table in chosen for row in table.rows]
    meets = condition(plan.where)
    kept = [row for row in rows if meets(row)]
    notes = [*plan.notes, *(note for table in chosen for note in table.notes)]
    count = f"all {len(rows)}" if len(kept) == len(rows) else f"{len(kept)} of {len(rows)}"
    what = f"{count} rows of {', '.join(name for _, name in plan.tables)}"
    if plan.where is not None:
        what += f" with {plan.where}"
        values = _values_of(plan.where, schemas[plan.tables[0][0]])
        if not kept and values:
            notes.append(values)
    return _Computation(plan, chosen, kept, what, notes).result()


class _Computation:
    """One plan over the rows that meet its condition."""

    def __init__(
        self, plan: TablePlan, chosen: Sequence[DataTable], kept: list[Row], what: str, notes: list[str]
    ) -> None:
        self.plan, self.chosen, self.kept, self.what, self.notes = plan, chosen, kept, what, notes

    def result(self) -> Computed:
        action = self.plan.action
        if self.plan.group is not None:
            return self._best_groups(self.plan.group) if action == "best" else self._groups(self.plan.group)
        if action == "best":
            return self._best_rows()
        if action in _SAID:
            return self._number()
        if action == "distinct":
            return self._distinct()
        if action == "list":
            return self._list()
        if action == "columns":
            names = self.chosen[0].columns
            return self._made(
                str(len(names)), f"the columns of {self.chosen[0].name}: {', '.join(names)}", ()
            )
        if action in ("first", "last"):
            edge = self.kept[:1] if action == "first" else self.kept[-1:]
            return self._made(edge[0].text if edge else "none", self.what, edge)
        if action == "any":
            return self._made("Yes." if self.kept else "No.", self.what, self.kept)
        return self._made(str(len(self.kept)), self.what, self.kept)

    def _made(self, value: str, what: str, rows: Sequence[Row], shown: int = _SHOWN) -> Computed:
        return Computed(value, what, rows, self.notes, shown)

    @property
    def _column(self) -> str:
        assert self.plan.column is not None
        return self.plan.column

    def _given(self) -> list[Row]:
        """The rows with a value in the column; says how many have none."""
        given = [row for row in self.kept if row[self._column] is not None]
        if len(given) < len(self.kept):
            self.notes.append(f"{len(self.kept) - len(given)} rows have no {self._column}")
        return given

    def _said(self, value: Any) -> str:
        return plain(value, max(_DECIMALS, *(table.decimals.get(self._column, 0) for table in self.chosen)))

    def _distinct(self) -> Computed:
        values = distinct(self.kept, self._column)
        what = f"{len(values)} different values of {self._column} in {self.what}"
        if values:
            what += f": {', '.join(values[:_LISTED])}"
        return self._made(str(len(values)), what, self.kept)

    def _list(self) -> Computed:
        if self.plan.column is None:
            return self._made(str(len(self.kept)), self.what, self.kept, _LISTED)
        values = distinct(self.kept, self._column)
        if len(values) > _LISTED:
            self.notes.append(f"{len(values) - _LISTED} more values are not shown")
        return self._made(", ".join(values[:_LISTED]) or "none", f"{self._column} of {self.what}", self.kept)

    def _number(self) -> Computed:
        """A sum, mean, median, highest or lowest of a column."""
        action, given = self.plan.action, self._given()
        if not given:
            return self._made(_NO_VALUE, self.what, self.kept)
        value = computed(action, [row[self._column] for row in given])
        if action in ("max", "min"):
            given = [row for row in given if row[self._column] == value]
        return self._made(self._said(value), f"the {_SAID[action]} of {self._column} over {self.what}", given)

    def _best_rows(self) -> Computed:
        plan, given = self.plan, self._given()
        best = highest([(row[self._column], row) for row in given], most=plan.most, limit=plan.limit)
        names = [self._said(row[plan.label]) if plan.label else row.text for _, row in best]
        word = "highest" if plan.most else "lowest"
        values = ", ".join(self._said(value) for value, _ in best)
        if len(best) > plan.limit:
            self.notes.append("some rows are equal")
        return self._made(
            ", ".join(names) or _NO_VALUE,
            f"the {word} {self._column} ({values}) of {self.what}",
            [row for _, row in best],
            max(_SHOWN, plan.limit),
        )

    def _values_of_groups(self, group: str) -> tuple[list[tuple[Any, str]], str]:
        """What is computed of each group, as (value, name of the group), and what it is called."""
        plan = self.plan
        if plan.action == "distinct":
            each = [
                (len(distinct(rows, self._column)), name) for name, rows in grouped(self.kept, group).items()
            ]
            return each, f"different values of {self._column}"
        if plan.action in ("count", "any", "list") or plan.measure == "count":
            return [(len(rows), name) for name, rows in grouped(self.kept, group).items()], "rows"
        name = plan.measure or plan.action
        given = grouped([row for row in self.kept if row[self._column] is not None], group)
        each = [(computed(name, [row[self._column] for row in rows]), of) for of, rows in given.items()]
        return each, f"{name} of {self._column}"

    def _best_groups(self, group: str) -> Computed:
        plan = self.plan
        groups, called = self._values_of_groups(group)
        best = highest(groups, most=plan.most, limit=plan.limit)
        words = ("most", "fewest") if called == "rows" else ("highest", "lowest")
        said = "; ".join(f"{name}: {plain(value)}" for value, name in best)
        names = {name for _, name in best}
        return self._made(
            ", ".join(name for _, name in best) or "none",
            f"the {words[not plan.most]} {called} by {group} ({said}) of {self.what}",
            [row for name, rows in grouped(self.kept, group).items() if name in names for row in rows],
        )

    def _groups(self, group: str) -> Computed:
        groups, called = self._values_of_groups(group)
        if len(groups) > _GROUPS:
            self.notes.append(f"{len(groups) - _GROUPS} more groups are not shown")
        lines = [f"{name}: {plain(value)}" for value, name in groups[:_GROUPS]]
        return self._made("\n".join(lines) or "none", f"{called} by {group} of {self.what}", self.kept)


def _values_of(node: Comparison | Both, schema: TableSchema) -> str:
    """The values that the columns of an equality have, for an answer that finds no row."""
    if isinstance(node, Both):
        return "; ".join(filter(None, (_values_of(each, schema) for each in node.parts)))
    column = next((each for each in schema.columns if each.name == node.column), None)
    if column is None or node.operator != "=" or column.kind != "text" or not column.examples:
        return ""
    return f"values of {column.name}: {', '.join(column.examples)}"
