"""Cells of model-written code, and their results."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Final:
    """The value that a cell finished the task with.

    It comes from ``FINAL(x)``, ``FINAL_VAR(name)``, ``SUBMIT(x)`` or the ``answer`` dict.

    Attributes:
        value: a string, or another value that JSON can represent.
    """

    value: object


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingCell:
    """A cell that is about to run, for the approval of the user.

    Attributes:
        code: its text.
        turn: the number of its turn in its node.
        node: the node whose cell it is: ``0`` is the question itself, ``0.2`` a child of it.
        question: what that node is asked.
    """

    code: str
    turn: int
    node: str
    question: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """The result of one cell.

    Attributes:
        output: stdout and stderr in order; of a long output, the head and tail that the sandbox kept.
        output_chars: the length of the whole output, in characters.
        error: the traceback, or the limit that ended the cell; ``None`` if the cell ran to its end.
        final: set if the cell finished the task.
        names: the variables that the cell created or changed, as (name, short description).
        lost: whether the cell ended its REPL, which had to be replaced; ``error`` says which variables
            survived.
        wall_s: seconds from start to end.
        waiting_s: seconds of ``wall_s`` in which the cell waited for calls.
    """

    output: str = ""
    output_chars: int = 0
    error: str | None = None
    final: Final | None = None
    names: tuple[tuple[str, str], ...] = ()
    lost: bool = False
    wall_s: float = 0.0
    waiting_s: float = 0.0
