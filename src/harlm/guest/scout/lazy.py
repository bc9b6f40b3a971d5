"""Iterators of the program whose items are made when they are read: a generator expression, ``map``,
``islice``. One that is only stored asks for nothing. Which kinds there are is in ``comprehensions`` and
``iterators``; how far each reader reads is in ``reading``.

An item comes in a *slot*, because it may depend on a reply whether there is one (``if "yes" in llm_query(c)``).
A reader that reads to the end takes all slots at once; one that takes a single item waits for the tests of the
slots, one after another.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from .copies import ITERATORS_OF_CONTAINERS, Readable, fork, is_iterator
from .operations import apply
from .pending import Pending, Steps, Touched
from .search import Search
from .tasks import Returned, ScoutTask, hold


class Slot(NamedTuple):
    """Room for one item.

    Attributes:
        value: the item, which may be pending.
        test: whether there is an item; pending if that is not known yet.
    """

    value: Any
    test: Any = True


NO_ITEM = Slot(None, False)
"""A slot without an item."""

END = Slot(None, None)
"""There are no more slots. Also what a reader returns that finds no item."""


class Lazy(Readable):
    """An iterator that the scout reads.

    Args:
        task: the block that made it.
        sources: the iterators that it reads.

    Attributes:
        calls: whether making an item may call a model.
        has_tests: whether it may depend on a reply which of its slots have an item.
        waits: whether it may depend on a reply which slots there are.
        has_end: whether it is certain to have an end.
        last_search: the last search through it, whose look-ahead may have made calls that are needed later.
    """

    calls = False
    has_tests = False
    waits = False
    has_end = False
    last_search: Search | None = None

    def __init__(self, task: ScoutTask, sources: list[Lazy]) -> None:
        self._task = task
        self._sources = sources
        self._is_closed = False
        self.calls = any(source.calls for source in sources)
        self.waits = any(source.waits for source in sources)
        self.has_end = all(source.has_end for source in sources)

    def slot(self, task: ScoutTask, search: Search | None) -> Steps:
        """Make the next slot; ends with ``END`` if there is none.

        Args:
            task: the block that reads, which may wait.
            search: the search that the block follows or looks ahead of, if any.

        Raises:
            Exception: whatever the program raises.
        """
        if self._is_closed:
            return END
        slot = yield from self._slot(task, search)
        self._is_closed = slot is END
        return slot

    def _slot(self, task: ScoutTask, search: Search | None) -> Steps:
        raise NotImplementedError

    def whole(self, task: ScoutTask) -> Any:
        """All items that are left, as a list or a pending one; ``NotImplemented`` if they are read one by one."""
        return NotImplemented

    def close(self) -> None:
        """Have no more items."""
        self._is_closed = True

    def parts(self) -> list[Any]:
        """See ``Readable``."""
        return [self, *(part for source in self._sources for part in source.parts())]

    def fork(self, memo: dict[int, Any]) -> Lazy:
        """See ``Readable``."""
        known: Lazy | None = memo.get(id(self))
        if known is None:
            known = memo[id(self)] = copy.copy(self)
            known.part(memo)
        return known

    def part(self, memo: dict[int, Any]) -> None:
        """Share nothing any more with the iterator that this is a copy of; ``memo`` as for ``fork``."""
        self._sources = [source.fork(memo) for source in self._sources]

    def __iter__(self) -> Lazy:
        return self

    def __next__(self) -> Any:
        """The next item, for ordinary code.

        Raises:
            Touched: it is not known yet whether there is one.
        """
        world = self._task.world
        world.asked += 1  # ordinary code that is stopped must not be tried again: it would read on
        reader = read(self, self._task, lambda own: first(self, own, None))
        if not reader.is_done:
            raise Touched(world.never)
        if reader.outcome is END:
            raise StopIteration
        return reader.outcome


class Plain(Lazy):
    """An iterator over values that no call makes.

    Args:
        task: the block that made it.
        iterator: the iterator; if it is not known yet, the pending value that it goes over.
    """

    def __init__(self, task: ScoutTask, iterator: Any) -> None:
        super().__init__(task, [])
        self._iterator = iterator
        self.has_end = type(iterator) in ITERATORS_OF_CONTAINERS
        self._tape: _Tape | None = None
        self._at = 0
        self._is_fork = False

    def _slot(self, task: ScoutTask, search: Search | None) -> Steps:
        if type(self._iterator) is Pending:
            yield self._iterator
            known = self._iterator.value
            if self._is_fork and is_iterator(known):
                yield task.world.never  # the original reads it
            self._iterator = _iterated(known)
        if isinstance(self._iterator, Lazy):
            return (yield from self._iterator.slot(task, search))
        if self._tape is None:
            for item in self._iterator:
                return Slot(item)
            return END
        item = self._tape.item(self._at)
        self._at += item is not END
        return END if item is END else Slot(item)

    def items(self) -> Iterator[Any] | None:
        """The iterator itself, if reading it directly makes no difference."""
        is_whole = self._tape is None and type(self._iterator) in ITERATORS_OF_CONTAINERS
        return self._iterator if is_whole and not self._is_closed else None

    def parts(self) -> list[Any]:
        """See ``Lazy``."""
        return [self, self._iterator]

    def fork(self, memo: dict[int, Any]) -> Lazy:
        """See ``Lazy``. An iterator that cannot be copied is read through a tape from now on."""
        iterator = self._iterator
        if self._tape is None and not self.is_late and fork(iterator, memo) is None:
            self._tape = _Tape(iterator)
        forked = super().fork(memo)
        if self._tape is not None:
            memo[id(iterator)] = forked
        return forked

    def part(self, memo: dict[int, Any]) -> None:
        """See ``Lazy``."""
        self._is_fork = True
        if self._tape is None and not self.is_late:
            self._iterator = fork(self._iterator, memo)

    @property
    def is_late(self) -> bool:
        """Whether the iterator has not arrived."""
        return type(self._iterator) is Pending

    @property
    def is_ahead(self) -> bool:
        """Whether more items were taken from the iterator than were read here."""
        return self._tape is not None and self._tape.length > self._at


class Slots(Lazy):
    """Slots that have been made already, some with tests that are pending."""

    has_tests = True

    def __init__(self, task: ScoutTask, slots: list[Slot]) -> None:
        super().__init__(task, [])
        self._slots = iter(slots)

    def _slot(self, task: ScoutTask, search: Search | None) -> Steps:
        yield from ()
        return next(self._slots, END)


class _Tape:
    """The items of an iterator, which several can read."""

    def __init__(self, iterator: Iterator[Any]) -> None:
        self._iterator = iterator
        self._items: list[Any] = []

    @property
    def length(self) -> int:
        return len(self._items)

    def item(self, at: int) -> Any:
        if at == len(self._items):
            for item in self._iterator:
                self._items.append(item)
                break
            else:
                return END
        return self._items[at]


def lazy(value: Any, task: ScoutTask) -> Lazy:
    """An iterator over the items of any value, which may be pending.

    Raises:
        TypeError: the value has no items.
    """
    if isinstance(value, Lazy):
        return value
    known = apply(task, lambda arrived: arrived, value)
    return known if isinstance(known, Lazy) else Plain(task, known if type(known) is Pending else iter(known))


def _iterated(value: Any) -> Any:
    return value if isinstance(value, Lazy) else iter(value)


def read(source: Lazy, task: ScoutTask, steps: Callable[[ScoutTask], Steps]) -> ScoutTask:
    """Read an iterator in a task of its own. Meanwhile ``task`` must wait before it reads it too.

    Args:
        source: the iterator.
        task: the block that reads.
        steps: reads it, given a task; ends with the result.
    """
    child = ScoutTask(task.world, task)
    child.strict = 0

    def whole() -> Steps:
        yield from freed(source, child)
        with resumed(source, child):
            return Returned((yield from steps(child)))

    child.start(whole(), lambda: hold(task, child, source.parts()))
    return child


@contextmanager
def resumed(source: Lazy, task: ScoutTask) -> Iterator[None]:
    """Meanwhile the calls that earlier look-aheads through an iterator made are found."""
    before, last = task.search, last_search(source)
    if last is not None:
        task.search = Search(before, task.world.ready, is_eager=False, last=last)
    try:
        yield
    finally:
        task.search = before


def last_search(source: Lazy) -> Search | None:
    """The last search through an iterator, or through one that it reads."""
    searches = (part.last_search for part in source.parts() if isinstance(part, Lazy))
    return next((search for search in searches if search is not None), None)


def end_search(search: Search, source: Lazy) -> None:
    """Note that a search through an iterator has ended."""
    search.end()
    for part in source.parts():
        if isinstance(part, Lazy):
            part.last_search = search


def freed(source: Lazy, task: ScoutTask) -> Steps:
    """Wait until no other block reads an iterator."""
    for part in source.parts():
        held = task.holds.get(id(part))
        if held is not None and not held[1].done:
            yield held[1]


def first(source: Lazy, task: ScoutTask, search: Search | None) -> Steps:
    """The next item, for a reader that needs no other; ends with ``END`` if there is none."""
    slot = yield from with_item(source, task, search)
    return slot if slot is END else slot.value


def with_item(source: Lazy, task: ScoutTask, search: Search | None) -> Steps:
    """The next slot that has an item; ends with ``END`` if there is none."""
    while True:
        slot = yield from source.slot(task, search)
        if slot is END or (yield from decided(slot.test, task, search, assumed=False)):
            return slot
        yield from survived(task, search)


def decided(test: Any, task: ScoutTask, search: Search | None, *, assumed: bool) -> Steps:
    """Whether a test is true; waits for that, or assumes it in a look-ahead."""
    if type(test) is not Pending:
        return test
    if test.done and test.error is None:
        return test.value
    if is_ahead(task, search):
        return assumed
    yield test
    return test.value


def is_ahead(task: ScoutTask, search: Search | None) -> bool:
    """Whether a block looks ahead of a search, and does not follow it."""
    return search is not None and task.ahead_of is search


def survived(task: ScoutTask, search: Search | None) -> Steps:
    """Note that a slot did not end a search; a look-ahead waits until it may begin the next one."""
    if search is None:
        return
    if is_ahead(task, search):
        yield from permitted(search)
    else:
        search.survived()


def permitted(search: Search) -> Steps:
    """Wait until the look-ahead of a search may begin its next round."""
    while not search.may_start():
        yield search.advance
    search.started()
