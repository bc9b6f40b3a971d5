"""What a piece of code reads, binds, changes and may leave."""

from __future__ import annotations

import ast
from abc import ABC
from functools import partial

import pytest

from harlm.guest.scout.syntax import (
    breaks,
    callers,
    callers_among,
    continues,
    declared,
    facts,
    may_end_by_result,
    of_all,
    once,
    root,
)


def statement(code: str) -> ast.stmt:
    return ast.parse(code).body[0]


@pytest.mark.parametrize(
    ("code", "bound"),
    [
        ("a = b = c", {"a", "b"}),
        ("a, (b, *c) = d", {"a", "b", "c"}),
        ("for a in b: c = a", {"a", "c"}),
        ("with a as b: pass", {"b"}),
        ("try: pass\nexcept KeyError as a: pass", {"a"}),
        ("import a.b, c as d", {"a", "d"}),
        ("del a", {"a"}),
        ("match a:\n    case {'k': b, **c}: pass\n    case [d, *e]: pass", {"b", "d", "e"}),
        ("def f(a): b = 1", {"f"}),
        ("class A:\n    b = 1", {"A"}),
        ("[a for a in b]", set[str]()),
        ("[(a := c) for c in b]", {"a"}),
        ("lambda a: a", set[str]()),
    ],
)
def test_names_that_are_bound(code: str, bound: set[str]) -> None:
    assert facts(statement(code)).bound == bound


@pytest.mark.parametrize(
    ("code", "changed"),
    [
        ("a.append(b)", {"a"}),
        ("a['k'].b[0].extend(c)", {"a"}),
        ("a[0] = b", {"a"}),
        ("a.b = c", {"a"}),
        ("del a[0]", {"a"}),
        ("a += b", {"a"}),
        ("f(a).update(b)", {"f"}),
        ("a.count(b)", set[str]()),
        ("a = b", set[str]()),
    ],
)
def test_names_of_objects_that_may_be_changed(code: str, changed: set[str]) -> None:
    assert facts(statement(code)).changed == changed


@pytest.mark.parametrize(
    ("code", "exits"),
    [
        ("for x in y:\n    if x: exit()", {"finish"}),
        ("for a in b: break", set[str]()),
        ("for a in b:\n    if a: continue\n    return a", {"return"}),
        ("while a: raise b", {"raise"}),
        ("for a in b: pass\nelse:\n    for c in d:\n        FINAL(c)", {"finish"}),
        ("if a: break", {"break"}),
        ("assert a", {"raise"}),
        ("def f(): return 1", set[str]()),
        ("x = [(yield a)]", {"yield"}),
        ("async def f(): await a", set[str]()),
        ("SUBMIT(1)", {"finish"}),
        ("a.FINAL(1)", set[str]()),
    ],
)
def test_the_ways_to_leave_a_block(code: str, exits: set[str]) -> None:
    tree = ast.parse(code)
    assert facts(tree.body[0]).exits == exits


def test_facts_of_several_statements_are_their_union() -> None:
    body = ast.parse("a = b\nc.append(d)\nreturn_ = 1\nfor e in f: break\nraise g").body
    together = of_all(body)
    assert together.bound == {"a", "return_", "e"}
    assert together.changed == {"c"}
    assert together.exits == {"raise"}
    assert of_all([]).names == frozenset()


def test_a_fact_is_computed_once_for_each_node() -> None:
    node, made = statement("a = 1"), list[int]()

    def make() -> int:
        made.append(1)
        return len(made)

    assert [once(node, "harlm_test", make) for _ in range(3)] == [1, 1, 1]


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("a.b[c].d()", {"a"}),
        ("a", {"a"}),
        ("f(x)[0]", {"f"}),
        ("[1][0]", set[str]()),
        ("'text'.join(a)", set[str]()),
    ],
)
def test_the_name_that_an_expression_begins_with(code: str, expected: set[str]) -> None:
    assert root(ast.parse(code, mode="eval").body) == expected


def test_declared_names() -> None:
    assert declared(statement("def f():\n    global a, b\n    nonlocal c\n    a = b = c = d = 1")) == (
        frozenset("c"),
        frozenset("ab"),
    )
    assert declared(statement("def f(a): b = a")) == (frozenset(), frozenset())


def test_what_an_inner_function_declares_is_its_own() -> None:
    maker = "def make():\n    n = 0\n    def f():\n        nonlocal n\n        global m\n        n += 1\n    return f"
    assert declared(statement(maker)) == (frozenset(), frozenset())


@pytest.mark.parametrize(
    ("code", "has_break", "has_continue", "may_end"),
    [
        ("for a in b:\n    if a: break", True, False, True),
        ("for a in b:\n    for c in a: break", False, False, False),
        ("for a in b:\n    if a: continue", False, True, False),
        ("for a in b: FINAL(a)", False, False, True),
        ("for a in b: f(a)", False, False, False),
    ],
)
def test_how_a_loop_may_end(code: str, has_break: bool, has_continue: bool, may_end: bool) -> None:
    loop = statement(code)
    assert isinstance(loop, ast.For)
    assert (breaks(loop), continues(loop), may_end_by_result(loop)) == (has_break, has_continue, may_end)


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("def f(): return llm_query('x')", {"f"}),
        ("def f(): return g()\ndef g(): return h()\ndef h(): return llm_query('x')", {"f", "g", "h"}),
        ("class A:\n    def ask(self): return llm_query('x')", {"ask"}),
        ("class A:\n    def __init__(self): self.x = llm_query('x')", {"A", "__init__"}),
        ("ask = lambda x: llm_query(x)", {"ask"}),
        ("ask = partial(llm_query, model='m')", {"ask"}),
        ("ask = llm_query\ndef f(): ask('x')", {"ask", "f"}),
        ("x = llm_query('x')", set[str]()),
        ("def f(): return 1", set[str]()),
    ],
)
def test_names_in_a_text_that_lead_to_a_call(code: str, expected: set[str]) -> None:
    known = frozenset({"llm_query"})
    assert callers([ast.parse(code)], known) - known == expected


def test_names_among_variables_that_lead_to_a_call() -> None:
    def tool(prompt: str) -> str:
        return prompt

    names: dict[str, object] = {"__name__": "__main__", "ABC": ABC, "llm_query": tool}
    exec(
        "def f(): return [llm_query(c) for c in 'ab']\n"
        "def g(): return f()\n"
        "def plain(): return 1\n"
        "class A:\n    def __call__(self): return g()\n    def ask(self): return self()\n"
        "class B(ABC):\n    def other(self): return llm_query('x')\n",
        names,
    )
    names["ask_it"] = partial(tool, "x")
    found = callers_among(names)
    assert {"f", "g", "A", "other", "ask_it", "llm_query"} <= found
    assert not {"plain", "B", "ABC"} & found


def test_looking_for_callers_runs_no_code_of_the_cell() -> None:
    names: dict[str, object] = {"__name__": "__main__"}
    exec(
        "class Meta(type):\n    def __getattribute__(cls, name): raise AssertionError(name)\n"
        "class Odd(metaclass=Meta): pass\n"
        "class Thing:\n    def __getattr__(self, name): raise AssertionError(name)\n    def __eq__(self, other): raise AssertionError\n"
        "odd, thing = Odd, Thing()\n",
        names,
    )
    assert "thing" not in callers_among(names)
