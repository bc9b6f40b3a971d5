"""Links the main part of a program with the functions of the repertoire that it calls."""

from __future__ import annotations

import ast
import inspect
from functools import lru_cache
from typing import NamedTuple

from harlm.models.offline import openings, repertoire
from harlm.syntax import parsed


def linked(main: str) -> str:
    """The whole program: the imports and functions that ``main`` needs, then ``main``."""
    functions = _repertoire()
    needed: set[str] = set()
    waiting = _names_in(parsed(main)) & functions.keys()
    while waiting:
        name = waiting.pop()
        needed.add(name)
        waiting |= (functions[name].names & functions.keys()) - needed
    text = "\n\n\n".join(
        [*(function.source for name, function in functions.items() if name in needed), main.strip()]
    )
    modules = [module for module in ("ast", "json", "math", "re", "warnings") if f"{module}." in text]
    imports = "".join(f"import {module}\n" for module in modules)
    return f"from __future__ import annotations\n\n{imports}\n\n{text}\n"


class _Function(NamedTuple):
    """The source of one function of the repertoire, and the names that it uses."""

    source: str
    names: frozenset[str]


@lru_cache(maxsize=1)
def _repertoire() -> dict[str, _Function]:
    return {
        name: function
        for module in (repertoire, openings)
        for name, function in _functions(inspect.getsource(module)).items()
    }


def _functions(source: str) -> dict[str, _Function]:
    lines = source.splitlines()
    return {
        node.name: _Function("\n".join(lines[node.lineno - 1 : node.end_lineno]), frozenset(_names_in(node)))
        for node in parsed(source).body
        if isinstance(node, ast.FunctionDef)
    }


def _names_in(tree: ast.AST) -> set[str]:
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
