"""The open tail of a cell is made whole as far as it goes."""

from __future__ import annotations

import ast
import warnings

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harlm.guest.scout.tail import Repaired, repaired
from tests.support.programs import Program

CELL = '''\
import re
rows = [
    "a",  # the first (
    'b\\'s [',
]
prompt = f"""Rows: {rows[0]!r} {'x' * 3}
("""
for row in rows:
    if row:
        print(llm_query(prompt + row, model=None))
    else:
        pass
text = 'one \\
two'
try:
    x = {"k": (1, 2)}
except ValueError:
    x = rb"\\)" or br'"""'
print(x)
'''
PROGRAMS = st.integers(0, 2_000).map(lambda seed: Program(seed).code) | st.just(CELL)


def dumped(body: object) -> list[str]:
    return [ast.dump(each) for each in body]  # type: ignore[attr-defined] # statements


@given(PROGRAMS, st.floats(0, 1))
def test_any_beginning_of_a_program_gives_statements(program: str, share: float) -> None:
    told = repaired(program[: int(share * len(program))])
    again = ast.unparse(ast.Module(list(told.body), []))
    assert dumped(ast.parse(again).body) == dumped(ast.parse(ast.unparse(ast.parse(again))).body)
    assert program.startswith(told.text)


@given(PROGRAMS, st.data())
def test_after_a_whole_statement_they_are_exactly_its_statements(program: str, data: st.DataObject) -> None:
    body = ast.parse(program).body
    ends = [
        before.end_lineno or 0
        for before, after in zip(body, [*body[1:], None], strict=True)
        if after is None or after.lineno > (before.end_lineno or 0)
    ]
    lines = program.splitlines(keepends=True)
    beginning = "".join(lines[: data.draw(st.sampled_from(ends))])
    told = repaired(beginning)
    assert dumped(told.body) == dumped(ast.parse(beginning).body)
    assert told.is_even
    assert told.text == beginning
    assert not any(
        told.is_open(each) for part in told.body for each in ast.walk(part) if isinstance(each, ast.expr)
    )


@given(st.text("()[]{}'\"\\\n \t#:,=fr01ax", max_size=60) | st.text(max_size=40))
def test_nothing_that_arrives_raises(text: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SyntaxWarning)
        warnings.simplefilter("ignore", DeprecationWarning)
        told = repaired(text)
    assert text.startswith(told.text)
    assert bool(told.body) <= bool(told.text)


@pytest.mark.parametrize(
    ("tail", "code"),
    [
        ("", ""),
        ("x = f(", ""),
        ("x = 1", ""),
        ("x = 1\ny = ", "x = 1"),
        ("for c in cs:\n", "for c in cs:\n    pass"),
        ("for c in cs:\n    ask(c)\n    pri", "for c in cs:\n    ask(c)"),
        ("for c in cs:\n    if c:\n", "for c in cs:\n    if c:\n        pass"),
        ("if c:\n    ask(1)\nelse:\n", "if c:\n    ask(1)\nelse:\n    pass"),
        ("x = [\n    1,\n    2,\n", "x = [1, 2]"),
        ("x = ask(\n    'a',  # (not closed\n", "x = ask('a')"),
        ("x = {'a': [\n    1,\n", "x = {'a': [1]}"),
        ("x = 1\ny = '''a\nb\n", "x = 1"),
        ("x = 1)\n", ""),
        ("for c in cs:  # each\n    ask(c)\n    x = (1 +\n", "for c in cs:\n    ask(c)"),
        ("with a as b:\n    ask('(')\n    ask(\"]\")\n", "with a as b:\n    ask('(')\n    ask(']')"),
        ("x = f'{a}(' + ask(b)\n", "x = f'{a}(' + ask(b)"),
    ],
)
def test_what_a_tail_begins_with(tail: str, code: str) -> None:
    assert ast.unparse(ast.Module(list(repaired(tail).body), [])) == code


def test_an_expression_whose_bracket_was_closed_is_open() -> None:
    told = repaired("print(\n    ask('a'),\n    ask('b',\n")
    calls = [each for part in told.body for each in ast.walk(part) if isinstance(each, ast.Call)]
    assert [(ast.unparse(each), told.is_open(each)) for each in calls] == [
        ("print(ask('a'), ask('b'))", True),
        ("ask('a')", False),
        ("ask('b')", True),
    ]
    assert not told.is_even


def test_a_tail_with_an_unfinished_line_or_an_open_bracket_is_not_even() -> None:
    assert repaired("for c in cs:\n    ask(c)\n").is_even
    assert repaired("for c in cs:\n").is_even
    assert not repaired("for c in cs:\n    ask(c)\n    x").is_even
    assert not repaired("for c in cs:\n    ask(c)\n    x = (\n").is_even


def test_a_very_long_tail_is_not_looked_at() -> None:
    assert repaired("x = 1\n" * 4_000) == Repaired()
