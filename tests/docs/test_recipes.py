"""The recipes of CONTRIBUTING.md are carried out as they stand there, in a copy of the source.

A ``diff`` block names a file in its first line; the lines without a mark and with ``-`` stand there exactly once, one after the other. A ``bash`` block is
run; each of its commands must succeed.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from harlm.testing import ScriptedServer
from tests.support.pages import ROOT, blocks

_COPIED = (
    "src",
    "tests",
    "docs",
    "tools",
    "pyproject.toml",
    "README.md",
    "CONTRIBUTING.md",
    "ARCHITECTURE.md",
    "SECURITY.md",
    ".importlinter",
)
_NAMES = ("Add a model", "Add a strategy", "Add a reader", "Add a task family")


def recipe(name: str) -> str:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    found = re.search(rf"^### {name}\n(.*?)(?=^##)", text, re.MULTILINE | re.DOTALL)
    assert found, name
    return found[1]


def changed(text: str, lines: list[str]) -> str:
    """A text with the change that a ``diff`` block shows."""
    old = "\n".join(line[1:] for line in lines if line[0] in " -")
    new = "\n".join(line[1:] for line in lines if line[0] in " +")
    assert text.count(old) == 1, f"stands there {text.count(old)} times:\n{old}"
    return text.replace(old, new)


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the source, in which the recipes are carried out one after the other."""
    folder = tmp_path_factory.mktemp("clone")
    for each in _COPIED:
        if (ROOT / each).is_dir():
            shutil.copytree(ROOT / each, folder / each, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / each, folder / each)
    return folder


def test_there_is_one_for_each_part_that_is_often_added() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert tuple(re.findall(r"^### (Add .+)$", text, re.MULTILINE)) == _NAMES


@pytest.mark.parametrize("name", _NAMES)
def test_a_recipe_works_as_it_stands(name: str, copy: Path) -> None:
    with ScriptedServer(lambda asked: "It opened in 1883.") as server:
        environment = {
            **os.environ,
            "ACME_BASE_URL": server.base_url,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": os.pathsep.join([str(copy / "src"), str(copy)]),
        }
        for block in blocks(recipe(name)):
            if block.kind == "diff":
                first, *lines = block.body.splitlines()
                file = copy / first.removeprefix("--- ")
                file.write_text(changed(file.read_text(encoding="utf-8"), lines), encoding="utf-8")
            elif block.kind == "bash":
                done = subprocess.run(
                    ["bash", "-euo", "pipefail", "-c", block.body],
                    cwd=copy, env=environment, capture_output=True, text=True, timeout=150, check=False,
                )  # fmt: skip
                assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
