"""Whether what a reply finishes with was computed: from the context, or from the replies to calls.

Root models make answers up. One that has seen no output yet may still finish if its code has worked the answer out; one that
only writes it down may not. The code is read here, never run. What it does not show does not count: a refusal costs
one turn.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Sequence

from harlm.engine.replies.python import Parser
from harlm.guest.vocabulary import COMBINATORS, CONTEXT_FUNCTIONS, FINISHING, MEMORY_FUNCTIONS, MODEL_CALLS

_SOURCES = frozenset({"context", "memory", *MODEL_CALLS, *COMBINATORS, *CONTEXT_FUNCTIONS, *MEMORY_FUNCTIONS})
_ANSWER = "answer"
_BLOCKS = (ast.For, ast.AsyncFor, ast.While, ast.If, ast.With, ast.AsyncWith, ast.Try, ast.TryStar, ast.Match)


def has_grounds(cells: Sequence[str], tools: Collection[str] = ()) -> bool:
    """Whether every finish in these cells, which run one after another, has a value that was computed.

    A value is computed if it is made from ``context``, from the reply to a call, or from a variable that is; or if such a
    value decides that it is the one.

    Args:
        cells: the cells.
        tools: the names of the user's tools, whose values count as replies.
    """
    parser, flow = Parser(), _Flow(_SOURCES.union(tools))
    for cell in cells:
        tree = parser.tree(cell)
        if tree is None:
            return False
        flow.follow_cell(tree.body)
    return bool(flow.finishes) and all(flow.finishes)


class _Flow:
    """Follows computed values through statements.

    Attributes:
        finishes: of each finish, whether its value was computed.
    """

    def __init__(self, sources: frozenset[str]) -> None:
        self.finishes: list[bool] = []
        self._sources = sources
        self._computed: set[str] = set()
        self._depth = 0  # of blocks

    def follow_cell(self, body: Sequence[ast.stmt]) -> None:
        """Follow the statements of a cell."""
        self._follow(body, is_decided=False)

    def _follow(self, body: Sequence[ast.stmt], *, is_decided: bool) -> None:
        """Follow statements; ``is_decided`` says whether a computed value decides that they run."""
        for statement in body:
            match statement:
                case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                    if self._is_computed(statement):
                        self._computed.add(statement.name)
                    self._follow(statement.body, is_decided=False)
                case _ if isinstance(statement, _BLOCKS):
                    rounds = (
                        1 if self._depth else 2
                    )  # what one round of a loop computes, the next one may use
                    before = len(self.finishes)
                    self._depth += 1
                    for _ in range(rounds):
                        del self.finishes[before:]
                        self._block(statement, is_decided=is_decided)
                    self._depth -= 1
                case _:
                    self._simple(statement, is_decided=is_decided)

    def _block(self, statement: ast.stmt, *, is_decided: bool) -> None:
        """A statement with statements in it."""
        parts = [each for each in ast.iter_child_nodes(statement) if not isinstance(each, ast.stmt)]
        heads = [each for each in parts if not isinstance(each, ast.ExceptHandler | ast.match_case)]
        if any(map(self._is_computed, heads)):
            self._computed.update(name for each in heads for name in _changed(each))
            is_decided = is_decided or isinstance(statement, ast.If | ast.While | ast.Match)
        for part in (statement, *parts):
            for field in ("body", "orelse", "finalbody"):
                inner = getattr(part, field, ())
                if isinstance(inner, list):
                    self._follow(inner, is_decided=is_decided)

    def _simple(self, statement: ast.stmt, *, is_decided: bool) -> None:
        is_computed = is_decided or self._is_computed(statement)
        for call in _calls(statement):
            self._finish(call, is_decided)
        changed = set(_changed(statement))
        if is_computed:
            self._computed |= changed
        elif not self._depth and isinstance(statement, ast.Assign | ast.AnnAssign):
            self._computed -= {name for name in changed if _is_rebound(statement, name)}
        if _ANSWER in changed and not _only_says_ready(statement):
            self.finishes.append(is_computed)

    def _finish(self, call: ast.Call, is_decided: bool) -> None:
        if not isinstance(call.func, ast.Name) or call.func.id not in FINISHING:
            return
        values = [*call.args, *(each.value for each in call.keywords)]
        if call.func.id == "FINAL_VAR":
            names = {each.value for each in values if isinstance(each, ast.Constant)}
            self.finishes.append(is_decided or bool(names & self._computed))
        else:
            self.finishes.append(is_decided or any(map(self._is_computed, values)))

    def _is_computed(self, node: ast.AST) -> bool:
        return any(
            isinstance(each, ast.Name)
            and isinstance(each.ctx, ast.Load)
            and (each.id in self._sources or each.id in self._computed)
            for each in ast.walk(node)
        )


def _calls(statement: ast.stmt) -> Iterator[ast.Call]:
    return (each for each in ast.walk(statement) if isinstance(each, ast.Call))


def _changed(node: ast.AST) -> Iterator[str]:
    """The names that are bound in it, and those of objects that are changed in place."""
    for each in ast.walk(node):
        match each:
            case ast.Name(id=name, ctx=ast.Store()):
                yield name
            case ast.Attribute(ctx=ast.Store()) | ast.Subscript(ctx=ast.Store()):
                yield from _root(each)
            case ast.Call(func=ast.Attribute()):
                yield from _root(each.func)


def _root(node: ast.expr) -> Iterator[str]:
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    if isinstance(node, ast.Name):
        yield node.id


def _is_rebound(statement: ast.Assign | ast.AnnAssign, name: str) -> bool:
    """Whether the name stands for another object afterwards."""
    targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
    return any(
        isinstance(each, ast.Name) and each.id == name for target in targets for each in ast.walk(target)
    ) and not any(isinstance(target, ast.Attribute | ast.Subscript) for target in targets)


def _only_says_ready(statement: ast.stmt) -> bool:
    """Whether it is ``answer["ready"] = True``, which says nothing about the value."""
    if not isinstance(statement, ast.Assign) or len(statement.targets) != 1:
        return False
    target = statement.targets[0]
    return (
        isinstance(target, ast.Subscript)
        and isinstance(target.slice, ast.Constant)
        and target.slice.value == "ready"
    )
