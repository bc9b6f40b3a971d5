"""Runs a program of the offline model over the documents of a prompt, in this process.

A root model has its programs run in the sandbox; a single call has no sandbox. Only programs from
``programs`` are run, which consist of our own repertoire with words of the question as data.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from harlm.guest.tables import DataTable, tables_in
from harlm.models.offline.intents import Intent, Summarise
from harlm.models.offline.programs import NOTHING, program_for, summary_program
from harlm.models.offline.table_programs import TABLES, columns_program, program_over


class RunningText(str):
    """A document as programs see it in the REPL: a ``str`` with a name."""

    __slots__ = ("name",)
    name: str


class RunningTexts(list[RunningText]):
    """The documents as programs see them in the REPL: a ``list`` with tables."""

    def tables(self) -> list[DataTable]:
        """The tables of all documents."""
        return [table for text in self for table in tables_in(text)]


def settled(intent: Intent, documents: Sequence[tuple[str, str]]) -> str | None:
    """The answer of the program for ``intent``; None if the text has to be read instead.

    Args:
        intent: the intent of the question.
        documents: as (name, text).
    """
    program = (
        summary_program(intent, sub_calls=False) if isinstance(intent, Summarise) else program_for(intent)
    )
    if program is None:
        return None
    printed, names = _run(program, {"context": _texts(documents)})
    return None if NOTHING in printed else names.get("result")


def settled_by_tables(question: str, documents: Sequence[tuple[str, str]]) -> str | None:
    """The answer that is computed over the tables of ``documents``; ``None`` if none is asked for, or if there
    are no tables.

    Raises:
        NotPlaced: a word of the question fits no table.
    """
    printed, names = _run(columns_program(question), {"context": _texts(documents)})
    program = program_over(question, printed[0].removeprefix(TABLES), len(documents))
    return None if program is None else str(_run(program, names)[1]["result"])


def _texts(documents: Sequence[tuple[str, str]]) -> RunningTexts:
    return RunningTexts(named_text(name, text) for name, text in documents)


def _run(program: str, names: dict[str, Any]) -> tuple[list[str], dict[str, Any]]:
    printed: list[str] = []
    names["print"] = lambda value: printed.append(str(value))
    exec(compile(program, "<program>", "exec"), names)  # noqa: S102 - our own repertoire, with words of the question as data
    return printed, names


def named_text(name: str, content: str) -> RunningText:
    """A document with a name, as programs see it in the REPL."""
    text = RunningText(content)
    text.name = name
    return text
