from __future__ import annotations

import ast

import pytest

from harlm.scheduler.effort import Effort, TooComplex
from harlm.scheduler.source import CellSource


def expression(code: str) -> ast.expr:
    (statement,) = ast.parse(code).body
    assert isinstance(statement, ast.Expr)
    return statement.value


def test_a_piece_is_shown_in_one_line() -> None:
    code = "f(a,\n  b)"
    assert CellSource(code, Effort(1_000)).shown(expression(code)) == "f(a, b)"


def test_a_long_piece_is_cut() -> None:
    code = "f(" + "a, " * 50 + ")"
    shown = CellSource(code, Effort(1_000)).shown(expression(code))
    assert len(shown) == 100
    assert shown.startswith("f(a, a")
    assert shown.endswith("…")


def test_of_a_large_piece_the_beginning_of_its_text_is_shown() -> None:
    code = "'é', f(" + "a,\n" * 500 + ")"
    call = expression(code).elts[1]  # type: ignore[attr-defined] # a tuple
    assert CellSource(code, Effort(10_000)).shown(call).startswith("f(a, a, a,")


def test_a_piece_is_paid_for_once() -> None:
    source, node = CellSource("f(a)", Effort(15)), expression("f(a)")
    assert source.shown(node) == source.shown(node)
    with pytest.raises(TooComplex):
        source.shown(expression("g(b)"))
