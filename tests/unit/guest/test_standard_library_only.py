"""The law that lets the guest run without site-packages: it imports the standard library and itself only."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

from harlm import guest

FOLDER = Path(guest.__file__).parent


@pytest.mark.parametrize("file", sorted(FOLDER.rglob("*.py")), ids=lambda file: str(file.relative_to(FOLDER)))
def test_every_import_is_of_the_standard_library_or_of_the_guest_itself(file: Path) -> None:
    depth = len(file.relative_to(FOLDER).parts)
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            assert {alias.name.partition(".")[0] for alias in node.names} <= sys.stdlib_module_names
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            assert (node.module or "").partition(".")[0] in sys.stdlib_module_names
        elif isinstance(node, ast.ImportFrom):
            assert node.level <= depth, f"line {node.lineno} leaves the guest"
