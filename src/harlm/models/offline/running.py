"""Runs a program of the offline model over the documents of a prompt, in this process.

A root model has its programs run in the sandbox; a single call has no sandbox. Only programs from
``programs`` are run, which consist of our own repertoire with words of the question as data.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from harlm.context.tables import ask_tables
from harlm.guest.tables import NamedText, TableAnswer
from harlm.models.offline.intents import Intent, Summarise
from harlm.models.offline.programs import NOTHING, program_for, summary_program
from harlm.types import Document


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


def settled_by_tables(question: str, documents: Sequence[tuple[str, str]]) -> TableAnswer:
    """What is said to a question over the tables of ``documents``, given as (name, text)."""
    return ask_tables(question, [Document(name=name, text=text) for name, text in documents])


def _texts(documents: Sequence[tuple[str, str]]) -> list[NamedText]:
    return [NamedText(name, text) for name, text in documents]


def _run(program: str, names: dict[str, Any]) -> tuple[list[str], dict[str, Any]]:
    printed: list[str] = []
    names["print"] = lambda value: printed.append(str(value))
    exec(compile(program, "<program>", "exec"), names)  # noqa: S102 - our own repertoire, with words of the question as data
    return printed, names
