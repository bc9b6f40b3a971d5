"""Running a program of the offline model over documents that stand in a prompt: what a root model has done in the sandbox, a
single call has to do here. Runs what ``programs`` wrote from our own repertoire; refuses anything that came from elsewhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from harlm.models.offline.intents import Intent
from harlm.models.offline.programs import NOTHING, program_for


class RunningText(str):
    """A document as the REPL has it: a ``str`` with a name."""

    __slots__ = ("name",)
    name: str


def settled(intent: Intent, documents: Sequence[tuple[str, str]]) -> str | None:
    """What code makes of the question, or None where it has to be read.

    Args:
        documents: as (name, text).
    """
    program = program_for(intent)
    if program is None:
        return None
    printed: list[str] = []
    names: dict[str, Any] = {
        "context": [named_text(name, text) for name, text in documents],
        "print": lambda value: printed.append(str(value)),
    }
    exec(compile(program, "<program>", "exec"), names)  # noqa: S102 - our own repertoire, with a question's words as data
    return None if NOTHING in printed else names.get("result")


def named_text(name: str, content: str) -> RunningText:
    """A document as the REPL has it."""
    text = RunningText(content)
    text.name = name
    return text
