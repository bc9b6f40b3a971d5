"""Operations on values, some of which are pending."""

from __future__ import annotations

import operator
from typing import Any

import pytest

from harlm.guest.scout.operations import apply, change, put_off, wait_for
from harlm.guest.scout.pending import Pending, settled
from harlm.guest.scout.tasks import Suspend
from tests.support.scout_blocks import arrive, settle, task_over


def test_an_operation_on_known_values_is_done_at_once() -> None:
    assert apply(task_over(), operator.add, 1, 2) == 3


def test_an_operation_on_a_pending_value_is_done_when_it_arrives() -> None:
    task, pending = task_over(), Pending(frozenset({4}))
    result = apply(task, operator.add, pending, "!")
    assert not result.done
    arrive(pending, "text", task)
    assert (settled(result), result.sources) == ("text!", {4})


def test_an_operation_on_a_container_waits_for_the_parts_that_it_looks_at() -> None:
    task, first, second = task_over(), Pending(), Pending()
    result = apply(task, "-".join, [first, second])
    arrive(first, "a", task)
    assert not result.done
    arrive(second, "b", task)
    assert settled(result) == "a-b"


def test_an_operation_that_does_not_look_at_a_pending_part_does_not_wait() -> None:
    assert apply(task_over(), len, [Pending(), Pending()]) == 2


def test_a_careful_task_waits_where_it_is() -> None:
    pending = Pending()
    with pytest.raises(Suspend) as suspended:
        apply(task_over(careful=True), operator.add, pending, 1)
    assert suspended.value.pending is pending


def test_an_exception_of_the_operation_is_raised_or_passed_to_its_result() -> None:
    task, pending = task_over(), Pending()
    with pytest.raises(ZeroDivisionError):
        apply(task, operator.truediv, 1, 0)
    result = apply(task, operator.truediv, 1, pending)
    arrive(pending, 0, task)
    assert isinstance(result.error, ZeroDivisionError)
    assert task.world.has_ended


def test_an_error_in_a_value_is_the_error_of_what_is_made_from_it() -> None:
    task, pending = task_over(), Pending()
    result = apply(task, operator.add, pending, "!")
    error = KeyError("refused")
    pending.fail(error, task.world.ready)
    settle(task)
    assert result.error is error
    with pytest.raises(KeyError, match="refused"):
        apply(task, operator.add, result, "?")


def test_an_object_is_held_until_a_late_change_of_it_is_done() -> None:
    task, pending, items = task_over(), Pending(), list[Any]()
    change(task, list.append, items, pending)
    count = apply(task, len, items)
    assert type(count) is Pending
    change(task, list.append, items, "known")
    assert items == []
    arrive(pending, "late", task)
    assert items == ["late", "known"]
    assert settled(count) == 1
    assert apply(task, len, items) == 2


def test_a_change_that_only_stores_a_value_does_not_wait_for_it() -> None:
    task, pending, items = task_over(), Pending(), list[Any]()
    change(task, list.append, items, pending, tolerant=True)
    assert items[0] is pending
    assert apply(task, len, items) == 1


def test_an_operation_that_was_put_off_sees_a_container_as_it_was_then() -> None:
    task, pending, items = task_over(), Pending(), ["a"]
    joined = apply(task, lambda separator, parts: separator.join(parts), pending, items)
    items.append("b")
    arrive(pending, "+", task)
    assert settled(joined) == "a"


def test_kept_values_are_used_as_they_are_when_the_operation_is_done() -> None:
    task, pending, items = task_over(), Pending(), ["a"]
    result = put_off(
        task, lambda parts, separator: separator.join(parts), [items, pending], [pending], kept=1
    )
    items.append("b")
    arrive(pending, "+", task)
    assert settled(result) == "a+b"


def test_a_value_that_is_found_to_be_missing_only_on_a_later_try_is_waited_for() -> None:
    task, first, second = task_over(), Pending(), Pending()
    holder: list[Any] = [first]
    result = apply(task, lambda whole: whole[0]["part"] + "!", holder)
    arrive(first, {"part": second}, task)
    assert not result.done
    arrive(second, "text", task)
    assert settled(result) == "text!"


def test_a_callback_for_several_values_runs_once_when_all_have_arrived() -> None:
    task, first, second, ran = task_over(), Pending(), Pending(), list[str]()
    wait_for([first, second], lambda: ran.append("all"))
    arrive(second, 2, task)
    assert ran == []
    arrive(first, 1, task)
    assert ran == ["all"]
