"""Reads iterators as far as a reader does: to the end (``list``), a few items (``next``, ``a, b = …``), or
until a result says that it is enough, with a look-ahead.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from .copies import Unforkable
from .lazy import (
    END,
    Lazy,
    Slot,
    decided,
    end_search,
    first,
    last_search,
    permitted,
    read,
    survived,
    with_item,
)
from .operations import apply
from .pending import Pending, Steps
from .search import Search
from .tasks import ScoutTask, Suspend

Follow = Callable[[Lazy, ScoutTask, Search | None], Steps]
"""How a reader reads: the iterator, the block that reads, and the search that it follows or looks ahead of."""


class Items(list[Any]):
    """All items of an iterator for ordinary code; ``next`` takes them one by one."""

    _at = 0

    def __next__(self) -> Any:
        if self._at >= len(self):
            raise StopIteration
        self._at += 1
        return self[self._at - 1]


def listed(value: Any, task: ScoutTask, key: object = None) -> Any:
    """All items of a value as a list, which is pending if their number is not known yet.

    Args:
        value: the value.
        task: the block that reads.
        key: what stands for the value if the statement is evaluated again; ``value`` itself if ``None``.

    Raises:
        Suspend: the task is careful, and an item has not arrived.
    """
    if not isinstance(value, Lazy):
        return apply(task, list, value)
    source, is_careful = value, bool(task.strict)

    def everything(own: ScoutTask) -> Steps:
        if is_careful:
            slots = yield from _slots_in_turn(source, own)
        elif (whole := source.whole(own)) is not NotImplemented:
            return whole
        elif source.waits and source.calls:
            slots = yield from searched(source, own, slots_of)
        else:
            slots = yield from slots_of(source, own, None)
        return _items(slots, own)

    return _known_if_careful(key or source, task, lambda: read(source, task, everything).outcome)


def slots_of(source: Lazy, task: ScoutTask, search: Search | None) -> Steps:
    """All slots of an iterator that may have an item."""
    slots: list[Slot] = []
    while (slot := (yield from source.slot(task, search))) is not END:
        task.world.step()
        if slot.test is not False:
            slots.append(slot)
        yield from survived(task, search)
    return slots


def _slots_in_turn(source: Lazy, task: ScoutTask) -> Steps:
    """All slots of an iterator, each with a value that has arrived, so that an exception occurs in its turn."""
    slots: list[Slot] = []
    while (slot := (yield from with_item(source, task, None))) is not END:
        task.world.step()
        if type(slot.value) is Pending and not slot.value.is_text:
            yield slot.value
        slots.append(Slot(slot.value))
    return slots


def _items(slots: list[Slot], task: ScoutTask) -> Any:
    tests = [slot.test for slot in slots if type(slot.test) is Pending]
    if not tests:
        return [slot.value for slot in slots]
    return apply(
        task,
        lambda *_: [slot.value for slot in slots if type(slot.test) is not Pending or slot.test.value],
        *tests,
    )


def taken(source: Lazy, count: int, task: ScoutTask) -> Any:
    """The next items of an iterator as a list, at most ``count`` of them; pending if it is not known yet which
    they are.
    """

    def some(reader: Lazy, own: ScoutTask, search: Search | None) -> Steps:
        items: list[Any] = []
        while len(items) < count and (slot := (yield from with_item(reader, own, search))) is not END:
            items.append(slot.value)
            yield from survived(own, search)
        return items

    return found(source, task, some)


def item(source: Lazy, task: ScoutTask) -> Any:
    """The next item of an iterator, or ``END``; pending if it is not known yet which it is."""
    return found(source, task, first)


def contains(source: Lazy, wanted: Any, task: ScoutTask) -> Any:
    """Whether an item of an iterator equals a value; pending if that is not known yet. Reads up to that item."""

    def follow(reader: Lazy, own: ScoutTask, search: Search | None) -> Steps:
        while (slot := (yield from with_item(reader, own, search))) is not END:
            test = apply(own, lambda a, b: bool(a is b or a == b), slot.value, wanted)
            if (yield from decided(test, own, search, assumed=False)):
                return True
            yield from survived(own, search)
        return False

    return found(source, task, follow, may_end=True)


def found(source: Lazy, task: ScoutTask, follow: Follow, *, may_end: bool = False) -> Any:
    """What a reader finds that may stop early; pending if it is not known yet.

    Args:
        source: the iterator.
        task: the block that reads.
        follow: how the reader reads.
        may_end: whether it may depend on an item how far it reads.

    Raises:
        Suspend: the task is careful, and it is not known yet.
    """

    def steps(own: ScoutTask) -> Steps:
        if source.calls and (may_end or source.waits or source.has_tests):
            return (yield from searched(source, own, follow))
        return (yield from follow(source, own, None))

    return _known_if_careful(source, task, lambda: read(source, task, steps).outcome)


def _known_if_careful(key: object, task: ScoutTask, make: Callable[[], Any]) -> Any:
    """The result of ``make``; if the task is careful, only once it has arrived. A statement that is evaluated
    again does not read again.
    """
    if not task.strict or task.memo is None:
        return make()
    result = task.memo.once(key, make)
    if type(result) is not Pending or result.is_text:
        return result
    if not result.done:
        raise Suspend(result)
    if result.error is not None:
        raise result.error
    return result.value


def searched(source: Lazy, task: ScoutTask, follow: Follow) -> Steps:
    """Follow a reader that a result may end, with a look-ahead; without one inside another look-ahead."""
    if task.ahead_of is not None:
        return (yield from follow(source, task, None))
    before = task.search
    search = Search(before, task.world.ready, is_eager=task.world.is_eager, last=last_search(source))
    with suppress(Unforkable):
        fork = source.fork({})
        look_ahead(search, task, lambda ahead: follow(fork, ahead, search))
    task.search = search
    try:
        return (yield from follow(source, task, search))
    finally:
        end_search(search, source)
        task.search = before


def look_ahead(search: Search, task: ScoutTask, steps: Callable[[ScoutTask], Steps]) -> None:
    """Start the task that asks ahead of a search.

    Args:
        search: the search.
        task: the block that follows it.
        steps: what the task runs, on separate objects.
    """
    ahead = ScoutTask(task.world, task)
    ahead.search, ahead.ahead_of, ahead.holds = search.outer, search, dict(task.holds)
    ahead.tries += 1  # an error here may come from its assumption, so it must not end the cell

    def rounds() -> Steps:
        yield from permitted(search)
        return (yield from steps(ahead))

    with suppress(Exception):
        ahead.start(rounds(), lambda: lambda: None)
