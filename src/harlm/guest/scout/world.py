"""What all blocks of one cell share: who can go on, which names lead to calls, and the text of the functions that cells
defined. Knows the cells of a REPL; refuses to know how they are interpreted.
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
from .syntax import Facts, callers, callers_among, facts, of_all, once, root

_STEPS = 3_000_000
_OTHERS_S = 0.002  # how long the cell itself runs ahead before replies are looked for


class Block(Protocol):
    """What the world needs of a block that runs (``tasks.ScoutTask``).

    Attributes:
        tries: how many ``try`` are around it.
        search: the loop that it is in and that may end by a result, if there is a look-ahead.
        ahead_of: the search that it looks ahead of.
    """

    tries: int
    search: Search | None
    ahead_of: Search | None


class Asking(NamedTuple):
    """A call that is to be made.

    Attributes:
        tool, values, named: what is called with what.
        needs: the calls that it was made from, or that decided about it.
        task: what asks.
    """

    tool: Callable[..., Any]
    values: list[Any]
    named: dict[str, Any]
    needs: Sources
    task: Block


Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


class Lost(BaseException):
    """The scout cannot follow here; the cell itself can."""


class Halted(BaseException):
    """There is nothing ahead to be found any more."""


class World:
    """See the module.

    Args:
        names: of the module.
        cells: the text of every cell that may have defined a function, under the file name that its code has.
        tools: what calls, by name; each answers at once with a pending value.
        file: the name that the code of this cell has.
        ask: makes a call.
        run: goes through statements.
        is_eager: whether there is no limit to looking past a possible end.

    Attributes:
        ready: what can go on.
        frame: the module's.
        callers: the names that lead to a call.
        asked: how many calls were made.
        never: a value that does not come.
        is_over: whether the cell ends here, as far as can be told.
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
        self.is_over = False
        self._cells = cells
        self._functions: dict[tuple[str, int, str], Function] = {}
        self._learned: set[str] = set()
        tree = self._learn(file)
        self.callers = callers_among(names) if tree is None else callers([tree], callers_among(names))
        self._changes: dict[int, tuple[ast.AST, frozenset[str]]] = {}
        self._steps = 0
        self._others_at = time.perf_counter() + _OTHERS_S
        names.update(tools)

    def tool(self, name: str) -> Callable[..., Any]:
        """The tool with this name."""
        return self._tools[name]

    def learn(self, tree: ast.Module) -> None:
        """More of this cell is known."""
        self._cells = {**self._cells, self.file: tree}
        self._learn(self.file)
        self.callers = callers([tree], self.callers)

    def _learn(self, file: str) -> ast.Module | None:
        """The syntax of a cell, with its functions noted; None where there is no such cell."""
        cell = self._cells.get(file)
        tree = None if cell is None else _parsed(cell)
        self._learned.add(file)
        for node in () if tree is None else ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                first = min([node.lineno, *(each.lineno for each in node.decorator_list)])
                self._functions[file, first, node.name] = node
            elif isinstance(node, ast.Lambda):
                self._functions.setdefault((file, node.lineno, "<lambda>"), node)
        return tree

    def step(self) -> None:
        """Count one statement.

        Raises:
            Halted: it is enough.
        """
        self._steps += 1
        if self._steps > _STEPS or self.is_over:
            raise Halted

    def is_time_for_others(self) -> bool:
        """Whether the cell has run ahead for a while."""
        if self._steps & 7 or time.perf_counter() < self._others_at:
            return False
        self._others_at = time.perf_counter() + _OTHERS_S
        return True

    def failed(self, error: BaseException, task: Block) -> None:
        """Something that was put off raised. Unless somebody may catch it, the cell ends there."""
        if not task.tries or not isinstance(error, Exception):
            self.is_over = True

    def may_call(self, known: Facts) -> bool:
        """Whether a node may lead to a call."""
        return not self.callers.isdisjoint(known.names)

    def settle_names(self) -> None:
        """Put values that are there in the place of pending ones, in the module's names."""
        for name, value in self.names.items():
            if type(value) is Pending and value.done and value.error is None:
                self.names[name] = value.value
        settle_parts([value for name, value in self.names.items() if not name.startswith("__")])

    def text_of(self, function: types.FunctionType) -> Function | None:
        """The function as a cell defined it; None for others."""
        code = function.__code__
        if code.co_filename not in self._learned:
            self._learn(code.co_filename)
        return self._functions.get((code.co_filename, code.co_firstlineno, code.co_name))

    def changed_by(self, node: ast.AST, frame: Frame) -> frozenset[str]:
        """The names of what a node may change in place, by itself or by the functions that it calls."""
        known = self._changes.get(id(node))
        if known is None:
            found = facts(node).changed | self._changed_in_calls(node, frame, set())
            known = self._changes[id(node)] = (
                node,
                found,
            )  # the node as well: its id is its own only while it lives
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
    """What is known of what a function does when it is called."""
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
