"""Strings and marks in lines of code, and a parser with a bound."""

from __future__ import annotations

import ast

import pytest

from harlm.engine.replies.python import Parser, does_something, has_statement, parsed, scan_line, tokens_with
from harlm.scheduler.analysis import LONGEST_CELL

TICKS = tokens_with("`{3,}+")


@pytest.mark.parametrize(
    ("line", "quotes", "after", "mark"),
    [
        ("x = 1\n", "", "", None),
        ("print(x)```\n", "", "", 8),
        ("s = '```'\n", "", "", None),
        ("s = '''\n", "", "'''", None),
        ("```\n", "'''", "'''", None),
        ("a''' ```\n", "'''", "", 5),
        ("x = 1  # ```\n", "", "", None),
        ("don't```\n", "", "", 5),
        ("s = 'a\\\n", "", "'", None),
        ("b' ```\n", "'", "", 3),
        (r's = "\"```"' + "\n", "", "", None),
    ],
)
def test_a_mark_counts_outside_of_strings_and_comments(
    line: str, quotes: str, after: str, mark: int | None
) -> None:
    scan = scan_line(line, 0, len(line), quotes, TICKS)
    assert (scan.quotes, scan.mark and scan.mark.start()) == (after, mark)


def test_a_mark_at_the_end_of_a_comment_is_reported_apart() -> None:
    assert scan_line("x  # done```\n", 0, 13, "", TICKS).comment_mark == 9
    assert scan_line("x  # use ``` here\n", 0, 18, "", TICKS).comment_mark is None


def test_the_parser_reads_a_bounded_number_of_characters() -> None:
    parser = Parser()
    assert parser.tree("x = 1") is not None
    assert parser.tree("x =") is None
    assert parser.tree("a" * (LONGEST_CELL + 1)) is None
    assert parser.may_be_python("(" * (LONGEST_CELL + 1))
    while parser.tree("x = 1\n" * 500) is not None:
        pass
    assert parser.tree("x = 1\n" * 500) is None
    assert parser.may_be_python("not Python " * 300)
    assert parser.may_do_something("not Python " * 300)


@pytest.mark.parametrize("code", ["(" * 5000, "x = '\0'", "a b", "lambda: " * 3000, "'\\d'"])
def test_any_text_can_be_parsed(code: str) -> None:
    tree = parsed(code)
    assert tree is None or isinstance(tree, ast.Module)


@pytest.mark.parametrize(
    ("code", "does", "has"),
    [
        ("print(x)", True, True),
        ("import re", True, True),
        ("x = f(1)", True, True),
        ("x = 1", False, True),
        ("x", False, False),
        ("'words'", False, False),
        ("await f()", True, True),
        ("x += 1", True, True),
        ("a, b", False, False),
    ],
)
def test_code_that_does_something_is_told_from_words(code: str, does: bool, has: bool) -> None:
    tree = parsed(code)
    assert tree is not None
    assert (does_something(tree), has_statement(tree)) == (does, has)
