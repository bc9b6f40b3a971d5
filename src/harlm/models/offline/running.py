"""Runs a program of the offline model over the documents of a prompt, in this process.

A root model has its programs run in the sandbox; a single call has no sandbox. Only programs from
``programs`` are run, which consist of our own repertoire with words of the question as data.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from harlm.models.offline.intents import Intent, Summarise
from harlm.models.offline.programs import NOTHING, program_for, summary_program


class RunningText(str):
    """A document as programs see it in the REPL: a ``str`` with a name."""

    __slots__ = ("name",)
    name: str


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
    printed: list[str] = []
    names: dict[str, Any] = {
        "context": [named_text(name, text) for name, text in documents],
        "print": lambda value: printed.append(str(value)),
    }
    exec(compile(program, "<program>", "exec"), names)  # noqa: S102 - our own repertoire, with words of the question as data
    return None if NOTHING in printed else names.get("result")


def named_text(name: str, content: str) -> RunningText:
    """A document with a name, as programs see it in the REPL."""
    text = RunningText(content)
    text.name = name
    return text
