"""Functions that take functions (``sorted``, ``reduce``), followed if their argument calls models, and
functions that read an iterator as far as they need (``next``, ``any``). Adds them to ``calls``.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from .calls import OVER_FUNCTIONS, invoke
from .copies import is_iterator
from .expressions import truth
from .functions import is_followed
from .iterators import MAKERS, made
from .lazy import END, Lazy, Plain, decided, survived, with_item
from .operations import apply
from .pending import Pending, Steps
from .reading import found, item
from .search import Search
from .tasks import ScoutTask
from .world import Lost


def _reduce(values: list[Any], named: dict[str, Any], task: ScoutTask) -> Any:
    function, iterable, *first = values
    items = apply(task, list, iterable)
    if type(items) is Pending:
        raise Lost("a reduce over a pending value")
    items = [*first, *items]
    result = items[0]
    for each in items[1:]:
        result = invoke(function, [result, each], {}, task)
    return result


def _ordered(choose: Callable[..., Any]) -> Callable[[list[Any], dict[str, Any], ScoutTask], Any]:
    def over(values: list[Any], named: dict[str, Any], task: ScoutTask) -> Any:
        rest = {name: value for name, value in named.items() if name != "key"}
        items = apply(task, list, values[0] if len(values) == 1 else values)
        if type(items) is Pending:
            raise Lost("an order of a pending value")
        keys = [invoke(named["key"], [item], {}, task) for item in items]

        def chosen(*known: Any) -> Any:
            by_number = choose(range(len(known)), key=known.__getitem__, **rest)
            return [items[at] for at in by_number] if choose is sorted else items[by_number]

        return apply(task, chosen, *keys)

    return over


_FOLLOWED: dict[Any, Callable[[list[Any], dict[str, Any], ScoutTask], Any]] = {
    functools.reduce: _reduce, sorted: _ordered(sorted), min: _ordered(min), max: _ordered(max),
}  # fmt: skip


def _function_argument(values: list[Any], named: dict[str, Any]) -> Any:
    """The function among the arguments of a function that takes one."""
    if "key" in named:
        return named["key"]
    return values[0] if values else None


def _if_it_calls(
    over: Callable[[list[Any], dict[str, Any], ScoutTask], Any],
) -> Callable[[list[Any], dict[str, Any], ScoutTask], Any]:
    def followed(values: list[Any], named: dict[str, Any], task: ScoutTask) -> Any:
        if not is_followed(_function_argument(values, named), task.world):
            return NotImplemented
        return over(values, named, task)

    return followed


OVER_FUNCTIONS.update({each: _if_it_calls(over) for each, over in _FOLLOWED.items()})


def _iterator(values: list[Any], named: dict[str, Any], task: ScoutTask) -> Any:
    """Follow ``iter``."""
    return values[0] if len(values) == 1 and isinstance(values[0], Lazy) else NotImplemented


def _next(values: list[Any], named: dict[str, Any], task: ScoutTask) -> Any:
    """Follow ``next``."""
    if not values or not isinstance(values[0], Lazy):
        return NotImplemented
    source, *default = values

    def known(value: Any) -> Any:
        if value is not END:
            return value
        if not default:
            raise StopIteration
        return default[0]

    value = item(source, task)
    return apply(task, known, value) if type(value) is Pending and not value.is_text else known(value)


def _stops_at(ending: bool) -> Callable[[list[Any], dict[str, Any], ScoutTask], Any]:
    """How to follow ``any``, which ends at ``True``, or ``all``, which ends at ``False``."""

    def follow(source: Lazy, task: ScoutTask, search: Search | None) -> Steps:
        while (slot := (yield from with_item(source, task, search))) is not END:
            test = truth(task, slot.value)
            if (yield from decided(test, task, search, assumed=not ending)) is ending:
                return ending
            yield from survived(task, search)
        return not ending

    def over(values: list[Any], named: dict[str, Any], task: ScoutTask) -> Any:
        if len(values) != 1 or not is_iterator(values[0]):
            return NotImplemented
        source = values[0]
        return found(source if isinstance(source, Lazy) else Plain(task, source), task, follow, may_end=True)

    return over


OVER_FUNCTIONS.update({iter: _iterator, next: _next, any: _stops_at(True), all: _stops_at(False)})
OVER_FUNCTIONS.update({maker: functools.partial(made, maker) for maker in MAKERS})
