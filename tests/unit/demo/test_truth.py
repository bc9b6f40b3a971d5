"""Facts about Python files from their syntax trees."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from harlm.demo.truth import facts_of_files, homes_of_class


@pytest.fixture(autouse=True)
def fresh_cache() -> Iterator[None]:
    facts_of_files.cache_clear()
    yield
    facts_of_files.cache_clear()


def write(folder: Path, name: str, code: str) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(code, encoding="utf-8")


def test_nested_classes_are_found_with_their_bases(tmp_path: Path) -> None:
    write(
        tmp_path,
        "a.py",
        "class A(x.B):\n    class C: pass\nif 1:\n    try:\n        pass\n    except E:\n        class D: ...",
    )
    classes = facts_of_files(tmp_path)["a.py"].classes
    assert sorted(classes) == [("A", ("x.B",)), ("C", ()), ("D", ())]


def test_relative_imports_are_left_out(tmp_path: Path) -> None:
    write(
        tmp_path,
        "a.py",
        "import os.path, re as r\nfrom json import loads\nfrom . import b\ndef f():\n    import ast",
    )
    assert facts_of_files(tmp_path)["a.py"].imported == {"os.path", "re", "json", "ast"}


def test_constants_and_docstrings_are_those_of_the_module(tmp_path: Path) -> None:
    code = (
        '"""First line.\n\nMore."""\nLIMIT = 65536\nNAMES = [1]\ndef f():\n    """Does f."""\n    INNER = 1\n'
    )
    write(tmp_path, "a.py", code)
    facts = facts_of_files(tmp_path)["a.py"]
    assert facts.constants == {"LIMIT": "65536"}
    assert (facts.docstring, facts.docstrings) == ("First line.", {"f": "Does f."})


def test_left_out_folders_and_files_that_are_not_python_are_skipped(tmp_path: Path) -> None:
    for name in ("test/a.py", "pkg/idle_test/a.py", "config-3.11/a.py", "site-packages/a.py", "pkg/ok.py"):
        write(tmp_path, name, "class A: ...")
    write(tmp_path, "broken.py", "def (")
    assert list(facts_of_files(tmp_path)) == ["pkg/ok.py"]


def test_a_class_is_found_in_every_file_that_defines_it(tmp_path: Path) -> None:
    write(tmp_path, "a.py", "class Same: ...")
    write(tmp_path, "b/c.py", "class Same: ...\nclass Other: ...")
    assert homes_of_class("Same", tmp_path) == ["a.py", "b/c.py"]
    assert homes_of_class("Missing", tmp_path) == []
