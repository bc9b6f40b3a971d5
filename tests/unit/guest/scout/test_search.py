"""How far a look-ahead may go, and how the loop finds its calls."""

from __future__ import annotations

import pytest

from harlm.guest.scout.frames import Frame
from harlm.guest.scout.pending import Pending, ReadyQueue
from harlm.guest.scout.search import FIRST_WINDOW, Search, copied


def test_the_window_is_two_rounds_at_first_and_grows_with_every_round_that_did_not_end_the_loop() -> None:
    search, ready = Search(None, is_eager=False), ReadyQueue()
    furthest = []
    for _ in range(4):
        furthest.append(max(number for number in range(50) if search.may_start(number)))
        search.survived(ready)
    assert furthest == [FIRST_WINDOW - 1, 3, 5, 7]


def test_eager_has_no_window() -> None:
    assert Search(None, is_eager=True).may_start(10**9)


def test_a_look_ahead_that_waits_continues_when_the_loop_has_survived_a_round() -> None:
    search, ready = Search(None, is_eager=False), ReadyQueue()
    waits_for = search.advance
    search.survived(ready)
    assert [waits_for.done, search.advance.done] == [True, False]


def test_the_loop_takes_each_call_of_its_look_ahead_once_and_in_order() -> None:
    search, first, second = Search(None, is_eager=False), Pending(), Pending()
    search.keep("same", first)
    search.keep("same", second)
    assert search.take("other") is None
    assert search.take("same") is first
    assert search.take("same") is second
    assert search.take("same") is None


def test_the_look_ahead_takes_each_call_of_the_loop_once() -> None:
    search, reply = Search(None, is_eager=False), Pending()
    search.leave("same", reply)
    assert search.take("same") is None
    assert search.left("same") is reply
    assert search.left("same") is None


def test_an_inner_loop_finds_the_calls_of_the_outer_look_ahead() -> None:
    outer = Search(None, is_eager=False)
    inner, reply = Search(outer, is_eager=False), Pending()
    outer.keep("same", reply)
    assert inner.take("same") is reply


def test_what_the_loop_changes_is_copied_for_the_look_ahead_and_nothing_else_is() -> None:
    changed, read = [[1]], [2]
    separate = copied(
        Frame({"changed": changed, "read": read}, None),
        frozenset({"changed", "read"}),
        frozenset({"changed"}),
    )
    separate.get("changed")[0].append(3)
    assert changed == [[1]]
    assert separate.get("read") is read


@pytest.mark.parametrize("value", [lambda: [lock()], lambda: {"a": lock()}])
def test_a_container_with_parts_that_cannot_be_copied_is_copied_itself(value: object) -> None:
    whole = value()  # type: ignore[operator] # a function
    separate = copied(Frame({"a": whole}, None), frozenset({"a"}), frozenset({"a"}))
    assert separate.get("a") is not whole
    assert separate.get("a") == whole


def lock() -> object:
    """Something that cannot be copied."""
    import threading

    return threading.Lock()
