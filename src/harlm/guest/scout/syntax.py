"""Finds out by its text alone what a piece of code reads, binds, changes and may leave. Runs no code. Answers
err on the safe side, and are computed once for each node.
"""

from __future__ import annotations

import ast
import types
from abc import ABCMeta
from collections.abc import Callable, Mapping
from functools import partial
from typing import Literal, NamedTuple, TypeVar

from ..vocabulary import FINISHING, MODEL_CALLS

DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)
"""Statements that define names and make no call by themselves."""

Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
"""The syntax of a function."""

Exit = Literal["return", "break", "continue", "raise", "finish", "yield"]
"""A way to leave a block before its end."""

CHANGING = frozenset(
    "append add extend insert update setdefault appendleft extendleft pop popleft popitem remove clear sort reverse discard "
    "subtract rotate put write writelines difference_update intersection_update symmetric_difference_update move_to_end "
    "__setitem__ __delitem__".split()
)
"""The methods of Python's containers and files that change the object they are called on."""

_LOOPS = ast.For | ast.While | ast.AsyncFor
_INNER = (
    ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef
)  # what has declarations of its own
_SCOPES = (
    ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef | ast.ListComp | ast.SetComp | ast.DictComp
    | ast.GeneratorExp
)  # fmt: skip


class Facts(NamedTuple):
    """What is known about a node.

    Attributes:
        names: all names and attributes in it.
        bound: the names that it binds in the scope that it is in.
        changed: the names of objects that it may change in place.
        exits: the ways in which it may be left before its end.
    """

    names: frozenset[str]
    bound: frozenset[str]
    changed: frozenset[str]
    exits: frozenset[Exit]


_NOTHING = Facts(frozenset(), frozenset(), frozenset(), frozenset())


T = TypeVar("T")


def once(node: ast.AST, name: str, make: Callable[[], T]) -> T:
    """The result of ``make``, computed once for each node and kept in its attribute ``name``."""
    known: dict[str, T] = vars(node)
    if name not in known:
        known[name] = make()
    return known[name]


def facts(node: ast.AST) -> Facts:
    """What is known about ``node``."""
    return once(node, "harlm_facts", lambda: _facts(node))


def of_all(nodes: list[ast.stmt]) -> Facts:
    """What is known about several statements together."""
    return _together([facts(node) for node in nodes])


def _together(parts: list[Facts]) -> Facts:
    if len(parts) == 1:
        return parts[0]
    if not parts:
        return _NOTHING
    return Facts(
        frozenset().union(*(part.names for part in parts)),
        frozenset().union(*(part.bound for part in parts)),
        frozenset().union(*(part.changed for part in parts)),
        frozenset().union(*(part.exits for part in parts)),
    )


def _facts(node: ast.AST) -> Facts:
    inner = _together([facts(child) for child in ast.iter_child_nodes(node)])
    names, bound, changed, exits = inner
    names |= _own_names(node)
    changed |= _own_changes(node)
    exits |= _own_exits(node)
    if isinstance(node, _SCOPES):
        return Facts(names, _bound_by(node), changed, exits if _is_comprehension(node) else frozenset())
    if isinstance(node, _LOOPS):
        inside = of_all(node.body).exits - {"break", "continue"}
        exits = inside | of_all(node.orelse).exits
        return Facts(names, bound, changed, exits)
    return Facts(names, bound | _own_bindings(node), changed, exits)


def _own_names(node: ast.AST) -> frozenset[str]:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return frozenset({name})
    return frozenset()


def _own_bindings(node: ast.AST) -> frozenset[str]:
    match node:
        case ast.Name(id=name, ctx=ast.Store() | ast.Del()) | ast.ExceptHandler(name=str(name)):
            return frozenset({name})
        case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
            return frozenset(alias.asname or alias.name.partition(".")[0] for alias in aliases)
        case ast.Match():
            return _captured(node)
    return frozenset()


def _own_changes(node: ast.AST) -> frozenset[str]:
    match node:
        case ast.Attribute(ctx=ast.Store() | ast.Del()) | ast.Subscript(ctx=ast.Store() | ast.Del()):
            return root(node)
        case ast.AugAssign(target=target):
            return root(target)
        case ast.Call(func=ast.Attribute(value=value, attr=attribute)) if attribute in CHANGING:
            return root(value)
    return frozenset()


_ENDING = frozenset({*FINISHING, "exit", "quit"})
_EXITS: dict[type[ast.AST], Exit] = {
    ast.Return: "return", ast.Break: "break", ast.Continue: "continue", ast.Raise: "raise", ast.Assert: "raise",
    ast.Yield: "yield", ast.YieldFrom: "yield",
}  # fmt: skip


def _own_exits(node: ast.AST) -> frozenset[Exit]:
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _ENDING:
        return frozenset({"finish"})
    kind = _EXITS.get(type(node))
    return frozenset() if kind is None else frozenset({kind})


def _is_comprehension(node: ast.AST) -> bool:
    return isinstance(node, ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp)


def _bound_by(scope: ast.AST) -> frozenset[str]:
    """The names that a scope binds outside itself: its own name, and those assigned with ``:=`` in a
    comprehension.
    """
    if isinstance(scope, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return frozenset({scope.name})
    if _is_comprehension(scope):
        return frozenset(each.target.id for each in ast.walk(scope) if isinstance(each, ast.NamedExpr))
    return frozenset()


def _captured(node: ast.Match) -> frozenset[str]:
    return frozenset(
        each.name
        for each in ast.walk(node)
        if isinstance(each, ast.MatchAs | ast.MatchStar) and each.name is not None
    )


def declared(function: ast.AST) -> tuple[frozenset[str], frozenset[str]]:
    """The names that a function itself declares ``nonlocal``, and those that it declares ``global``."""

    def found() -> tuple[frozenset[str], frozenset[str]]:
        nodes, waiting = [], [function]
        while waiting:
            inside = [each for each in ast.iter_child_nodes(waiting.pop()) if not isinstance(each, _INNER)]
            nodes += inside
            waiting += inside
        return (
            frozenset(name for node in nodes if isinstance(node, ast.Nonlocal) for name in node.names),
            frozenset(name for node in nodes if isinstance(node, ast.Global) for name in node.names),
        )

    return once(function, "harlm_declared", found)


def root(node: ast.expr) -> frozenset[str]:
    """The name that an expression such as ``a.b[c].d()`` begins with; empty if it does not begin with one."""
    while isinstance(node, ast.Subscript | ast.Attribute | ast.Call | ast.Starred):
        node = node.func if isinstance(node, ast.Call) else node.value
    return frozenset({node.id}) if isinstance(node, ast.Name) else frozenset()


def breaks(loop: ast.For | ast.While) -> bool:
    """Whether the loop has a ``break`` of its own."""
    return "break" in of_all(loop.body).exits


def may_end_by_result(loop: ast.For) -> bool:
    """Whether something inside a round may end the loop."""
    return bool(of_all(loop.body).exits & {"break", "return", "finish"})


def continues(loop: ast.For | ast.While) -> bool:
    """Whether the loop has a ``continue`` of its own."""
    return "continue" in of_all(loop.body).exits


def callers_among(names: Mapping[str, object]) -> frozenset[str]:
    """The names among a REPL's variables that lead to a call of a model: the tools, and functions and classes
    whose code uses one of these names.
    """
    found = {*MODEL_CALLS, *(name for name, value in list(names.items()) if _is_pure_tool(value))}
    tools = [names[name] for name in found if name in names]
    for name, value in list(names.items()):
        called = value.func if type(value) is partial else value
        if any(called is tool for tool in tools):  # a tool under another name
            found.add(name)
    codes = [pair for name, value in list(names.items()) for pair in _codes(name, value)]
    while more := {name for name, used in codes if name not in found and used & found}:
        found |= more
    return frozenset(found)


def _is_pure_tool(value: object) -> bool:
    """Whether a value is a tool of the user's that may be called early (``worker.tools``)."""
    shape = vars(value).get("harlm_tool") if type(value) is types.FunctionType else None
    return isinstance(shape, dict) and bool(shape["is_pure"])


def _codes(name: str, value: object) -> list[tuple[str, set[str]]]:
    """Names that can be called, each with the names in its code: a function, or the methods of a class.
    Methods that run when the class or its instance is called count for the class.
    """
    if type(value) is types.FunctionType:
        return [(name, _code_names(value.__code__))]
    # Looking up attributes of other objects, or of classes with another metaclass, may run their code.
    if (type(value) is type or type(value) is ABCMeta) and value.__module__ == "__main__":
        methods = [pair for each, method in vars(value).items() for pair in _codes(each, method)]
        return [(name if each in ("__init__", "__call__") else each, used) for each, used in methods]
    return []


def _code_names(code: types.CodeType) -> set[str]:
    found = set(code.co_names)
    for constant in code.co_consts:
        if type(constant) is types.CodeType:
            found |= _code_names(constant)
    return found


def callers(trees: list[ast.Module], known: frozenset[str] = MODEL_CALLS) -> frozenset[str]:
    """The names in the text of cells that lead to a call of a model: those that are known, functions and
    methods whose text uses one of these, and variables that hold such a function.
    """
    return closed_over([each for tree in trees for each in definitions_in(tree)], known)


Definition = tuple[frozenset[str], frozenset[str]]
"""Names that are given to something that can be called, and the names that its text uses."""


def definitions_in(tree: ast.AST) -> list[Definition]:
    """The definitions of what can be called, anywhere in a tree."""
    found = ((named_after(node), node) for node in ast.walk(tree))
    return [(names, facts(node).names) for names, node in found if names]


def closed_over(definitions: list[Definition], known: frozenset[str]) -> frozenset[str]:
    """The names that lead to a call of a model: those that are known, and what is defined by them."""
    found = set(known)
    while True:
        more = {name for names, used in definitions if used & found for name in names - found}
        if not more:
            return frozenset(found)
        found |= more


def named_after(node: ast.AST) -> frozenset[str]:
    """The names that a node gives to something that can be called."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return frozenset({node.name})
    if isinstance(node, ast.ClassDef):
        calls_at_birth = any(
            isinstance(each, ast.FunctionDef) and each.name in ("__init__", "__call__") for each in node.body
        )
        return frozenset({node.name}) if calls_at_birth else frozenset()
    if isinstance(node, ast.Assign) and _is_callable_maker(node.value):
        return frozenset(target.id for target in node.targets if isinstance(target, ast.Name))
    return frozenset()


def _is_callable_maker(value: ast.expr) -> bool:
    """Whether a value may be a function: ``lambda …``, ``llm_query``, ``partial(llm_query, …)``."""
    if isinstance(value, ast.Lambda | ast.Name):
        return True
    return isinstance(value, ast.Call) and root(value.func) & {"partial", "functools"} != frozenset()
