"""What all blocks of one cell share."""

from __future__ import annotations

import ast
import textwrap
import types
from typing import Any, cast

import pytest

from harlm.guest.scout import world as worlds
from harlm.guest.scout.pending import Pending
from harlm.guest.scout.syntax import facts
from harlm.guest.scout.world import Halted, facts_of_body
from tests.support.scout_blocks import FILE, arrive, task_over

CODE = (
    "def ask(text, notes):\n    notes.append(llm_query(text))\n    return notes\ndouble = lambda x: x * 2\n"
)


def defined(code: str = CODE) -> dict[str, Any]:
    names: dict[str, Any] = {"__name__": "__main__"}
    exec(compile(code, FILE, "exec"), names)
    return names


def test_the_syntax_of_a_function_is_found_by_the_code_that_defined_it() -> None:
    names = defined()
    world = task_over(code=CODE).world
    found = world.text_of(names["ask"])
    assert isinstance(found, ast.FunctionDef)
    assert found.name == "ask"
    assert isinstance(world.text_of(names["double"]), ast.Lambda)
    assert world.text_of(cast(types.FunctionType, textwrap.dedent)) is None


def test_a_decorated_function_is_found_too() -> None:
    code = "def same(f): return f\n\n@same\n@same\ndef g(): return 1\n"
    found = task_over(code=code).world.text_of(defined(code)["g"])
    assert isinstance(found, ast.FunctionDef)
    assert found.name == "g"


def test_a_cell_that_does_not_parse_defines_nothing() -> None:
    assert task_over(code="def broken(:").world.text_of(defined()["ask"]) is None


def test_code_may_call_if_it_uses_a_name_that_leads_to_a_call() -> None:
    world = task_over(code=CODE).world
    assert world.may_call(facts(ast.parse("ask('x', [])").body[0]))
    assert not world.may_call(facts(ast.parse("double(2)").body[0]))
    world.learn(ast.parse(CODE + "def double(x): return ask(x, [])\n"))
    assert world.may_call(facts(ast.parse("double(2)").body[0]))


def test_an_object_given_to_a_function_that_changes_it_may_be_changed() -> None:
    names = defined()
    task = task_over(code=CODE, ask=names["ask"], mine=[])
    changed = task.world.changed_by(ast.parse("ask('x', mine)").body[0], task.world.frame)
    assert changed == {"mine"}


def test_a_global_that_a_called_function_changes_may_be_changed() -> None:
    code = "seen = []\ndef outer(): inner()\ndef inner(): seen.append(1)\n"
    names = defined(code)
    task = task_over(code=code, **{name: names[name] for name in ("seen", "outer", "inner")})
    assert task.world.changed_by(ast.parse("outer()").body[0], task.world.frame) == {"seen"}


@pytest.mark.parametrize(
    ("tries", "error", "ends"),
    [(0, ValueError(), True), (1, ValueError(), False), (1, KeyboardInterrupt(), True)],
)
def test_a_late_error_ends_the_cell_unless_a_try_may_catch_it(
    tries: int, error: BaseException, ends: bool
) -> None:
    task = task_over()
    task.tries = tries
    task.world.failed(error, task)
    assert task.world.has_ended == ends


def test_a_scout_stops_after_many_statements_and_when_the_cell_has_ended(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(worlds, "_STEPS", 3)
    world = task_over().world
    for _ in range(3):
        world.step()
    with pytest.raises(Halted):
        world.step()
    other = task_over().world
    other.has_ended = True
    with pytest.raises(Halted):
        other.step()


def test_values_that_have_arrived_take_the_place_of_pending_variables() -> None:
    pending = Pending()
    task = task_over(a=pending, b=[pending])
    arrive(pending, 5, task)
    task.world.settle_names()
    assert (task.world.names["a"], task.world.names["b"]) == (5, [5])


def test_facts_of_a_body_are_those_of_what_it_does_when_it_is_called() -> None:
    function = ast.parse(CODE).body[0]
    assert isinstance(function, ast.FunctionDef)
    assert facts_of_body(function).changed == {"notes"}
    assert facts_of_body(function).exits == {"return"}
    assert facts(function).exits == frozenset()
