"""Assigning values that may be pending."""

from __future__ import annotations

import ast
from typing import Any

import pytest

from harlm.guest.scout.assignment import assign
from harlm.guest.scout.pending import Pending, settle_parts
from harlm.guest.scout.tasks import ScoutTask
from harlm.guest.scout.world import Lost
from tests.support.scout_blocks import arrive, task_over

TARGETS = [
    ("a", [1, 2]),
    ("a, b", [1, 2]),
    ("[a, (b, c)]", (1, "xy")),
    ("a, *b", [1, 2, 3]),
    ("*a, b, c", "wxyz"),
    ("a, *b, c", (1, 2)),
    ("d['k']", 7),
    ("d['k'], a", (1, 2)),
    ("thing.name", "new"),
]


class Thing:
    name = "old"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Thing) and self.name == other.name

    __hash__ = None  # type: ignore[assignment] # it is compared only


def target_of(text: str) -> ast.expr:
    node = ast.parse(f"{text} = 0").body[0]
    assert isinstance(node, ast.Assign)
    return node.targets[0]


def executed(target: str, value: object) -> dict[str, Any]:
    names: dict[str, Any] = {"d": {}, "thing": Thing(), "value": value}
    exec(f"{target} = value", names)
    return {name: names[name] for name in names if name not in ("__builtins__", "value")}


def variables(task: ScoutTask) -> dict[str, Any]:
    names = {name: value for name, value in task.world.names.items() if name not in ("__name__", "llm_query")}
    settle_parts([names, vars(names["thing"])])
    return names


@pytest.mark.parametrize(("target", "value"), TARGETS)
def test_an_assignment_binds_what_python_binds(target: str, value: object) -> None:
    task = task_over(d={}, thing=Thing())
    assign(target_of(target), value, task.world.frame, task)
    assert variables(task) == executed(target, value)


@pytest.mark.parametrize(("target", "value"), [each for each in TARGETS if "*" not in each[0]])
def test_a_pending_value_is_unpacked_when_it_arrives(target: str, value: object) -> None:
    task, pending = task_over(d={}, thing=Thing()), Pending()
    assign(target_of(target), pending, task.world.frame, task)
    arrive(pending, value, task)
    assert variables(task) == executed(target, value)


def test_a_pending_key_holds_the_container_until_it_has_arrived() -> None:
    holder: dict[str, str] = {}
    task, key = task_over(d=holder), Pending()
    task.world.names["key"] = key
    assign(target_of("d[key]"), "value", task.world.frame, task)
    assert id(holder) in task.holds
    arrive(key, "k", task)
    assert holder == {"k": "value"}


@pytest.mark.parametrize(
    ("target", "value", "said"),
    [
        ("a, b", [1, 2, 3], "expected 2 values to unpack, got 3"),
        ("a, b", [1], "expected 2 values to unpack, got 1"),
        ("a, *b, c", [1], "not enough values to unpack \\(expected at least 2, got 1\\)"),
    ],
)
def test_values_that_do_not_fit_are_an_error_of_the_program(target: str, value: object, said: str) -> None:
    task = task_over()
    with pytest.raises(ValueError, match=said):
        assign(target_of(target), value, task.world.frame, task)


def test_a_late_value_that_does_not_fit_ends_the_cell() -> None:
    task, pending = task_over(), Pending()
    assign(target_of("a, b"), pending, task.world.frame, task)
    arrive(pending, "xyz", task)
    assert task.world.has_ended


def test_a_starred_target_of_a_pending_value_is_left_to_the_cell() -> None:
    task = task_over()
    with pytest.raises(Lost, match="unknown length"):
        assign(target_of("a, *b"), Pending(), task.world.frame, task)
