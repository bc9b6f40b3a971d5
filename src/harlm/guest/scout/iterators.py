"""The iterators of ``builtins`` and ``itertools`` that read other iterators: ``map``, ``filter``, ``zip``,
``islice`` and so on. Each reads as far as Python's own does.
"""

from __future__ import annotations

import functools
import itertools
import operator
import types
from collections.abc import Callable
from typing import Any

from .calls import invoke
from .copies import Unforkable
from .expressions import truth
from .functions import Inner, is_followed
from .lazy import END, NO_ITEM, Lazy, Plain, Slot, decided, lazy, survived, with_item
from .operations import apply
from .pending import Pending, Steps
from .search import Search
from .tasks import Returned, ScoutTask
from .world import Lost, facts_of_body


class Mapped(Lazy):
    """``map`` and ``itertools.starmap``.

    Args:
        task: the block that made it.
        function: what is called with the items.
        sources: the iterators that it reads.
        is_starred: whether an item holds all arguments.
    """

    def __init__(
        self, task: ScoutTask, function: Any, sources: list[Lazy], *, is_starred: bool = False
    ) -> None:
        super().__init__(task, sources)
        self._function = function
        self._is_starred = is_starred
        self.calls = self.calls or is_followed(function, task.world)
        self.has_tests = len(sources) == 1 and sources[0].has_tests
        self.waits = self.waits or (len(sources) > 1 and any(source.has_tests for source in sources))

    def _slot(self, task: ScoutTask, search: Search | None) -> Steps:
        if len(self._sources) > 1:
            values = yield from _row(self._sources, task, search)
            return END if values is END else Slot(invoke(self._function, values, {}, task))
        slot = yield from self._sources[0].slot(task, search)
        if slot is END or slot.test is False:
            return slot
        values = [slot.value]
        if self._is_starred:
            values = apply(task, list, slot.value)
            if type(values) is Pending:
                yield values
                values = values.value
        return Slot(_if(slot.test, lambda own: invoke(self._function, values, {}, own), task), slot.test)

    def fork(self, memo: dict[int, Any]) -> Lazy:
        """See ``Lazy``."""
        _check(self._function, self._task)
        return super().fork(memo)


class Filtered(Lazy):
    """``filter`` and ``itertools.filterfalse``.

    Args:
        task: the block that made it.
        function: what tells whether an item is kept; ``None`` if its truth does.
        source: the iterator that it reads.
        keeps: what the test of a kept item is.
    """

    has_tests = True

    def __init__(self, task: ScoutTask, function: Any, source: Lazy, *, keeps: bool = True) -> None:
        super().__init__(task, [source])
        self._function = function
        self._keeps = keeps
        self.calls = self.calls or is_followed(function, task.world)

    def _slot(self, task: ScoutTask, search: Search | None) -> Steps:
        while True:
            slot = yield from self._sources[0].slot(task, search)
            if slot is END:
                return slot
            passes = functools.partial(self._passes, slot.value)
            test = False if slot.test is False else truth(task, _if(slot.test, passes, task))
            if test is not False:
                return Slot(slot.value, test)
            if self.calls:
                return NO_ITEM
            task.world.step()

    def _passes(self, value: Any, task: ScoutTask) -> Any:
        test = truth(task, value if self._function is None else invoke(self._function, [value], {}, task))
        return test if self._keeps else apply(task, operator.not_, test)

    def fork(self, memo: dict[int, Any]) -> Lazy:
        """See ``Lazy``."""
        _check(self._function, self._task)
        return super().fork(memo)


class Zipped(Lazy):
    """``zip`` and ``enumerate``."""

    def __init__(self, task: ScoutTask, sources: list[Lazy]) -> None:
        super().__init__(task, sources)
        self.waits = self.waits or any(source.has_tests for source in sources)

    def _slot(self, task: ScoutTask, search: Search | None) -> Steps:
        values = yield from _row(self._sources, task, search)
        return END if values is END else Slot(tuple(values))


class Sliced(Lazy):
    """``itertools.islice``.

    Args:
        task: the block that made it.
        source: the iterator that it reads.
        start, stop, step: which of its items are taken; all from ``start`` on if ``stop`` is ``None``.
    """

    def __init__(self, task: ScoutTask, source: Lazy, start: int, stop: int | None, step: int) -> None:
        super().__init__(task, [source])
        self._next, self._stop, self._step = start, stop, step
        self._at = 0
        self.waits = self.waits or source.has_tests
        self.has_end = self.has_end or stop is not None

    def _slot(self, task: ScoutTask, search: Search | None) -> Steps:
        is_over = self._stop is not None and self._next >= self._stop
        last = self._stop if is_over and self._stop is not None else self._next + 1
        slot = END
        while self._at < last:
            if slot is not END:
                yield from survived(task, search)
            slot = yield from with_item(self._sources[0], task, search)
            if slot is END:
                return END
            self._at += 1
        self._next += self._step
        return END if is_over else Slot(slot.value)


class Chained(Lazy):
    """``itertools.chain``."""

    def __init__(self, task: ScoutTask, sources: list[Lazy]) -> None:
        super().__init__(task, sources)
        self.has_tests = any(source.has_tests for source in sources)

    def _slot(self, task: ScoutTask, search: Search | None) -> Steps:
        while self._sources:
            slot = yield from self._sources[0].slot(task, search)
            if slot is not END:
                return slot
            self._sources = self._sources[1:]
        return END


class Flattened(Lazy):
    """``itertools.chain.from_iterable``: the items of the items of an iterator."""

    def __init__(self, task: ScoutTask, outer: Lazy) -> None:
        super().__init__(task, [outer])
        self.waits = self.waits or outer.has_tests

    def _slot(self, task: ScoutTask, search: Search | None) -> Steps:
        while True:
            if len(self._sources) > 1:
                slot = yield from self._sources[1].slot(task, search)
                if slot is not END:
                    return slot
            outer = yield from with_item(self._sources[0], task, search)
            if outer is END:
                return END
            self._sources = [self._sources[0], lazy(outer.value, task)]


class TakenWhile(Lazy):
    """``itertools.takewhile``."""

    def __init__(self, task: ScoutTask, function: Any, source: Lazy) -> None:
        super().__init__(task, [source])
        self._function = function
        self.calls = self.calls or is_followed(function, task.world)
        self.waits = True

    def _slot(self, task: ScoutTask, search: Search | None) -> Steps:
        slot = yield from with_item(self._sources[0], task, search)
        if slot is END:
            return END
        test = truth(task, invoke(self._function, [slot.value], {}, task))
        goes_on = yield from decided(test, task, search, assumed=True)
        return Slot(slot.value) if goes_on else END

    def fork(self, memo: dict[int, Any]) -> Lazy:
        """See ``Lazy``."""
        _check(self._function, self._task)
        return super().fork(memo)


class DroppedWhile(TakenWhile):
    """``itertools.dropwhile``."""

    _is_dropping = True

    def _slot(self, task: ScoutTask, search: Search | None) -> Steps:
        while self._is_dropping:
            slot = yield from with_item(self._sources[0], task, search)
            if slot is END:
                return END
            test = truth(task, invoke(self._function, [slot.value], {}, task))
            if not (yield from decided(test, task, search, assumed=True)):
                self._is_dropping = False
                return Slot(slot.value)
            yield from survived(task, search)
        return (yield from self._sources[0].slot(task, search))


class Accumulated(Lazy):
    """``itertools.accumulate``.

    Args:
        task: the block that made it.
        source: the iterator that it reads.
        function: what makes the next total of the last one and an item.
        first: the totals to begin with, none or one.
    """

    def __init__(self, task: ScoutTask, source: Lazy, function: Any, first: list[Any]) -> None:
        super().__init__(task, [source])
        self._function = function
        self._first = first
        self._totals: list[Any] = []
        self.calls = self.calls or is_followed(function, task.world)
        self.waits = self.waits or source.has_tests

    def _slot(self, task: ScoutTask, search: Search | None) -> Steps:
        if self._first and not self._totals:
            total = self._first[0]
        else:
            slot = yield from with_item(self._sources[0], task, search)
            if slot is END:
                return END
            total = slot.value
            if self._totals:
                total = invoke(self._function, [self._totals[0], total], {}, task)
        self._totals = [total]
        return Slot(total)

    def fork(self, memo: dict[int, Any]) -> Lazy:
        """See ``Lazy``."""
        _check(self._function, self._task)
        return super().fork(memo)


def _row(sources: list[Lazy], task: ScoutTask, search: Search | None) -> Steps:
    """An item of each iterator, in order; ``END`` as soon as one has none."""
    values: list[Any] = []
    for source in sources:
        slot = yield from with_item(source, task, search)
        if slot is END:
            return END
        values.append(slot.value)
    return values


def _if(test: Any, make: Callable[[ScoutTask], Any], task: ScoutTask) -> Any:
    """The result of ``make`` if a test is true, pending until that is known; else ``None``."""
    if type(test) is not Pending:
        return make(task)
    child = ScoutTask(task.world, task)

    def steps() -> Steps:
        yield test
        return Returned(make(child) if test.value else None)

    child.start(steps(), lambda: lambda: None)
    return child.outcome


def _check(function: Any, task: ScoutTask) -> None:
    """Check that a function changes nothing outside itself.

    Raises:
        Unforkable: it may.
    """
    text = function.text if type(function) is Inner else None
    if type(function) is types.FunctionType:
        text = task.world.text_of(function)
    elif type(function) is types.MethodType and is_followed(function, task.world):
        raise Unforkable
    if text is not None:
        known = facts_of_body(text)
        if known.changed - known.bound:
            raise Unforkable


# -- the functions that make them ------------------------------------------------------------------------


def _map(values: list[Any], named: dict[str, Any], task: ScoutTask) -> Lazy:
    function, *iterables = values
    return Mapped(task, function, [lazy(each, task) for each in iterables])


def _starmap(values: list[Any], named: dict[str, Any], task: ScoutTask) -> Lazy:
    function, rows = values
    return Mapped(task, function, [lazy(rows, task)], is_starred=True)


def _filter(values: list[Any], named: dict[str, Any], task: ScoutTask) -> Lazy:
    function, items = values
    return Filtered(task, function, lazy(items, task))


def _filter_false(values: list[Any], named: dict[str, Any], task: ScoutTask) -> Lazy:
    function, items = values
    return Filtered(task, function, lazy(items, task), keeps=False)


def _zip(values: list[Any], named: dict[str, Any], task: ScoutTask) -> Lazy:
    return Zipped(task, [lazy(each, task) for each in values])


def _enumerate(values: list[Any], named: dict[str, Any], task: ScoutTask) -> Lazy:
    items, start = (*values, named.get("start", 0))[:2]
    return Zipped(task, [Plain(task, itertools.count(start)), lazy(items, task)])


def _islice(values: list[Any], named: dict[str, Any], task: ScoutTask) -> Lazy:
    items, *bounds = values
    if any(type(bound) is Pending for bound in bounds):
        raise Lost("a slice of unknown length")
    chosen = slice(*bounds)
    start, step = chosen.start or 0, 1 if chosen.step is None else chosen.step
    itertools.islice((), start, chosen.stop, step)  # raises what Python raises
    return Sliced(task, lazy(items, task), start, chosen.stop, step)


def _chain(values: list[Any], named: dict[str, Any], task: ScoutTask) -> Lazy:
    return Chained(task, [lazy(each, task) for each in values])


def _chain_from(values: list[Any], named: dict[str, Any], task: ScoutTask) -> Lazy:
    if isinstance(values[0], list | tuple):
        return _chain(list(values[0]), named, task)
    return Flattened(task, lazy(values[0], task))


def _take_while(values: list[Any], named: dict[str, Any], task: ScoutTask) -> Lazy:
    function, items = values
    return TakenWhile(task, function, lazy(items, task))


def _drop_while(values: list[Any], named: dict[str, Any], task: ScoutTask) -> Lazy:
    function, items = values
    return DroppedWhile(task, function, lazy(items, task))


def _accumulate(values: list[Any], named: dict[str, Any], task: ScoutTask) -> Lazy:
    items, function = (*values, named.get("func"))[:2]
    first = [] if named.get("initial") is None else [named["initial"]]
    return Accumulated(task, lazy(items, task), function or operator.add, first)


MAKERS: dict[Any, Callable[[list[Any], dict[str, Any], ScoutTask], Lazy]] = {
    map: _map, filter: _filter, zip: _zip, enumerate: _enumerate, itertools.islice: _islice, itertools.chain: _chain,
    itertools.chain.from_iterable: _chain_from, itertools.starmap: _starmap, itertools.filterfalse: _filter_false,
    itertools.takewhile: _take_while, itertools.dropwhile: _drop_while, itertools.accumulate: _accumulate,
}  # fmt: skip
"""How each of these functions makes its iterator."""


def made(function: Any, values: list[Any], named: dict[str, Any], task: ScoutTask) -> Any:
    """The iterator that a function of ``MAKERS`` makes; ``NotImplemented`` if no call is made for it."""
    given = values
    if function == itertools.chain.from_iterable and isinstance(values[0], list | tuple):
        given = list(values[0])
    if not any(isinstance(each, Lazy) or is_followed(each, task.world) for each in given):
        return NotImplemented
    return MAKERS[function](values, named, task)
