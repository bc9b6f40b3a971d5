"""Answers a question by a computation over tables, or says why it does not.

It computes only if every word that carries meaning is placed on a column, a value, an operator or a computation.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Literal, TypedDict

from .computing import Computed, compute
from .describing import schemas_of
from .questions import NotPlaced, TablePlan, TableSchema, asks_rows, read_question
from .questions.answer_form import wish_of
from .reading import DataTable, Row

_MOST_TABLES = 200  # that a question is read over
_LONGEST = 2_000  # characters of a question that is read
_PLACES = 40  # rows whose places are given
_QUOTED = 200  # characters of a row
_SHOWN = 100

NO_TABLE = "no table was recognised, so nothing was counted"


TableStatus = Literal["answered", "refused", "no table", "not asked"]


class TableAnswer(TypedDict):
    """What is said to a question over tables, as plain data.

    Attributes:
        status: ``answered``; ``refused``: it asks for a computation that cannot be placed in full; ``no table``: it
            asks about rows, and there is no table; ``not asked``: it asks for nothing that tables settle.
        why: why it is not answered, in words; empty if it is.
        answer: in the form that the question asks for: the value alone, or ``text``. Empty if it is not answered.
        text: the value, what was computed, the first rows with their places, and notes.
        rows: how many rows the value rests on.
        places: of the first of these rows, as citations name them.
        notes: what a reader has to know.
    """

    status: TableStatus
    why: str
    answer: str
    text: str
    rows: int
    places: list[str]
    notes: list[str]


def ask(question: str, tables: Sequence[DataTable], documents: int) -> TableAnswer:
    """The answer to a question over tables.

    Args:
        question: in English. It may say in which form to answer.
        tables: of the context.
        documents: how many documents the context has. If all of them hold tables, a question for a computation
            can only be about these.
    """
    if len(question) > _LONGEST:
        return unanswered("not asked", f"a question over tables has at most {_LONGEST:,} characters")
    wish = wish_of(question)
    if not tables and asks_rows(wish.question):
        return unanswered("no table", NO_TABLE)
    schemas = schemas_of(tables[:_MOST_TABLES], wish.question)
    try:
        plan = _plan(wish.question, schemas, tables, documents)
    except NotPlaced as refusal:
        return unanswered("refused", str(refusal))
    if plan is None:
        return unanswered("not asked", "the question asks for no computation over a table")
    found = compute(plan, tables, schemas)
    text = told(found)
    return TableAnswer(
        status="answered",
        why="",
        answer=found.value if wish.only_value else text,
        text=text,
        rows=len(found.rows),
        places=[row.place for row in found.rows[:_PLACES]],
        notes=found.notes,
    )


def _plan(
    question: str, schemas: Sequence[TableSchema], tables: Sequence[DataTable], documents: int
) -> TablePlan | None:
    with_tables = len({table.document.name for table in tables})
    plan = read_question(question, schemas, only_tables=with_tables >= documents)
    if plan is not None and len(tables) > len(schemas):
        raise NotPlaced(f"the context has {len(tables) - len(schemas)} more tables; ask over fewer files")
    return plan


def unanswered(status: TableStatus, why: str) -> TableAnswer:
    """That a question is not answered, and why."""
    return TableAnswer(status=status, why=why, answer="", text="", rows=0, places=[], notes=[])


def told(found: Computed) -> str:
    """An answer: its value, what was computed, the first rows with their places, and notes."""
    lines = [found.value, "", found.what]
    lines += [f"- {row.text[:_SHOWN]} {_cited(row)}" for row in found.rows[: found.shown]]
    if len(found.rows) > found.shown > 0:
        lines.append(f"- and {len(found.rows) - found.shown} more rows")
    lines += [f"Note: {note}." for note in found.notes]
    return "\n".join(lines)


def _cited(row: Row) -> str:
    return f"[{row.place} {json.dumps(row.text[:_QUOTED], ensure_ascii=False)}]"
