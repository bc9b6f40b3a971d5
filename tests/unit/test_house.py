"""The house's own laws: tests mirror the source, files and functions can be read in one sitting, wording is plain, names are unique."""

from __future__ import annotations

import ast
from collections import defaultdict
from pathlib import Path

from tests.support.phrases import phrases_in

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src/harlm"
MODULES = sorted(path.relative_to(SOURCE) for path in SOURCE.rglob("*.py") if not path.stem.startswith("__"))
CODE = sorted(
    path.relative_to(ROOT)
    for folder in ("src", "tests", "perf", "tools", "examples")
    for path in (ROOT / folder).rglob("*.py")
    if "abuse/cells" not in str(path)
)
_LONGEST_FILE = 450
_LONGEST_FUNCTION = 60
_TABLES = {"src/harlm/guest/vocabulary.py"}
"""Files that are tables of data."""

_HOLD_THE_PHRASES = ("phrases.py", "test_pages.py")

_SAME_THING = {"Document", "Hit", "HostFunctions"}
"""Classes that are one thing in two rooms, inside the sandbox and outside of it, and say so."""


def test_every_module_has_its_unit_tests() -> None:
    assert not [
        module
        for module in MODULES
        if not (ROOT / "tests/unit" / module.parent / f"test_{module.name}").exists()
    ]


def test_files_and_functions_can_be_read_in_one_sitting() -> None:
    too_long: list[str] = []
    for file in CODE:
        text = (ROOT / file).read_text(encoding="utf-8")
        if text.count("\n") > _LONGEST_FILE and str(file) not in _TABLES:
            too_long.append(str(file))
        too_long += [
            f"{file}:{node.lineno} {node.name}"
            for node in ast.walk(ast.parse(text))
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
            and (node.end_lineno or 0) - node.lineno >= _LONGEST_FUNCTION
        ]
    assert not too_long


def test_wording_is_plain() -> None:
    odd = [
        f"{file}:{found.line} {found.words!r}: write {found.instead}"
        for file in CODE
        if file.name not in _HOLD_THE_PHRASES
        for found in phrases_in((ROOT / file).read_text(encoding="utf-8"))
    ]
    assert not odd


def test_no_two_public_classes_have_one_name() -> None:
    rooms: defaultdict[str, list[Path]] = defaultdict(list)
    for module in MODULES:
        for node in ast.parse((SOURCE / module).read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                rooms[node.name].append(module)
    assert {name for name, where in rooms.items() if len(where) > 1} <= _SAME_THING
