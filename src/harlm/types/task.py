"""The task: a question over a context, and the mode that its caller requires."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from harlm.types.context import Context
from harlm.types.mode import Mode, Strategy
from harlm.types.schema import OutputSchema


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A question over a context.

    Attributes:
        question: the question, as the user wrote it.
        context: the documents to answer it from.
        mode: the mode that the caller requires, or ``auto`` to let the router choose.
        strategy: the strategy that the caller requires, in *plan* mode; ``None`` takes the one that fits best.
        schema: the type that the answer must have; ``None`` for any.
    """

    question: str
    context: Context
    mode: Mode | Literal["auto"] = "auto"
    strategy: Strategy | None = None
    schema: OutputSchema | None = None
