"""What Python code says of itself, by ``ast``: functions with their defaults, errors and calls, and classes with their
bases. The truth of the questions about code. No I/O.
"""

from __future__ import annotations

import ast
import builtins
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from harlm import syntax

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef

ERRORS: tuple[str, ...] = (
    "ArithmeticError",
    "AssertionError",
    "AttributeError",
    "BufferError",
    "EOFError",
    "ImportError",
    "IndexError",
    "KeyError",
    "LookupError",
    "NotImplementedError",
    "OSError",
    "OverflowError",
    "ReferenceError",
    "RuntimeError",
    "TypeError",
    "ValueError",
)
"""Errors that take any arguments, so that one can stand for another."""

assert all(hasattr(builtins, each) for each in ERRORS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A call of something by its name, without what the name belongs to."""

    name: str
    node: ast.Name | ast.Attribute


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionFacts:
    """What one function says, with what it holds inside. Decorators are not part of it.

    Attributes:
        name: with its class, such as ``Parser.feed``.
        node: where it stands.
        calls: what it calls, in the order of the text.
        raise_nodes: its ``raise`` statements, in the order of the text.
    """

    name: str
    node: FunctionNode
    calls: tuple[Call, ...]
    raise_nodes: tuple[ast.Raise, ...]

    @property
    def defaults(self) -> dict[str, str]:
        """The default values that are constants, as Python writes them, by the name of the parameter."""
        return {each: ast.unparse(value) for each, value in defaults_of(self.node)}

    @property
    def raises(self) -> tuple[str, ...]:
        """The name of the error of each ``raise``; empty for a bare one or an unusual one."""
        errors = map(error_of, self.raise_nodes)
        return tuple(error.id if error else "" for error in errors)

    @property
    def called(self) -> tuple[str, ...]:
        """The names that it calls, each once."""
        return tuple(dict.fromkeys(each.name for each in self.calls))


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassFacts:
    """What the head of a class says, with the names of its methods."""

    name: str
    node: ast.ClassDef
    bases: tuple[str, ...]
    methods: tuple[str, ...]


def parsed(text: str) -> ast.Module | None:
    """The tree of a source; ``None`` if it is no Python of this version."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # old escapes in the library are no matter of ours
        try:
            return syntax.parsed(text)
        except (SyntaxError, ValueError):
            return None


def functions_of(tree: ast.Module) -> list[FunctionFacts]:
    """The functions of a module and the methods of its classes, in order; those that are defined once."""
    named = [(f"{owner}.{node.name}" if owner else node.name, node) for owner, node in function_nodes(tree)]
    times = Counter(name for name, _ in named)
    return [_facts_of(name, node) for name, node in named if times[name] == 1]


def calls_in(parts: Iterable[ast.AST]) -> tuple[Call, ...]:
    """What is called anywhere in some parts of a tree."""
    return tuple(each for each in map(_call, _nodes_of(parts)) if each)


def classes_of(tree: ast.Module) -> list[ClassFacts]:
    """The classes at the top of a module, in order."""
    return [
        ClassFacts(
            name=node.name,
            node=node,
            bases=tuple(ast.unparse(each) for each in node.bases),
            methods=tuple(each.name for each in node.body if isinstance(each, FunctionNode)),
        )
        for node in tree.body
        if isinstance(node, ast.ClassDef)
    ]


def defaults_of(node: FunctionNode) -> Iterator[tuple[str, ast.Constant]]:
    """The parameters with a constant default, each with the constant."""
    arguments = node.args
    named = [*arguments.posonlyargs, *arguments.args]
    pairs: list[tuple[ast.arg, ast.expr | None]] = []
    if arguments.defaults:
        pairs += zip(named[-len(arguments.defaults) :], arguments.defaults, strict=True)
    pairs += zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
    for each, value in pairs:
        if isinstance(value, ast.Constant):
            yield each.arg, value


def error_of(node: ast.Raise) -> ast.Name | None:
    """The name of the error that is raised, if it is a plain one."""
    error = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
    return error if isinstance(error, ast.Name) else None


def function_nodes(tree: ast.Module) -> Iterator[tuple[str, FunctionNode]]:
    """The functions at the top of a module, and the methods of its classes with the names of these."""
    for node in tree.body:
        if isinstance(node, FunctionNode):
            yield "", node
        elif isinstance(node, ast.ClassDef):
            for each in node.body:
                if isinstance(each, FunctionNode):
                    yield node.name, each


def _facts_of(name: str, node: FunctionNode) -> FunctionFacts:
    nodes = _nodes_of((*node.body, node.args))
    calls = (each for each in map(_call, nodes) if each)
    raises = (each for each in nodes if isinstance(each, ast.Raise))
    return FunctionFacts(
        name=name,
        node=node,
        calls=tuple(sorted(calls, key=lambda each: _end(each.node))),
        raise_nodes=tuple(sorted(raises, key=_end)),
    )


def _call(node: ast.AST) -> Call | None:
    if not isinstance(node, ast.Call):
        return None
    if isinstance(node.func, ast.Name):
        return Call(name=node.func.id, node=node.func)
    return Call(name=node.func.attr, node=node.func) if isinstance(node.func, ast.Attribute) else None


def _end(node: ast.expr | ast.stmt) -> tuple[int, int]:
    return node.end_lineno or 0, node.end_col_offset or 0


def _nodes_of(parts: Iterable[ast.AST]) -> list[ast.AST]:
    """All nodes, in no order. ``ast.walk`` takes twice the time, and most of the time of a window goes here."""
    found = list(parts)
    for node in found:
        for name in node._fields:
            value = getattr(node, name, None)
            if isinstance(value, list):
                found += [each for each in value if isinstance(each, ast.AST)]
            elif isinstance(value, ast.AST) and name != "ctx":
                found.append(value)
    return found
