"""Blocks that wait while the rest of the program continues."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

import pytest

from harlm.guest.scout.frames import Frame
from harlm.guest.scout.operations import apply
from harlm.guest.scout.pending import Pending, Steps, settled
from harlm.guest.scout.syntax import of_all
from harlm.guest.scout.tasks import Memo, Returned, ScoutTask, hold, hold_owners, run_block
from tests.support.scout_blocks import arrive, settle, task_over


def block(
    task: ScoutTask,
    waits_for: Pending,
    then: Callable[[Frame, Any], None],
    binds: str = "",
    changes: str = "",
) -> Any:
    """A block that waits for a value, and then does something in its frame."""

    def steps(own: ScoutTask, inner: Frame) -> Steps:
        yield waits_for
        then(inner, waits_for.value)
        return None

    known = of_all(ast.parse(binds).body)
    changed = frozenset(changes.split())
    return run_block(task, task.world.frame, known._replace(names=known.names | changed), changed, steps)


def test_a_block_that_need_not_wait_runs_at_once_on_the_names_of_its_scope() -> None:
    task, arrived = task_over(a=1), Pending()
    arrived.resolve("now", task.world.ready)
    block(task, arrived, lambda inner, value: inner.set("a", value), binds="a = 1")
    assert task.world.names["a"] == "now"


def test_a_name_that_a_waiting_block_may_bind_is_pending_until_it_ends() -> None:
    task, reply = task_over(a=1), Pending()
    block(task, reply, lambda inner, value: inner.set("a", inner.get("a") + value), binds="a = 1")
    pending = task.world.names["a"]
    assert type(pending) is Pending
    task.world.frame.set("a", "the program continues")
    arrive(reply, 10, task)
    assert settled(pending) == 11
    assert task.world.names["a"] == "the program continues"


def test_an_object_that_a_waiting_block_may_change_is_held_in_the_order_of_the_program() -> None:
    items: list[str] = []
    task, first, second = task_over(items=items), Pending(), Pending()
    for reply in (first, second):
        block(task, reply, lambda inner, value: inner.get("items").append(value), changes="items")
    length = apply(task, len, items)
    arrive(first, "first", task)
    assert not length.done
    arrive(second, "second", task)
    assert settled(length) == 2


def test_an_exception_before_a_block_waits_is_raised_in_its_scope() -> None:
    task, arrived = task_over(), Pending()
    arrived.resolve(0, task.world.ready)
    with pytest.raises(ZeroDivisionError):
        block(task, arrived, lambda inner, value: inner.set("a", 1 // value))
    assert not task.world.has_ended


@pytest.mark.parametrize("tries", [0, 1])
def test_an_exception_after_a_block_has_waited_ends_the_cell_unless_a_try_may_catch_it(tries: int) -> None:
    task, reply = task_over(), Pending()
    task.tries = tries
    block(task, reply, lambda inner, value: inner.set("a", 1 // value))
    arrive(reply, 0, task)
    assert task.world.has_ended == (not tries)


def test_the_outcome_is_pending_until_the_block_has_returned() -> None:
    task, reply = task_over(), Pending(frozenset({3}))
    child = ScoutTask(task.world, task)

    def steps() -> Steps:
        yield reply
        return Returned(reply.value * 2)

    child.start(steps(), lambda: lambda: None)
    result = child.outcome
    assert not result.done
    arrive(reply, 21, task)
    assert (child.outcome, settled(result), result.sources) == (42, 42, frozenset({3}))


def test_a_child_inherits_what_decided_about_its_parent() -> None:
    parent = task_over()
    parent.sources, parent.tries = frozenset({7}), 2
    child = ScoutTask(parent.world, parent, is_careful=True)
    assert (child.sources, child.tries, child.strict, child.is_main) == (frozenset({7}), 3, 1, False)


def test_only_the_main_task_lets_others_run_when_it_yields_nothing() -> None:
    task, ran = task_over(), list[str]()

    def steps(name: str) -> Steps:
        yield None
        ran.append(name)

    child = ScoutTask(task.world, task)
    child.start(steps("child"), lambda: lambda: None)
    task.start(steps("main"), lambda: lambda: None)
    assert ran == ["child"]
    settle(task)
    assert ran == ["child", "main"]


def test_held_objects_are_released_when_the_child_has_ended() -> None:
    task, items = task_over(), list[int]()
    child = ScoutTask(task.world, task)
    release = hold(task, child, [items, "text", (1,)])
    assert list(task.holds) == [id(items)]
    length = apply(task, len, items)
    items.append(1)
    release()
    settle(task)
    assert settled(length) == 1


def test_a_change_of_a_pending_part_holds_the_whole() -> None:
    owner: dict[str, Any] = {}
    task, late = task_over(owner=owner, number=3), Pending()
    for name in ("owner", "number", "missing"):
        hold_owners(task, task.world.frame, ast.parse(f"{name}['a'].b", mode="eval").body, late)
    assert list(task.holds) == [id(owner)]


def test_results_of_calls_are_kept_while_a_statement_is_evaluated_again() -> None:
    memo, made = Memo(), list[str]()
    node = object()

    def make() -> int:
        made.append("call")
        return len(made)

    assert [memo.once(node, make), memo.once(node, make)] == [1, 2]
    memo.rewind()
    assert [memo.once(node, make), memo.once(node, make), memo.once(node, make)] == [1, 2, 3]
