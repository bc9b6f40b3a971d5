from __future__ import annotations

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harlm.guest.scout.syntax import callers
from harlm.scheduler.callers import Callers


def leads_to_a_call(code: str, *cells: str) -> bool:
    known = Callers()
    for cell in cells:
        known.add(ast.parse(cell))
    return known.are_in(ast.parse(code))


@pytest.mark.parametrize(
    ("code", "cells", "expected"),
    [
        ("llm_query(1)", [], True),
        ("print(1)", [], False),
        ("f(1)", ["def f(a): return llm_query(a)"], True),
        ("f(1)", ["def f(a): return g(a)", "def g(a): return llm_query(a)"], True),
        ("f(1)", ["def f(a):\n    def g(): return llm_query(a)\n    return g()"], True),
        ("C()", ["class C:\n    def __init__(self): llm_query(1)"], True),
        ("C()", ["class C:\n    def ask(self): llm_query(1)"], False),
        ("x.ask()", ["class C:\n    def ask(self): llm_query(1)"], True),
        ("f(1)", ["g = llm_query\nf = lambda a: g(a)"], True),
    ],
)
def test_what_leads_to_a_call(code: str, cells: list[str], expected: bool) -> None:
    assert leads_to_a_call(code, *cells) is expected


_DEFINITIONS = st.builds(
    "def {}():\n    {}\n    def {}():\n        {}".format,
    st.sampled_from("fghk"),
    st.sampled_from(["f()", "g()", "x", "llm_query(1)", "k.f"]),
    st.sampled_from("fghk"),
    st.sampled_from(["f()", "h()", "k()", "x", "x", "llm_query(1)"]),
)


@given(st.lists(_DEFINITIONS, max_size=6), st.integers(0, 6))
def test_the_names_are_those_of_a_fixpoint_over_all_cells(cells: list[str], cut: int) -> None:
    trees = [ast.parse(cell) for cell in cells]
    first, known = Callers(), Callers()
    for tree in trees[:cut]:
        first.add(tree)
    known.take_over(first)
    for tree in trees[cut:]:
        known.add(tree)
    calling = callers(trees)
    for name in "fghkx":
        assert known.are_in(ast.parse(name)) is (name in calling)


def test_a_chain_of_many_functions_is_followed() -> None:
    chain = "".join(f"def f{n}(): f{n + 1}()\n" for n in range(3_000)) + "def f3000(): llm_query(1)"
    assert leads_to_a_call("f0()", chain)


def test_of_too_many_names_each_may_lead_to_a_call() -> None:
    assert leads_to_a_call("x", "".join(f"def f{n}(): a, b, c, d\n" for n in range(5_000)))


def test_tools_of_the_user_that_may_be_called_early_count_as_calls() -> None:
    known = Callers(["llm_query", "population"])
    known.add(ast.parse("def every(): return [population(c) for c in 'ab']"))
    assert known.are_in(ast.parse("x = every()"))
    assert not known.are_in(ast.parse("x = other()"))
