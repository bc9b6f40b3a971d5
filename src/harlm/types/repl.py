"""What a cell of model-written code comes to."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Final:
    """What a cell finished with: ``FINAL(x)``, ``FINAL_VAR(name)``, ``SUBMIT(x)`` or the ``answer`` dict.

    Attributes:
        value: a string, or a value that JSON can hold.
    """

    value: object


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """What came of one cell.

    Attributes:
        output: stdout and stderr in order: the head and tail that the sandbox kept.
        output_chars: the true length of the output.
        error: the traceback, or the limit that ended the cell; None when it ran to its end.
        final: set when the cell finished the task.
        names: the variables that the cell made or changed, as (name, short description).
        lost: whether the cell ended its REPL, which had to be replaced; ``error`` says what became of the variables.
        wall_s: seconds from start to end.
        waiting_s: the part of it in which the cell waited for calls.
    """

    output: str = ""
    output_chars: int = 0
    error: str | None = None
    final: Final | None = None
    names: tuple[tuple[str, str], ...] = ()
    lost: bool = False
    wall_s: float = 0.0
    waiting_s: float = 0.0
