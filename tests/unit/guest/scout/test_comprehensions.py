"""Comprehensions and generator expressions over values that may be pending."""

from __future__ import annotations

from typing import Any

import pytest

from harlm.guest.scout.pending import Pending, settle_parts
from harlm.guest.scout.world import Lost
from tests.support.scout_blocks import arrive, start, task_over, value_of
from tests.support.scout_lines import both, variables

COMPREHENSIONS = [
    "[x + a for x in items]",
    "{x % a for x in items}",
    "{x: x + a for x in items}",
    "list(x * a for x in items)",
    "[x for x in items if x > a]",
    "[x for x in items if x > 1 if x != a]",
    "[(x, y) for x in items for y in range(x)]",
    "[x for row in [items, items] for x in row if x > 1]",
    "[[x + y for y in items] for x in items]",
    "[last := x for x in items if x < a]",
    "sorted({x: a for x in items if x == a})",
    "[x for x in range(a)]",
]


@pytest.mark.parametrize("code", COMPREHENSIONS)
@pytest.mark.parametrize("is_late", [False, True])
def test_a_comprehension_has_the_value_of_python(code: str, is_late: bool) -> None:
    names = {"a": 2, "items": [1, 2, 3, 4]}
    pending = Pending()
    task = task_over(a=pending if is_late else 2, items=names["items"])
    holder: list[Any] = [value_of(code, task)]
    if is_late:
        arrive(pending, 2, task)
    settle_parts([holder])
    assert holder[0] == eval(code, names)


def test_a_comprehension_over_a_pending_value_waits_as_a_whole() -> None:
    pending = Pending()
    task = task_over(items=pending)
    result = value_of("[x + 1 for x in items]", task)
    assert type(result) is Pending
    arrive(pending, [1, 2], task)
    assert result.value == [2, 3]


@pytest.mark.parametrize(
    "code",
    [
        "[llm_query(y) for x in [1] for y in a]",
        "[seen.append(y) for x in [1] for y in a]",
        "[y for x in [1] if a for y in [x]]",
        "[x async for x in a]",
    ],
)
def test_loops_whose_shape_depends_on_a_pending_value_are_left_to_the_cell(code: str) -> None:
    with pytest.raises(Lost):
        value_of(code, task_over(a=Pending(), seen=[]))


def test_loops_inside_one_another_wait_for_all_that_they_go_over_as_it_is_now() -> None:
    first, second = Pending(), Pending()
    rows: list[object] = [first, ["c"], second]
    task = task_over(rows=rows)
    result = value_of("[cell * 2 for row in rows for cell in row if cell != 'x']", task)
    rows.append(["later"])
    arrive(first, ["a", "x"], task)
    assert not result.done
    arrive(second, ["d"], task)
    assert result.value == ["aa", "cc", "dd"]


def test_its_variable_does_not_leave_a_comprehension() -> None:
    task = task_over()
    value_of("[x for x in [1]]", task)
    assert "x" not in task.world.names


@pytest.mark.parametrize(
    ("code", "asked"),
    [
        ("gen = (llm_query(c) for c in 'abc')", ""),
        ("gen = (llm_query(c) for c in 'abc')\na = next(gen)\nb = next(gen)", "ab"),
        ("gen = (llm_query(c) for c in 'abc' if c > 'a')\na = next(gen)", "b"),
        (
            "gen = (llm_query(a + b) for a in 'ab' for b in 'xy')\na, b, c = [next(gen) for _ in range(3)]",
            "axaybx",
        ),
        ("gen = (llm_query(c) for c in 'abc')\nout = [*gen, *gen]", "abc"),
        ("gen = (llm_query(k + c) for c in 'ab')\nk = 'late '\nout = list(gen)", "late alate b"),
    ],
)
def test_a_generator_expression_makes_an_item_when_it_is_read(code: str, asked: str) -> None:
    seen = both(code)
    assert seen.foresaw_all
    assert "".join(seen.ahead) == asked


def test_an_exception_ends_a_generator_expression() -> None:
    task = task_over()
    start("gen = (1 // x for x in (1, 0, 1))\nfirst = next(gen)", task)
    with pytest.raises(ZeroDivisionError):
        value_of("next(gen)", task)
    assert value_of("list(gen)", task) == []


def test_a_comprehension_over_a_pending_value_asks_for_it_once() -> None:
    assert both("out = [llm_query(w) for w in llm_query('a').split()]").foresaw_all


@pytest.mark.parametrize(
    "code",
    [
        "it = iter('abcd')\na = next(it)\ntry:\n    out = [len(llm_query(c)) for c in it]\nexcept ValueError: pass",
        "it = (llm_query(c) for c in 'abc')\ntry:\n    out = [len(r) for r in it]\nexcept ValueError: pass",
    ],
)
def test_inside_try_an_iterator_is_read_once_although_its_items_are_waited_for(code: str) -> None:
    followed, executed = variables(code)
    assert followed["out"] == executed["out"]
    assert both(code).foresaw_all
