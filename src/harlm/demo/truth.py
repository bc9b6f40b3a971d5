"""Facts about the standard library from Python's own ``ast``, to check the demo's answers against. Does
not use HARLM.
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

LEFT_OUT = ("test/", "tests/", "idle_test/", "lib2to3/", "config-*/", "lib-dynload/", "ensurepip/")
"""Folders that not every machine has. The rest is the same text on every machine with the same Python
version.
"""


@dataclass(frozen=True, slots=True)
class FileFacts:
    """Facts about one file.

    Attributes:
        classes: all classes, including nested ones, as (name, bases).
        imported: the imported modules, without relative imports.
        constants: the source of each constant that the module assigns, by name.
        docstring: the first line of the module's docstring.
        docstrings: the docstrings of the module's functions, by name.
    """

    classes: tuple[tuple[str, tuple[str, ...]], ...]
    imported: frozenset[str]
    constants: Mapping[str, str]
    docstring: str
    docstrings: Mapping[str, str]


@lru_cache(maxsize=1)
def facts_of_files(library: Path) -> dict[str, FileFacts]:
    """The facts of every Python file of the library that the demo asks about, by its path in the library."""
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
    pending: list[ast.AST] = list(tree.body)
    while pending:  # statements only, which is several times faster than ast.walk
        node = pending.pop()
        if isinstance(node, ast.ClassDef):
            classes.append((node.name, tuple(ast.unparse(base) for base in node.bases)))
        elif isinstance(node, ast.Import):
            imported |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            imported.add(node.module)
        for block in ("body", "orelse", "finalbody", "handlers", "cases"):
            inner = getattr(node, block, None)
            pending.extend(inner if isinstance(inner, list) else ())
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
