"""Links the main part of a program with the functions of the repertoire that it calls."""

from __future__ import annotations

import ast
import inspect
from functools import lru_cache
from typing import NamedTuple

from harlm.models.offline import openings, repertoire


def linked(main: str) -> str:
    """The whole program: the imports and functions that ``main`` needs, then ``main``."""
    functions = _repertoire()
    needed: set[str] = set()
    waiting = _names_in(ast.parse(main)) & functions.keys()
    while waiting:
        name = waiting.pop()
        needed.add(name)
        waiting |= (functions[name].names & functions.keys()) - needed
    text = "\n\n\n".join(
        [*(function.source for name, function in functions.items() if name in needed), main.strip()]
    )
    modules = [module for module in ("ast", "csv", "json", "re", "warnings") if f"{module}." in text]
    imports = "".join(f"import {module}\n" for module in modules)
    return f"from __future__ import annotations\n\n{imports}\n\n{text}\n"


class _Function(NamedTuple):
    """The source of one function of the repertoire, and the names that it uses."""

    source: str
    names: frozenset[str]


@lru_cache(maxsize=1)
def _repertoire() -> dict[str, _Function]:
    found: dict[str, _Function] = {}
    for module in (repertoire, openings):
        source = inspect.getsource(module)
        lines = source.splitlines()
        for node in ast.parse(source).body:
            if isinstance(node, ast.FunctionDef):
                text = "\n".join(lines[node.lineno - 1 : node.end_lineno])
                found[node.name] = _Function(text, frozenset(_names_in(node)))
    return found


def _names_in(tree: ast.AST) -> set[str]:
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
