"""The functions of programs: exact by the structure of a text, compared with ``ast`` and plain counting."""

from __future__ import annotations

import ast
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harlm.guest.tables import NamedText
from harlm.models.offline import repertoire

CODE = '''"""A module.

import hidden_in_a_docstring
class Hidden: ...
"""
import os, json as j
from . import sibling
from ..pkg.mod import (
    thing,
)
import a.b \\
    , c

LIMIT: int = 3
lower = "class Fake:"

class Base(Exception):
    """First paragraph
    in two lines.

    Second.
    """
    async def run(self): ...

@decorated
class Child(Base, pkg.Mixin):
    pass

def outer():
    class Inner(Base): ...
    def inner(): ...
'''


@pytest.fixture
def code() -> NamedText:
    return NamedText("pkg/code.py", CODE)


def names(found: list[tuple[str, repertoire.Item]]) -> list[str]:
    return [name for name, _ in found]


# -- documents ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("pkg/a.py", ["pkg/a.py"]),
        ("a.py", ["pkg/a.py", "other/a.py"]),
        ("pkg.a", ["pkg/a.py"]),
        ("pkg", ["pkg/__init__.py"]),
        ("other", ["other/a.py"]),
        ("notes", ["notes.TXT"]),
        ("NOTES", ["notes.TXT"]),
        ("nothing", []),
    ],
)
def test_a_name_means_a_path_its_end_a_module_a_folder_or_a_file_name(name: str, expected: list[str]) -> None:
    docs = [NamedText(each, "x") for each in ("pkg/__init__.py", "pkg/a.py", "other/a.py", "notes.TXT")]
    assert [doc.name for doc in repertoire.named(docs, name)] == expected


def test_code_that_is_not_valid_has_no_syntax_tree() -> None:
    assert repertoire.parsed(NamedText("a.py", "def (:")) is None
    assert repertoire.parsed(NamedText("a.py", "x\0")) is None
    assert repertoire.parsed(NamedText("a.txt", "x = 1")) is None
    assert repertoire.parsed(NamedText("a.pyi", "x = 1")) is not None


@given(st.lists(st.text(alphabet=" ab\t", max_size=4), min_size=1, max_size=6), st.data())
def test_the_text_of_a_line_is_that_of_split(lines: list[str], data: st.DataObject) -> None:
    number = data.draw(st.integers(1, len(lines)))
    doc = NamedText("a.txt", "\n".join(lines))
    assert repertoire.line_text(doc, number) == lines[number - 1].strip()


# -- code --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("class", ["Base", "Child", "Inner"]),
        ("function", ["outer", "inner"]),
        ("method", ["run"]),
        ("constant", ["LIMIT"]),
    ],
)
def test_definitions_of_python_are_found_outside_strings(
    code: NamedText, kind: str, expected: list[str]
) -> None:
    found = repertoire.definitions(code, kind)
    assert names(found) == expected
    lines = CODE.split("\n")
    assert all(text == lines[line - 1].strip() for _, (_, line, text) in found)


def test_classes_by_keyword_are_those_of_the_syntax_tree(code: NamedText) -> None:
    tree = {node.name for node in ast.walk(ast.parse(CODE)) if isinstance(node, ast.ClassDef)}
    assert set(names(repertoire.definitions(code, "class"))) == tree


@pytest.mark.parametrize(
    ("name", "text", "kind", "expected"),
    [
        ("a.js", "export class A {}\n  async function f() {}\nconst B = 1\n// class C", "class", ["A"]),
        ("a.js", "export class A {}\n  async function f() {}\n", "function", ["f"]),
        ("a.go", "func F() {}\ntype T struct {}\n", "function", ["F"]),
        ("a.rs", "pub struct S;\npub fn f() {}\n", "class", ["S"]),
        ("a.c", "#define MAX 3\n", "constant", ["MAX"]),
    ],
)
def test_definitions_of_other_languages_begin_with_a_keyword(
    name: str, text: str, kind: str, expected: list[str]
) -> None:
    assert names(repertoire.definitions(NamedText(name, text), kind)) == expected


def test_imports_of_python_are_found_outside_strings_and_over_several_lines(code: NamedText) -> None:
    assert names(repertoire.imports(code)) == ["os", "json", ".", "..pkg.mod", "a.b", "c"]


@pytest.mark.parametrize(
    ("name", "line", "module"),
    [
        ("a.js", 'import "left-pad"', "left-pad"),
        ("a.c", "#include <stdio.h>", "stdio.h"),
        ("a.rs", "use std::fs;", "std::fs"),
    ],
)
def test_imports_of_other_languages(name: str, line: str, module: str) -> None:
    assert names(repertoire.imports(NamedText(name, line))) == [module]


def test_a_module_is_imported_where_a_part_of_it_is_and_once_for_each_document(code: NamedText) -> None:
    other = NamedText("b.py", "import a.b.c\nimport a.b\n")
    unrelated = NamedText("c.py", "# import a\nx = 'import a'\nimport ab\n")
    assert [item[0].name for item in repertoire.importing([code, other, unrelated], "a")] == [
        "pkg/code.py",
        "b.py",
    ]
    assert [item[0].name for item in repertoire.importing([code, other], "a.b.c")] == ["b.py"]


def test_definitions_come_outermost_first_and_tests_last() -> None:
    docs = [
        NamedText("tests/test_x.py", "class X: ...\n"),
        NamedText("deep/er/x.py", "class X: ...\n"),
        NamedText("x.py", "def f():\n    class X: ...\nclass X: ...\n"),
    ]
    found = repertoire.defining(docs, "class", "X")
    assert [(doc.name, line) for doc, line, _ in found] == [
        ("x.py", 3), ("deep/er/x.py", 1), ("x.py", 2), ("tests/test_x.py", 1)
    ]  # fmt: skip


@given(
    st.lists(
        st.sampled_from(["class X", "x = X", "X = 1", "def X", "# X", "XY = 2", "'class X'"]), max_size=5
    )
)
def test_the_quick_check_never_excludes_a_definition(lines: list[str]) -> None:
    text = "\n".join(f"{line}: ..." if line.startswith("class") else line for line in lines)
    text = text.replace("def X", "def X(): ...")
    doc = NamedText("a.py", text)
    for kind in ("class", "function", "constant", "name"):
        found = [item for name, item in repertoire.definitions(doc, kind) if name == "X"]
        assert not found or repertoire.may_define(doc, kind, "X")


def test_values_in_code_and_in_settings_are_found_without_their_comments() -> None:
    docs = [
        NamedText("tests/a.py", "RETRIES = 9\n"),
        NamedText("a.py", "def f():\n    RETRIES = 7\nRETRIES: int = 5  # times\nRETRIES == 4\n"),
        NamedText("a.yaml", "RETRIES: 3\nRETRIES_MAX: 8\n"),
        NamedText("a.h", "#define RETRIES 2 // times\n"),
        NamedText("a.js", "const RETRIES = 1;\n"),
    ]
    assert [value for value, _ in repertoire.assigned(docs, "RETRIES")] == ["5", "3", "2", "1", "7", "9"]


def test_a_description_is_the_first_paragraph_of_a_docstring(code: NamedText) -> None:
    assert names(repertoire.described([code], "Base")) == ["First paragraph in two lines."]
    assert names(repertoire.described([code], "code.Base")) == ["First paragraph in two lines."]
    assert names(repertoire.described([code], "code")) == ["A module."]
    assert repertoire.described([code], "Child") == []


def test_bases_and_subclasses_are_read_from_the_syntax_tree(code: NamedText) -> None:
    assert names(repertoire.bases([code], "Child")) == ["Base", "pkg.Mixin"]
    assert repertoire.bases([code], "Nothing") == []
    assert names(repertoire.inheriting([code], "Base")) == ["Child", "Inner"]
    assert names(repertoire.inheriting([code], "Mixin")) == ["Child"]


# -- lines -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "whole_word", "lines"),
    [("error", False, [1, 2, 3]), ("error", True, [1, 2]), ("Error", False, [2]), ("a.b", False, [4])],
)
def test_lines_with_a_text_where_only_upper_case_counts(
    text: str, whole_word: bool, lines: list[int]
) -> None:
    doc = NamedText("a.txt", "an error\nError one\nERRORS\na.b\naxb")
    assert [line for _, line, _ in repertoire.lines_with([doc], text, whole_word)] == lines


@given(st.lists(st.sampled_from(["cat", "Cat", "cats", "concat", " ", ".", "\n"]), max_size=12))
def test_occurrences_are_those_of_a_whole_word(parts: list[str]) -> None:
    doc = NamedText("a.txt", "".join(parts))
    words = re.findall(r"\w+", doc)
    assert repertoire.occurrences([doc], "cat") == sum(word.lower() == "cat" for word in words)
    assert repertoire.occurrences([doc], "Cat") == words.count("Cat")


# -- what is shown -----------------------------------------------------------------------------------------


def test_a_citation_quotes_at_most_200_characters() -> None:
    doc = NamedText("a.txt", "x")
    assert repertoire.cited((doc, 3, 'say "é"')) == '[a.txt:3 "say \\"é\\""]'
    assert repertoire.cited((doc, 1, "x" * 300)) == f'[a.txt:1 "{"x" * 200}"]'


def test_a_list_says_how_many_items_are_not_shown() -> None:
    doc = NamedText("a.txt", "x")
    items = [(doc, line, f"line {line}") for line in range(1, 6)]
    assert repertoire.shown(items, 2).split("\n") == [
        '- line 1 [a.txt:1 "line 1"]', '- line 2 [a.txt:2 "line 2"]', "- and 3 more"
    ]  # fmt: skip
    assert "more" not in repertoire.shown(items, 5)


@given(st.text(alphabet="ab \n", max_size=30))
def test_sizes_are_those_of_plain_counting(text: str) -> None:
    doc = NamedText("a.txt", text)
    assert repertoire.size_of(doc, "characters") == len(text)
    assert repertoire.size_of(doc, "words") == len(text.split())
    assert repertoire.size_of(doc, "lines") == len(text.removesuffix("\n").split("\n"))


@given(st.lists(st.sampled_from(["class A: ...", "x = 'class'", "# class", "def f(): ..."]), max_size=6))
def test_the_upper_bound_of_a_size_is_never_below_it(lines: list[str]) -> None:
    doc = NamedText("a.py", "\n".join(lines))
    for measure in ("class", "function", "method", "lines"):
        assert repertoire.size_limit(doc, measure) >= repertoire.size_of(doc, measure)


def test_lead_sentences_hold_frequent_words_and_keep_their_order() -> None:
    text = (
        "When rain falls, this river floods that valley often.\n"
        "Nothing mentioned here matters particularly much. Short one.\n"
        "So this valley needs that river when rain falls."
    )
    doc = NamedText("a.txt", text)
    assert [line for _, line, _ in repertoire.lead_sentences(doc, 2)] == [1, 3]
    assert [sentence for _, _, sentence in repertoire.lead_sentences(doc, 9)] == [
        "When rain falls, this river floods that valley often.",
        "Nothing mentioned here matters particularly much.",
        "So this valley needs that river when rain falls.",
    ]
