"""What all blocks of one cell share: the steps that are ready, the names that lead to calls, and the syntax
of the functions that cells defined. Does not depend on how code is interpreted.
"""

from __future__ import annotations

import ast
import time
import types
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Protocol

from .frames import Frame
from .pending import Pending, ReadyQueue, Sources, Steps, settle_parts
from .search import Search
from .syntax import (
    Definition,
    Facts,
    Function,
    callers,
    callers_among,
    closed_over,
    definitions_in,
    facts,
    of_all,
    once,
    root,
)  # fmt: skip
from .undo import Undo

_STEPS = 3_000_000  # statements after which a scout stops
_OTHERS_S = 0.002  # seconds that the main task runs before replies are received and other tasks continue


class Block(Protocol):
    """What the world needs to know of a running block (``tasks.ScoutTask``).

    Attributes:
        tries: how many ``try`` statements are around it.
        search: the loop that it is in and that a result may end, if that loop has a look-ahead.
        ahead_of: the search that it looks ahead of, if any.
    """

    tries: int
    search: Search | None
    ahead_of: Search | None


class Asking(NamedTuple):
    """A call that is ready to be made.

    Attributes:
        tool: the function to call.
        values: its positional arguments.
        named: its keyword arguments.
        needs: the ids of the calls that it was made from or was decided by.
        task: the block that makes it.
    """

    tool: Callable[..., Any]
    values: list[Any]
    named: dict[str, Any]
    needs: Sources
    task: Block


class Lost(BaseException):
    """The scout cannot follow this code. The cell itself still runs it."""


class Halted(BaseException):
    """The scout stops: the cell has ended as far as it can tell, or the scout has run enough statements."""


class World:
    """The state that all blocks of one cell share.

    Args:
        names: the variables of the cell, to which the tools are added.
        cells: the text or syntax of every cell that may have defined a function, by the file name of its
            code.
        tools: the functions that call models, by name; each returns a pending value at once.
        file: the file name of this cell's code.
        ask: makes a call.
        run: follows statements.
        is_eager: whether to look past a possible end of a loop without limit.

    Attributes:
        ready: the steps that can run.
        frame: the frame of the module.
        names: as given.
        file: as given.
        ask: as given.
        run: as given.
        is_eager: as given.
        tools: the name of each tool, by the ``id`` of the function.
        callers: the names that lead to a call of a model.
        asked: how many calls were asked for.
        never: a pending value that never arrives.
        has_ended: whether the cell has ended, as far as can be told.
        undo: what the running peek changes; ``None`` if none runs.
    """

    def __init__(
        self,
        names: dict[str, Any],
        cells: Mapping[str, str | ast.Module],
        tools: Mapping[str, Callable[..., Any]],
        file: str,
        ask: Callable[[Asking], Pending],
        run: Callable[[list[ast.stmt], Frame, Any], Steps],
        *,
        is_eager: bool = False,
    ) -> None:
        self.ready = ReadyQueue()
        self.frame = Frame(names, None)
        self.names = names
        self.file = file
        self.ask = ask
        self.run = run
        self.is_eager = is_eager
        self.tools = {id(tool): name for name, tool in tools.items()}
        self._tools = tools
        self.asked = 0
        self.never = Pending()
        self.has_ended = False
        self.undo: Undo | None = None
        self._cells = cells
        self._functions: dict[tuple[str, int, str], Function] = {}
        self._learned: set[str] = set()
        self._definitions: list[Definition] = []
        tree = self._learn(file)
        self.callers = callers_among(names) if tree is None else callers([tree], callers_among(names))
        self._changes: dict[int, tuple[ast.AST, frozenset[str]]] = {}
        self._steps = 0
        self._others_at = time.perf_counter() + _OTHERS_S
        names.update(tools)

    def tool(self, name: str) -> Callable[..., Any]:
        """The tool with a given name."""
        return self._tools[name]

    def learn(self, tree: ast.Module) -> None:
        """Note more statements of this cell, which is still being written."""
        self._note(self.file, tree)
        self._definitions += definitions_in(tree)
        self.callers = closed_over(self._definitions, self.callers)

    def _learn(self, file: str) -> ast.Module | None:
        """Note the functions in a cell, and return its syntax; ``None`` if there is no such cell."""
        cell = self._cells.get(file)
        tree = None if cell is None else _parsed(cell)
        self._learned.add(file)
        if tree is not None:
            self._note(file, tree)
        return tree

    def _note(self, file: str, tree: ast.Module) -> None:
        """Note the functions in a tree."""
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                first = min([node.lineno, *(each.lineno for each in node.decorator_list)])
                self._functions[file, first, node.name] = node
            elif isinstance(node, ast.Lambda):
                self._functions.setdefault((file, node.lineno, "<lambda>"), node)

    def step(self) -> None:
        """Count one statement.

        Raises:
            Halted: the cell has ended, or 3,000,000 statements have run.
            PeekEnded: a peek has run enough statements.
        """
        if self.undo is not None:
            self.undo.step()
            return
        self._steps += 1
        if self._steps > _STEPS or self.has_ended:
            raise Halted

    def is_time_for_others(self) -> bool:
        """Whether the main task has run for 2 ms, so that other tasks should continue; asked after each round
        of a loop.
        """
        if self._steps & 7 or time.perf_counter() < self._others_at:
            return False
        self._others_at = time.perf_counter() + _OTHERS_S
        return True

    def failed(self, error: BaseException, task: Block) -> None:
        """Note that a block that was put off raised. The cell ends there, unless a ``try`` may catch it."""
        if not task.tries or not isinstance(error, Exception):
            self.has_ended = True

    def may_call(self, known: Facts) -> bool:
        """Whether code with these facts may lead to a call of a model."""
        return not self.callers.isdisjoint(known.names)

    def settle_names(self) -> None:
        """Replace pending values that have arrived by their values, in the module's names and inside their
        values.
        """
        for name, value in self.names.items():
            if type(value) is Pending and value.done and value.error is None:
                self.names[name] = value.value
        settle_parts([value for name, value in self.names.items() if not name.startswith("__")])

    def text_of(self, function: types.FunctionType) -> Function | None:
        """The syntax of a function that a cell defined; ``None`` for other functions."""
        code = function.__code__
        if code.co_filename not in self._learned:
            self._learn(code.co_filename)
        return self._functions.get((code.co_filename, code.co_firstlineno, code.co_name))

    def changed_by(self, node: ast.AST, frame: Frame) -> frozenset[str]:
        """The names of objects that a node may change in place, itself or through the functions that it
        calls.
        """
        known = self._changes.get(id(node))
        if known is None:
            found = facts(node).changed | self._changed_in_calls(node, frame, set())
            # The node is kept too, so that no other node can get its id.
            known = self._changes[id(node)] = (node, found)
        return known[1]

    def _changed_in_calls(self, node: ast.AST, frame: Frame, seen: set[str]) -> frozenset[str]:
        found: frozenset[str] = frozenset()
        for each in ast.walk(node):
            if (
                not isinstance(each, ast.Call)
                or not isinstance(each.func, ast.Name)
                or not frame.has(each.func.id)
            ):
                continue
            name = each.func.id
            function = frame.get(name)
            text = self.text_of(function) if isinstance(function, types.FunctionType) else None
            if text is None:
                continue
            changed = facts_of_body(text).changed
            parameters = [argument.arg for argument in (*text.args.posonlyargs, *text.args.args)]
            for parameter, value in zip(parameters, each.args, strict=False):
                if parameter in changed:
                    found |= root(value)
            found |= changed - set(parameters)
            if name not in seen:
                seen.add(name)
                found |= self._changed_in_calls(text, frame, seen)
        return found


def facts_of_body(function: Function) -> Facts:
    """What is known about the body of a function."""
    if isinstance(function, ast.Lambda):
        return facts(function.body)
    return once(function, "harlm_body", lambda: of_all(function.body))


def _parsed(cell: str | ast.Module) -> ast.Module | None:
    if isinstance(cell, ast.Module):
        return cell
    try:
        return ast.parse(cell)
    except SyntaxError:
        return None
