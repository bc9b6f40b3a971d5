"""What the forms of questions share: the rest of a question, and what its nouns mean."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from .conditions import ConditionReader
from .cursor import NotPlaced
from .plans import Action, Both, Comparison, SchemaColumn, TablePlan, TableSchema
from .words import PEOPLE, ROWS, Token, stem, words_of

ARTICLES = frozenset("the a an of all any some each".split())
"""Words before a noun."""

SUMS: dict[str, Action] = {
    "total": "sum", "sum": "sum", "average": "mean", "mean": "mean", "avg": "mean", "median": "median",
}  # fmt: skip
"""Words for computations over a column of numbers."""

_SCOPE_WORDS = ARTICLES | {"those", "these"}
_SCOPE_ROWS = frozenset("row record entry line".split())
_HOLDS = (
    "it holds that", "the following holds", "the following hold", "the following is true", "this holds", "holds", "hold",
    "satisfy", "satisfies", "satisfying", "meet", "meets", "meeting", "match", "matches", "matching",
)  # fmt: skip
_LABELS = frozenset("name title item product label person employee".split())


def made(
    reader: ConditionReader, action: Action, column: SchemaColumn | None = None, **more: Any
) -> TablePlan:
    """A plan over the reader's table; ``more`` are fields of it."""
    schema = reader.schema
    plan = TablePlan(
        action=action, tables=((schema.number, schema.name),), column=column.name if column else None
    )
    return plan._replace(**more)


def pass_scope(reader: ConditionReader) -> None:
    """Pass over words that only say that conditions on rows follow, as ``over the rows in which holds``."""
    start = reader.at
    reader.take("over", "across", "among", "amongst", "within", "in", "of", "for", "from")
    while reader.low() in _SCOPE_WORDS and not reader.column_length():
        reader.at += 1
    if stem(reader.low()) not in _SCOPE_ROWS or reader.column_length() or reader.value_length():
        reader.at = start
    else:
        reader.at += 1
    start = reader.at
    reader.take("in which", "for which", "on which", "where", "that")
    if reader.column_length() or reader.value_length() or not reader.take(*_HOLDS):
        reader.at = start


def rest_of(reader: ConditionReader, plan: TablePlan) -> TablePlan:
    """``plan`` with the conditions and the grouping that follow; all tokens must be read."""
    plan = _limited(reader, plan)
    if reader.take("per", "by", "for each", "each", "grouped by", "group by"):
        reader.take("each")
        reader.skip(ARTICLES)
        group = reader.column()
        if group is None:
            raise reader.unplaced()
        plan = _limited(reader, plan._replace(group=group.name))
    if reader.token is not None:
        raise reader.unplaced()
    return plan


def _limited(reader: ConditionReader, plan: TablePlan) -> TablePlan:
    """``plan`` with the conditions that come next."""
    pass_scope(reader)
    where = reader.conditions()
    if where is None:
        return plan
    return plan._replace(where=where if plan.where is None else Both((plan.where, where)))


def with_tests(plan: TablePlan, tests: Sequence[Comparison]) -> TablePlan:
    """``plan`` with conditions in addition to its own."""
    parts = (*tests, *((plan.where,) if plan.where is not None else ()))
    if not tests:
        return plan
    return plan._replace(where=parts[0] if len(parts) == 1 else Both(parts))


def means_row(reader: ConditionReader, noun: Token) -> bool:
    """Whether a noun means a row: a word like *record*, the name of the table, or *people* if rows have names."""
    word = stem(noun.low)
    if word in ROWS and word != "line":
        return True
    stems = re.split(r"[^\w]+|_", reader.schema.name.rsplit("/", 1)[-1].casefold())
    if len(word) > 2 and word in {stem(each) for each in stems} - {"csv", "table"}:
        return True
    has_names = any(
        each.is_unique and set(words_of(each.name)) & (_LABELS | {"email"}) for each in reader.schema.columns
    )
    return word in PEOPLE and word == "person" and has_names


def check_kind(column: SchemaColumn, action: str) -> None:
    """Raise ``NotPlaced`` if an action cannot be computed over a column."""
    allowed = ("number", "date") if action in ("max", "min", "best") else ("number",)
    if column.kind not in allowed:
        note = f" ({column.note})" if column.note else ""
        raise NotPlaced(f"the column '{column.name}' holds {column.kind}, not numbers{note}")


def label_of(schema: TableSchema) -> str | None:
    """The column that names a row: one called name or title, or the first of text."""
    named = [each for each in schema.columns if set(words_of(each.name)) & _LABELS and each.kind == "text"]
    texts = [each for each in schema.columns if each.kind == "text"]
    return next((each.name for each in (*named, *texts)), None)


def limit_of(reader: ConditionReader, *, required: bool) -> int:
    """The number that comes next, which is passed over; 1 if none does and none is ``required``."""
    word = reader.low()
    spelled = {"two": 2, "three": 3, "four": 4, "five": 5, "ten": 10}
    number = int(word) if word.isdecimal() and len(word) < 5 else spelled.get(word, 0)
    if number < 1:
        if required:
            raise NotPlaced("say how many, as in 'top 3'")
        return 1
    reader.at += 1
    return number
