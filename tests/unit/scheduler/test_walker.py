from __future__ import annotations

import ast

import pytest

from harlm.scheduler.effort import Effort, TooComplex
from harlm.scheduler.plan import Plan
from harlm.scheduler.source import CellSource
from harlm.scheduler.walker import Walker


def walked(code: str, effort: int) -> Plan:
    spending = Effort(effort)
    walker = Walker(CellSource(code, spending), {}, spending)
    walker.block(ast.parse(code).body)
    return walker.plan()


def comprehensions(depth: int) -> str:
    return "x = " + "[" * depth + "llm_query('a')" + " for _ in [1]]" * depth


def loops(depth: int, body: str) -> str:
    return "".join(f"{' ' * at}for a{at} in b:\n" for at in range(depth)) + " " * depth + body


@pytest.mark.parametrize(
    "code", [comprehensions(48), loops(8, "out.append(llm_query(a1))"), loops(8, "x = llm_query(x)")]
)
def test_loops_in_loops_cost_what_they_contain(code: str) -> None:
    (site,) = walked(code, 15_000).sites
    assert len(site.loops) in (8, 48)


def test_the_flow_of_nested_loops_is_that_of_each() -> None:
    (site,) = walked("for a in b:\n  for c in d:\n    x = llm_query(x + c)", 10_000).sites
    assert [loop.flow for loop in site.loops] == ["chain", "chain"]


def test_a_walk_ends_when_its_effort_is_spent() -> None:
    functions = "".join(
        f"def f{n}(a):\n" + "".join(f"  a = f{m}(a + llm_query(a))\n" for m in range(12) if m != n)
        for n in range(12)
    )
    with pytest.raises(TooComplex):
        walked(f"{functions}f0(1)", 20_000)


def test_a_cell_has_a_most_of_sites() -> None:
    with pytest.raises(TooComplex):
        walked("llm_query(1)\n" * 1_001, 10**9)


def test_calls_of_other_functions_are_found_if_they_are_named() -> None:
    spending = Effort(1_000)
    code = "x = [population(c) for c in cities]"
    walker = Walker(CellSource(code, spending), {}, spending, {"population"})
    walker.block(ast.parse(code).body)
    (site,) = walker.plan().sites
    assert [loop.flow for loop in site.loops] == ["map"]
