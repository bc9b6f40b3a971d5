"""What Python's own ``ast`` says of the standard library, which the demo's answers are held against. Does not use HARLM."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

LEFT_OUT = ("test/", "tests/", "idle_test/", "lib2to3/", "config-*/", "lib-dynload/", "ensurepip/")
"""Parts that not every machine has; what is left is the same text everywhere for one version of Python."""


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What ``ast`` says of one file.

    Attributes:
        classes: all of them, nested ones included, as (name, bases).
        imported: modules, relative imports left out.
        constants: what is assigned at the top, as source.
        docstring: its first line.
        docstrings: those of the functions at the top.
    """

    classes: tuple[tuple[str, tuple[str, ...]], ...]
    imported: frozenset[str]
    constants: Mapping[str, str]
    docstring: str
    docstrings: Mapping[str, str]


@lru_cache(maxsize=1)
def facts_of_files(library: Path) -> dict[str, FileFacts]:
    """Every Python file of the library that the demo asks about, by its path below it."""
    left_out = {pattern.strip("/*") for pattern in LEFT_OUT} | {
        "site-packages",
        "dist-packages",
        "__pycache__",
    }
    facts = {}
    for path in sorted(library.rglob("*.py")):
        parts = path.relative_to(library).parts
        if any(part.startswith("config-") or part in left_out for part in parts[:-1]):
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                facts["/".join(parts)] = _facts_of(ast.parse(path.read_bytes()))
            except SyntaxError:
                continue
    return facts


def _facts_of(tree: ast.Module) -> FileFacts:
    classes: list[tuple[str, tuple[str, ...]]] = []
    imported: set[str] = set()
    waiting: list[ast.AST] = list(tree.body)
    while waiting:  # statements only, which is several times faster than ast.walk
        node = waiting.pop()
        if isinstance(node, ast.ClassDef):
            classes.append((node.name, tuple(ast.unparse(base) for base in node.bases)))
        elif isinstance(node, ast.Import):
            imported |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            imported.add(node.module)
        for block in ("body", "orelse", "finalbody", "handlers", "cases"):
            inner = getattr(node, block, None)
            waiting.extend(inner if isinstance(inner, list) else ())
    constants = {
        ast.unparse(node.targets[0]): ast.unparse(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
    }
    docstring = (ast.get_docstring(tree) or "").split("\n")[0]
    docstrings = {
        node.name: ast.get_docstring(node) or "" for node in tree.body if isinstance(node, ast.FunctionDef)
    }
    return FileFacts(tuple(classes), frozenset(imported), constants, docstring, docstrings)


def homes_of_class(wanted: str, library: Path) -> list[str]:
    """The files that define a class of this name."""
    return [
        path
        for path, file in facts_of_files(library).items()
        if any(name == wanted for name, _ in file.classes)
    ]
