"""What a look-ahead changes or reads is copied for it, and nothing else is."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from harlm.guest.scout.copies import Unforkable, changed_by_reading, copied, fork, is_iterator
from harlm.guest.scout.frames import Frame
from harlm.guest.scout.lazy import Plain
from harlm.guest.scout.pending import Pending
from tests.support.scout_blocks import start, task_over, value_of


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
    return threading.Lock()


@pytest.mark.parametrize(
    "make",
    [
        lambda: iter([1, 2, 3]), lambda: iter((1, 2, 3)), lambda: iter(range(1, 4)), lambda: iter({1: 0, 2: 0, 3: 0}),
        lambda: reversed([3, 2, 1]), lambda: iter({1: 0, 2: 0, 3: 0}.items()), lambda: enumerate(iter("abc"), 1),
        lambda: zip([1, 2, 3], iter("abc"), strict=False), lambda: map(str, iter([1, 2, 3])), lambda: filter(None, [1, 2, 3]),
    ],
)  # fmt: skip
def test_a_fork_of_an_iterator_goes_on_where_that_is_and_moves_nothing(make: Any) -> None:
    whole, iterator = list(make()), make()
    next(iterator)
    assert list(fork(iterator, {})) == whole[1:]
    assert list(iterator) == whole[1:]


def test_iterators_that_share_one_share_its_fork() -> None:
    shared = iter("abcd")
    pair, memo = zip(shared, shared, strict=False), dict[int, Any]()
    separate = fork(pair, memo)
    assert next(separate) == ("a", "b")
    assert next(fork(shared, memo)) == "c"
    assert next(shared) == "a"


def generator() -> Iterator[int]:
    yield 1


@pytest.mark.parametrize("make", [generator, lambda: enumerate(generator()), lambda: map(str, generator())])
def test_an_iterator_that_cannot_be_copied_has_no_fork(make: Any) -> None:
    assert fork(make(), {}) is None


def test_an_iterator_of_the_scout_that_cannot_be_copied_prevents_a_look_ahead() -> None:
    code = "def f():\n    yield llm_query('a')\n    yield llm_query('b')"
    task = task_over(code=code)
    start(f"{code}\nit = f()\na = next(it)", task)
    with pytest.raises(Unforkable):
        copied(task.world.frame, frozenset({"it"}), frozenset())


def test_iterators_in_names_and_in_their_direct_parts_are_forked() -> None:
    task = task_over()
    start(
        "class Holder: pass\nh = Holder()\nh.it = iter('ab')\nd = {'it': iter('ab')}\nit = iter('ab')", task
    )
    separate = copied(task.world.frame, frozenset({"h", "d", "it"}), frozenset())
    assert [next(separate.get("h").it), next(separate.get("d")["it"]), next(separate.get("it"))] == ["a"] * 3
    names = task.world.names
    assert [next(names["h"].it), next(names["d"]["it"]), next(names["it"])] == ["a"] * 3


def test_what_changes_by_reading_is_an_iterator_and_all_that_it_reads() -> None:
    task = task_over()
    over = iter("ab")
    source = Plain(task, over)
    assert changed_by_reading([[1], "text", Pending(), over]) == [over]
    assert changed_by_reading([{"it": source}]) == [source, over]
    assert changed_by_reading([value_of("(x for x in 'ab')", task)])
    assert not is_iterator(Pending())
