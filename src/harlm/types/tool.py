"""Tools: the user's own functions, which cells call in the host."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolShape:
    """What cells, prompts and the budget know of a tool.

    Attributes:
        name: a name of Python, by which cells call it.
        parameters: the names of its parameters, in the order in which a cell may pass them without names.
        signature: the name with its parameters and types, for the prompt: ``sql(query: str) -> list[dict]``.
        summary: what it does, in one line.
        help: all that is known about it, which ``help(name)`` prints in a cell.
        is_pure: whether calling it changes nothing, so that it may be called early, or in vain.
        is_deterministic: whether equal calls of one run return equal values, so that one call serves all of them.
        timeout_s: seconds that a call may take.
        cost_micros: micro-dollars that each call takes out of the budget.
    """

    name: str
    parameters: tuple[str, ...]
    signature: str
    summary: str
    help: str = ""
    is_pure: bool = False
    is_deterministic: bool = False
    timeout_s: float = 60.0
    cost_micros: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class GatedCall:
    """A call of a tool, as its gate sees it.

    Attributes:
        tool: the name of the tool.
        arguments: by name. A model has chosen them, and may have copied them from a document.
        is_early: whether no cell has made the call yet. A refusal leaves it to the cell, and ``gate`` is asked again.
    """

    tool: str
    arguments: Mapping[str, object]
    is_early: bool
