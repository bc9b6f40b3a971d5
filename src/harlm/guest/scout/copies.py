"""Copies of what a look-ahead changes or reads: names, containers and iterators. Also tells what changes when it
is read. Does not know how iterators are read.
"""

from __future__ import annotations

import copy
from collections import deque
from collections.abc import Iterable
from typing import Any

from .frames import Frame
from .pending import Pending

_SOURCES: tuple[Any, ...] = (
    iter([]), iter(()), iter(range(0)), iter(range(1 << 70)), iter("a"), iter("ä"), iter(b""), iter(bytearray()), iter({}),
    iter({}.values()), iter({}.items()), iter(set()), reversed([]), reversed({}),
)  # fmt: skip

ITERATORS_OF_CONTAINERS = frozenset(map(type, _SOURCES))
"""The kinds of iterators that go over a container, which can be copied and have an end."""

_OVER_ITERATORS = (enumerate, zip, map, filter)
_PLAIN = frozenset(
    {str, int, float, bool, bytes, type(None), Pending, type, type(copy), type(len), type(copy.copy)}
)
_FEW = 16  # parts of a container that is searched for iterators


class Unforkable(Exception):
    """An iterator cannot be copied, so nothing looks ahead of it."""


class Readable:
    """An object that changes when it is read."""

    def parts(self) -> list[Any]:
        """The objects that change when it is read: itself, and what it reads."""
        raise NotImplementedError

    def fork(self, memo: dict[int, Any]) -> Readable:
        """A separate object in the same state.

        Args:
            memo: what has been copied already, by the ``id`` of the original.

        Raises:
            Unforkable: reading it changes what cannot be copied.
        """
        raise NotImplementedError

    def __deepcopy__(self, memo: dict[int, Any]) -> Readable:
        return self.fork(memo)


def is_iterator(value: Any) -> bool:
    """Whether reading a value changes it."""
    kind = type(value)
    return kind is not Pending and hasattr(kind, "__next__")


def changed_by_reading(values: Iterable[Any]) -> list[Any]:
    """Those of some values, and of their direct parts, that change when they are read, and what changes with
    them.
    """
    found: list[Any] = []
    for value in values:
        if type(value) in _PLAIN:
            continue
        for each in (value, *_parts_of(value)):
            if isinstance(each, Readable):
                found += each.parts()
            elif is_iterator(each):
                found.append(each)
    return found


def _parts_of(value: Any) -> Iterable[Any]:
    """The direct parts of a small container, or of an object of a class that a cell defined."""
    kind = type(value)
    if kind is dict:
        return list(value.values()) if len(value) <= _FEW else ()
    if kind is list or kind is tuple:
        return value if len(value) <= _FEW else ()
    if kind.__module__ == "__main__" and kind is not type:
        names = getattr(value, "__dict__", None)
        return list(names.values()) if type(names) is dict else ()
    return ()


def copied(
    frame: Frame, names: frozenset[str], changed: frozenset[str], memo: dict[int, Any] | None = None
) -> Frame:
    """A separate frame for a look-ahead.

    Args:
        frame: of the loop.
        names: the names that the loop uses.
        changed: the names of the objects that it changes, which are copied, as are iterators.
        memo: what has been copied already, by the ``id`` of the original.

    Raises:
        Unforkable: an iterator cannot be copied.
    """
    memo = {} if memo is None else memo
    separate = frame.block(names)
    for name, value in separate.names.items():
        if is_iterator(value):
            separate.names[name] = fork(value, memo) or value
        elif name in changed or any(map(is_iterator, _parts_of(value))):
            separate.names[name] = _copy(value, memo)
    return separate


def _copy(value: Any, memo: dict[int, Any]) -> Any:
    if isinstance(value, (list, dict, set, deque, tuple)):
        try:
            return copy.deepcopy(value, memo)
        except Unforkable:
            raise
        except Exception:  # noqa: BLE001 - a part of it cannot be copied
            return copy.copy(value)
    if getattr(type(value), "__module__", "") != "__main__":
        return value
    made = copy.copy(value)
    names = getattr(made, "__dict__", None)
    if type(names) is dict:
        names.update({name: fork(part, memo) or part for name, part in names.items() if is_iterator(part)})
    return made


def fork(iterator: Any, memo: dict[int, Any]) -> Any:
    """A separate iterator in the same state; ``None`` if it is one of Python's that cannot be copied.

    Args:
        iterator: the iterator.
        memo: what has been copied already, by the ``id`` of the original.

    Raises:
        Unforkable: it is one of the scout's that cannot be copied.
    """
    if id(iterator) in memo:
        return memo[id(iterator)]
    if isinstance(iterator, Readable):
        return iterator.fork(memo)
    made = None
    if type(iterator) in ITERATORS_OF_CONTAINERS:
        made = copy.copy(iterator)
    elif type(iterator) in _OVER_ITERATORS:
        kind, parts = iterator.__reduce__()[:2]
        separate = [fork(part, memo) if is_iterator(part) else part for part in parts]
        if not any(is_iterator(part) and one is None for part, one in zip(parts, separate, strict=True)):
            made = kind(*separate)
    if made is not None:
        memo[id(iterator)] = made
    return made
