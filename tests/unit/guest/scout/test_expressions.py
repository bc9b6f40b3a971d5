"""The values of expressions: those of Python, now or when what they are made from has arrived."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harlm.guest.scout.pending import Pending, settle_parts, settled
from harlm.guest.scout.tasks import Suspend
from harlm.guest.scout.world import Lost
from tests.support.scout_blocks import arrive, task_over, value_of

EXPRESSIONS = [
    "a + 1", "a - 2 * a", "-a ** 2", "~a", "not a", "a / 2", "a // 2", "a % 2", "a << 1 | a & 1 ^ a >> 1",
    "1 < a < 9", "a == 5 != 4", "a in [1, 5]", "a not in (5,)", "a is None", "a is not None",
    "a and 'yes'", "0 or a", "a or missing", "(a > 9) and missing", "'big' if a > 3 else missing",
    "f'{a} {a!r:>4} {a:03d} {a!s}'", "f'{a:{a}}'", "[a, *[a, 1]]", "(a, *(1, 2))", "{a, a + 1}", "{'k': a, **{'l': a}}",
    "[1, 2, 3, 4, 5, 6][a]", "list(range(9))[1:a:2]", "'text'[a - 4].upper()", "a.real", "(b := a + 1) + b",
    "str(a).zfill(3)", "{'x': a}['x']", "sum([a, 1])", "(lambda x, y=2: x * y)(a)",
]  # fmt: skip


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_the_value_of_an_expression_is_that_of_python(expression: str) -> None:
    assert settled(value_of(expression, task_over(a=5))) == eval(expression, {"a": 5})


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_the_value_is_the_same_when_a_part_arrives_later(expression: str) -> None:
    pending = Pending()
    task = task_over(a=pending)
    holder: list[Any] = [value_of(expression, task)]
    arrive(pending, 5, task)
    settle_parts([holder])
    assert holder[0] == eval(expression, {"a": 5})


def test_a_chain_of_comparisons_ends_at_the_first_that_is_false() -> None:
    assert value_of("a < 1 < missing", task_over(a=5)) is False


@pytest.mark.parametrize("expression", ["a + 1", "a and b", "1 if a else 2", "f'{a}'"])
def test_a_careful_task_waits_for_what_it_needs(expression: str) -> None:
    task = task_over(careful=True, a=Pending(), b=1)
    with pytest.raises(Suspend):
        value_of(expression, task)


@pytest.mark.parametrize(
    ("expression", "kind"),
    [("missing", NameError), ("1 / 0", ZeroDivisionError), ("[][0]", IndexError), ("'a' + 1", TypeError)],
)
def test_what_the_program_raises_is_raised(expression: str, kind: type[Exception]) -> None:
    with pytest.raises(kind):
        value_of(expression, task_over())


@pytest.mark.parametrize("expression", ["[*a]", "(1, *a)", "{**a}", "(yield)"])
def test_what_cannot_be_followed_is_left_to_the_cell(expression: str) -> None:
    with pytest.raises(Lost):
        value_of(expression, task_over(a=Pending()))


def test_the_reply_of_a_model_is_known_not_to_be_none() -> None:
    task = task_over(a=Pending(is_text=True), b=Pending())
    assert value_of("a is None", task) is False
    assert value_of("a is not None", task) is True
    assert type(value_of("b is None", task)) is Pending


def test_a_pending_test_evaluates_only_the_side_that_it_chooses() -> None:
    ran: list[str] = []
    task, pending = task_over(note=ran.append), Pending()
    task.world.names["a"] = pending
    value_of("note('yes') if a else note('no')", task)
    assert ran == []
    arrive(pending, False, task)
    assert ran == ["no"]


NUMBERS = st.integers(-9, 9)
TREES = st.recursive(
    st.sampled_from(["a", "b", "c"]) | NUMBERS.map(lambda number: f"({number})"),
    lambda inner: (
        st.tuples(inner, st.sampled_from(["+", "-", "*", "<", "==", "and", "or"]), inner).map(
            "({0[0]} {0[1]} {0[2]})".format
        )
        | st.tuples(inner, inner, inner).map("({0[0]} if {0[1]} else {0[2]})".format)
        | inner.map("(not {})".format)
        | inner.map("[{}][0]".format)
    ),
    max_leaves=12,
)


@given(TREES, NUMBERS, NUMBERS, NUMBERS, st.permutations(["a", "b", "c"]))
def test_values_that_arrive_in_any_order_give_the_value_of_python(
    expression: str, a: int, b: int, c: int, order: list[str]
) -> None:
    values = {"a": a, "b": b, "c": c}
    waits: dict[str, Any] = {name: Pending() for name in values}
    task = task_over(**waits)
    result = value_of(expression, task)
    for name in order:
        arrive(waits[name], values[name], task)
    assert settled(result) == eval(expression, values)
