"""Pending values, and what ordinary code may do with them."""

from __future__ import annotations

import copy
import operator
from collections import deque
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harlm.guest.scout.pending import (
    Pending,
    ReadyQueue,
    Touched,
    joined,
    settle_parts,
    settled,
    with_values,
)

LOOKS: list[Callable[[Any], object]] = [
    bool, str, repr, hash, len, iter, list, int, float, abs, format, operator.neg,
    lambda value: value + 1, lambda value: 1 + value, lambda value: value == 1, lambda value: value < 1,
    lambda value: value[0], lambda value: 1 in value, lambda value: value(), lambda value: value.name,
    lambda value: f"{value}", lambda value: isinstance(1, value), lambda value: operator.setitem(value, 0, 1),
]  # fmt: skip


@pytest.mark.parametrize("look", LOOKS)
def test_ordinary_code_that_looks_at_a_pending_value_is_stopped(look: Callable[[Any], object]) -> None:
    pending = Pending()
    with pytest.raises(Touched) as stopped:
        look(pending)
    assert stopped.value.pending is pending


def test_a_pending_value_may_be_stored_compared_by_identity_and_copied() -> None:
    pending = Pending()
    kept = [pending, {"key": pending}]
    assert kept[0] is pending
    assert copy.copy(pending) is pending
    assert copy.deepcopy(kept)[0] is pending


def test_steps_run_in_the_order_in_which_they_waited_and_never_inside_resolve() -> None:
    ready, pending, ran = ReadyQueue(), Pending(), list[str]()
    pending.then(lambda: ran.append("first"))
    pending.then(lambda: ran.append("second"))
    pending.resolve(7, ready)
    assert (pending.done, pending.value, ran, len(ready)) == (True, 7, [], 2)
    ready.round()
    assert ran == ["first", "second"]


def test_a_round_leaves_steps_that_it_made_ready_to_the_next() -> None:
    ready, ran = ReadyQueue(), list[int]()

    def again() -> None:
        ran.append(len(ran))
        ready.add(again)

    ready.add(again)
    ready.round()
    assert (ran, len(ready)) == ([0], 1)


def test_a_value_that_is_itself_pending_is_waited_for_and_brings_its_sources() -> None:
    ready, outer, inner = ReadyQueue(), Pending(frozenset({1})), Pending(frozenset({2}))
    outer.resolve(inner, ready)
    assert not outer.done
    inner.resolve("text", ready)
    ready.round()
    assert (outer.value, outer.sources) == ("text", frozenset({1, 2}))


@pytest.mark.parametrize("is_first_done", [True, False])
def test_an_error_is_passed_on(is_first_done: bool) -> None:
    ready, outer, inner = ReadyQueue(), Pending(), Pending()
    error = KeyError("no")
    if is_first_done:
        inner.fail(error, ready)
    outer.resolve(inner, ready)
    if not is_first_done:
        inner.fail(error, ready)
        ready.round()
    assert outer.done
    assert outer.error is error
    assert settled(outer) is outer


@given(st.lists(st.frozensets(st.integers(1, 200), max_size=40), max_size=8))
def test_joined_sources_are_a_part_of_all_and_at_most_32(parts: list[frozenset[int]]) -> None:
    whole = frozenset[int]().union(*parts)
    found = joined(parts)
    assert found <= whole
    assert len(found) <= 32
    assert bool(found) == bool(whole)
    if len(whole) < 32:
        assert found == whole


def test_parts_that_have_arrived_take_the_place_of_pending_ones() -> None:
    ready, arrived, waits = ReadyQueue(), Pending(), Pending()
    arrived.resolve("there", ready)
    inner: dict[str, Any] = {"a": [arrived, waits], "b": (1, arrived), "c": deque([arrived])}
    missing, found = settle_parts([inner])
    assert [each is waits for each in missing] == [True]
    assert found
    assert inner["a"][0] == "there"
    assert inner["a"][1] is waits
    assert inner["b"] == (1, "there")
    assert list(inner["c"]) == ["there"]


def test_containers_that_hold_themselves_are_searched_once() -> None:
    circle: list[Any] = [Pending()]
    circle.append(circle)
    missing, found = settle_parts([circle])
    assert len(missing) == 1
    assert not found


def test_attributes_are_searched_only_in_objects_of_classes_that_cells_defined() -> None:
    names: dict[str, Any] = {"__name__": "__main__"}
    exec("class Note: pass", names)

    class Other:
        pass

    ready = ReadyQueue()
    for kind, is_searched in ((names["Note"], True), (Other, False)):
        thing: Any = kind()
        pending = Pending()
        thing.text = pending
        pending.resolve("there", ready)
        settle_parts([thing])
        assert (thing.text is not pending) == is_searched


def test_a_tuple_keeps_its_identity_unless_a_part_has_arrived() -> None:
    ready, arrived = ReadyQueue(), Pending()
    plain, nested = (1, (2, 3)), (1, (arrived, 3))
    assert with_values(plain) is plain
    assert with_values(nested) is nested
    arrived.resolve(2, ready)
    assert with_values(nested) == (1, (2, 3))
