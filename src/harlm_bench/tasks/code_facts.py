"""What Python code says of itself, by ``ast``: functions with their defaults, errors and calls, and classes with their
bases. The truth of the questions about code. No I/O.
"""

from __future__ import annotations

import ast
import builtins
import warnings
from collections.abc import Iterator
from dataclasses import dataclass

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
class FunctionFacts:
    """What one function says.

    Attributes:
        name: with its class, such as ``Parser.feed``.
        node: where it stands.
        defaults: the default values that are constants, as Python writes them, by the name of the parameter.
        raises: the name of the error of each ``raise``, in order; empty for a bare one or an unusual one.
        calls: the names that it calls, without what they belong to; each once, in order.
    """

    name: str
    node: FunctionNode
    defaults: dict[str, str]
    raises: tuple[str, ...]
    calls: tuple[str, ...]


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
            return ast.parse(text)
        except (SyntaxError, ValueError):
            return None


def functions_of(tree: ast.Module) -> list[FunctionFacts]:
    """The functions of a module and the methods of its classes, in order; each name once, the last definition counts
    for none.
    """
    found: dict[str, FunctionFacts] = {}
    twice = set()
    for owner, node in function_nodes(tree):
        name = f"{owner}.{node.name}" if owner else node.name
        if name in found:
            twice.add(name)
        found[name] = FunctionFacts(
            name=name,
            node=node,
            defaults={each: ast.unparse(value) for each, value in defaults_of(node)},
            raises=tuple(_error_name(each) for each in raises_of(node)),
            calls=tuple(dict.fromkeys(called for called, _ in calls_of(node))),
        )
    return [each for name, each in found.items() if name not in twice]


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


def raises_of(node: FunctionNode) -> list[ast.Raise]:
    """All ``raise`` statements in a function, those of functions inside it too."""
    return [each for each in ast.walk(node) if isinstance(each, ast.Raise)]


def calls_of(node: FunctionNode) -> Iterator[tuple[str, ast.expr]]:
    """The names that a function calls, each with the expression of the name. Decorators are not part of a function."""
    for part in (*node.body, node.args):
        for each in ast.walk(part):
            if isinstance(each, ast.Call):
                if isinstance(each.func, ast.Name):
                    yield each.func.id, each.func
                elif isinstance(each.func, ast.Attribute):
                    yield each.func.attr, each.func


def error_of(node: ast.Raise) -> ast.Name | None:
    """The name of the error that is raised, if it is a plain one."""
    error = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
    return error if isinstance(error, ast.Name) else None


def _error_name(node: ast.Raise) -> str:
    error = error_of(node)
    return error.id if error else ""


def function_nodes(tree: ast.Module) -> Iterator[tuple[str, FunctionNode]]:
    """The functions at the top of a module, and the methods of its classes with the names of these."""
    for node in tree.body:
        if isinstance(node, FunctionNode):
            yield "", node
        elif isinstance(node, ast.ClassDef):
            for each in node.body:
                if isinstance(each, FunctionNode):
                    yield node.name, each
