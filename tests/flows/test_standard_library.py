"""Questions over real text: the standard library of the running Python."""

from __future__ import annotations

import ast
import json
import re
import sysconfig
import warnings
from pathlib import Path

from harlm.config import ContextSettings
from harlm.context import load
from harlm.guest.tables import NamedText
from harlm.models.offline.repertoire import definitions, imports, parsed
from tests.support.cli import harlm


def test_the_module_that_defines_fraction_is_found_and_cited() -> None:
    ran = harlm(
        "ask", "Which module defines the class Fraction?", sysconfig.get_path("stdlib"), "--format", "json"
    )
    assert ran.code == 0, ran.err
    answer = json.loads(ran.out)
    assert answer["answer"].startswith("fractions.py")
    assert answer["citations"][0]["source"] == "fractions.py"
    assert answer["citations"][0]["quote"].startswith("class Fraction")


def test_the_demo_agrees_with_ast() -> None:
    ran = harlm("demo", timeout=110)
    assert ran.code == 0, ran.out + ran.err
    assert "10 of 10 answers agree with Python's own modules." in ran.out
    assert "DIFFERS" not in ran.out
    assert "sub-calls down to depth 2" in ran.out
    tiers = dict(
        re.findall(r"^ +(?:memory: +tier.*\n)?(hot|warm|cold|missed) +(\d+) ", ran.out, re.MULTILINE)
    )
    assert sorted(tiers) == ["cold", "hot", "missed", "warm"]
    assert all(int(served) > 0 for served in tiers.values()), tiers


def test_imports_and_classes_are_those_of_the_syntax_tree() -> None:
    """The programs of the offline model find them without a syntax tree; the test parses every file for
    comparison.
    """
    loading = ContextSettings(exclude=("test/", "tests/", "idle_test/", "lib2to3/"))
    checked = 0
    for document in load(Path(sysconfig.get_path("stdlib")), loading).documents:
        text = NamedText(document.name, document.text)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = parsed(text)
        if tree is None:
            continue
        nodes = list(ast.walk(tree))
        modules = [
            (node.lineno, alias.name)
            for node in nodes
            if isinstance(node, ast.Import)
            for alias in node.names
        ]
        modules += [
            (node.lineno, "." * node.level + (node.module or ""))
            for node in nodes
            if isinstance(node, ast.ImportFrom)
        ]
        classes = [(node.lineno, node.name) for node in nodes if isinstance(node, ast.ClassDef)]
        assert sorted((item[1], name) for name, item in imports(text)) == sorted(modules), document.name
        assert sorted((item[1], name) for name, item in definitions(text, "class")) == sorted(classes), (
            document.name
        )
        checked += 1
    assert checked > 400
