"""Analyses the code of a cell and returns its plan. Runs nothing.

The analysis may be wrong: only displays, and the choice whether to run a scout, depend on it. It runs in the event
loop, so its work is bounded: by the length of a cell, which bounds the parser's, and by an effort. A cell beyond
that has a plan that is not whole.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence

from harlm.guest.vocabulary import MODEL_CALLS
from harlm.scheduler.callers import Callers
from harlm.scheduler.effort import Effort, TooComplex
from harlm.scheduler.plan import Plan
from harlm.scheduler.source import CellSource
from harlm.scheduler.walk_state import Function
from harlm.scheduler.walker import Walker
from harlm.syntax import parsed

LONGEST_CELL = 8_000
"""The most characters of a cell that is parsed in the event loop, which takes at most 40 ms; models write cells of
a few thousand."""

_MOST_EFFORT = 16_000  # microseconds, about
_MOST_KEPT = 64_000  # characters of earlier cells whose functions are followed


def analyse(code: str, earlier: Sequence[str] = ()) -> Plan:
    """The plan of a cell.

    Args:
        code: of the cell.
        earlier: the cells before it, for the functions that they define; cells that cannot be parsed are
            skipped.

    Raises:
        SyntaxError: the cell is not Python.
    """
    return _known(earlier).plan_of(code)


def can_call(code: str, earlier: Sequence[str] = ()) -> bool:
    """Whether a cell may call a model: it names a function that calls models, or one that leads to such a
    function.

    True if a cell is too long or cannot be parsed.
    """
    return _known(earlier).can_call_in(code)


def _known(cells: Sequence[str]) -> EarlierCells:
    known = EarlierCells()
    for cell in cells:
        known.add(cell)
    return known


class EarlierCells:
    """The functions that the cells of a REPL have defined, each cell parsed once.

    Functions are followed in plans until newer cells of ``_MOST_KEPT`` characters have come. Which names lead to
    calls is kept.

    Args:
        tools: the names of the user's tools that may be called early.
    """

    def __init__(self, tools: Iterable[str] = ()) -> None:
        self._calls = MODEL_CALLS.union(tools)
        self._functions: dict[str, Function] = {}
        self._sizes: dict[str, int] = {}
        self._callers = Callers(self._calls)
        self._is_any = False  # a cell could not be parsed, so that every name may lead to a call
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def add(self, cell: str) -> None:
        """Learn what a cell defines; of one that is too long or cannot be parsed, nothing."""
        self._count += 1
        try:
            tree = _parsed(cell)
        except (SyntaxError, TooComplex):
            self._is_any = True
            return
        self._callers.add(tree)
        defined = [node for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
        for node in defined:
            self._functions.pop(node.name, None)
            self._functions[node.name] = node
            self._sizes[node.name] = len(cell) // len(defined)
        while sum(self._sizes.values()) > _MOST_KEPT:
            oldest = next(iter(self._functions))
            del self._functions[oldest], self._sizes[oldest]

    def take_over(self, other: EarlierCells) -> None:
        """Take over what ``other`` holds."""
        self._functions.update(other._functions)
        self._sizes.update(other._sizes)
        self._callers.take_over(other._callers)
        self._is_any |= other._is_any
        self._count += other._count

    def plan_of(self, code: str) -> Plan:
        """The plan of a cell.

        Raises:
            SyntaxError: the cell is not Python.
        """
        effort = Effort(_MOST_EFFORT)
        walker = Walker(CellSource(code, effort), self._functions, effort, self._calls)
        try:
            walker.block(_parsed(code).body)
        except (TooComplex, RecursionError, MemoryError):
            return walker.plan(is_whole=False)
        return walker.plan()

    def can_call_in(self, code: str) -> bool:
        """Whether a cell may call a model. True if it is too long or cannot be parsed."""
        if self._is_any:
            return True
        try:
            return self._callers.are_in(_parsed(code))
        except (SyntaxError, TooComplex):
            return True

    def are_named_in(self, text: str) -> bool:
        """Whether a text that need not be whole names what leads to a call of a model."""
        return self._is_any or self._callers.are_named_in(text)


def _parsed(cell: str) -> ast.Module:
    """The syntax of a cell.

    Raises:
        SyntaxError: it is not Python.
        TooComplex: it is too long, or nested too deep.
    """
    if len(cell) > LONGEST_CELL:
        raise TooComplex
    try:
        return parsed(cell)
    except (RecursionError, MemoryError) as error:
        raise TooComplex from error
    except ValueError as error:  # a null character
        raise SyntaxError(str(error)) from error
