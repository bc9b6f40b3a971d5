"""Values as a cell shows them, as a list of variables describes them, and as a frame can hold them."""

from __future__ import annotations

import re
import types
from collections import UserList, deque
from collections.abc import Iterable, Mapping, ValuesView
from collections.abc import Set as AnySet
from enum import Enum
from typing import Any

from ..arguments import PARTS
from .awaitable import ordinary_kind
from .context import Document, Documents

_NAME_LENGTH = 100  # characters of a reported name
_SHORT = 60  # characters of a value in a description
_PLAIN_DEPTH = 12  # levels of containers that are sent; deeper ones are sent as text
_TOO_MANY = f"more than {PARTS:,} numbers, texts and containers are too many for one value. Finish with a str, or with a part"
_FUNCTIONS = (types.FunctionType, types.MethodType, types.BuiltinFunctionType)


class NotSent(ValueError):
    """A value is not an answer, or too large for one."""


def echo(value: Any, limit: int) -> str:
    """What Python shows for a bare expression. A long text is cut before it is copied."""
    if isinstance(value, str):
        return str(value[: limit + 1])
    if type(value) in (list, tuple, dict, set) and len(value) > 1000:
        return f"{describe(value)}; print a slice of it"
    return repr(value)


def describe(value: Any) -> str:
    """A short description of a value, such as ``list of 12``; runs no code of the value's class."""
    kind = ordinary_kind(type(value))
    name = _type_name(kind)
    if kind is int and value.bit_length() > 3 * _SHORT:
        return f"int of {value.bit_length():,} bits"
    if kind in (int, float, bool, type(None)):
        return f"{name} {value!r}"
    if kind in (str, Document):
        text = str(value[:_SHORT])
        return f"str {text!r}" if len(value) <= _SHORT else f"str of {str.__len__(value):,} characters"
    if kind in (list, tuple, dict, set, frozenset, bytes, Documents):
        return f"{'list' if kind is Documents else kind.__name__} of {len(value):,}"
    if isinstance(value, list):
        return f"{name} of {list.__len__(value):,}"
    if isinstance(value, dict):
        return f"{name} of {dict.__len__(value):,}"
    return name


def _type_name(kind: type) -> str:
    """The name of a type, whatever its metaclass says."""
    return str(type.__dict__["__name__"].__get__(kind))[:_NAME_LENGTH]


def plain(value: Any) -> Any:
    """A value that a frame can hold: text, numbers, ``None``, lists, and maps with text as keys.

    Iterators are drawn out and become lists, records become maps of their fields, an exception becomes its
    message. What is nothing of this kind, or nested too deep, becomes its text.

    Raises:
        NotSent: it holds a function or a coroutine, which is not an answer; or it has more than ``PARTS`` parts,
            also if an iterator would go on for ever.
    """
    return _Plain().of(value, 0)


class _Plain:
    """Makes one value plain, and counts its parts."""

    def __init__(self) -> None:
        self._parts = 0

    def of(self, value: Any, depth: int) -> Any:
        self._parts += 1
        if self._parts > PARTS:
            raise NotSent(_TOO_MANY)
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, float):
            return float.__float__(value)
        if isinstance(value, str):
            return str.__str__(value)
        if isinstance(value, int):
            return _whole(int(value))
        if isinstance(value, Enum):
            return self.of(value.value, depth + 1)
        if depth < _PLAIN_DEPTH:
            if (pairs := _pairs(value)) is not None:
                return {_key(key): self.of(item, depth + 1) for key, item in pairs}
            if (items := _items(value)) is not None:
                return [self.of(item, depth + 1) for item in items]
            if hasattr(type(value), "tolist"):  # an array, or one number of it
                return self.of(value.tolist(), depth + 1)
        return _text(value)


def _items(value: Any) -> Iterable[Any] | None:
    """The items of a container or an iterator; ``None`` if it is neither."""
    if isinstance(value, set | frozenset):
        return sorted(value, key=repr)
    if isinstance(value, list | tuple | range | deque | UserList | AnySet | ValuesView):
        return value
    return iter(value) if hasattr(type(value), "__next__") else None


def _pairs(value: Any) -> Iterable[tuple[Any, Any]] | None:
    """The keys and values of a map, or the names and values of the fields of a record; ``None`` if it is
    neither.
    """
    if isinstance(value, dict):
        return dict.items(value)
    if isinstance(value, Mapping):
        return value.items()
    if isinstance(value, tuple):
        names = getattr(value, "_fields", None)
        return None if names is None else zip(names, value, strict=False)
    kind = type(value)
    if hasattr(kind, "__dataclass_fields__"):
        import dataclasses  # a cell has imported it; it takes 15 ms

        return [(each.name, getattr(value, each.name, None)) for each in dataclasses.fields(value)]
    has_text = any(getattr(kind, name) is not getattr(object, name) for name in ("__str__", "__repr__"))
    if has_text or hasattr(kind, "__next__"):
        return None
    return list(getattr(value, "__dict__", {}).items()) or None  # else its text would be its address


def _key(key: Any) -> str:
    if isinstance(key, str):
        return str.__str__(key)
    return str(_whole(key) if type(key) is int else key)


def _whole(value: int) -> int | str:
    """An integer; if it has more than 64 bits, in decimal, or in hexadecimal beyond what Python converts (4,300
    digits).
    """
    if -(1 << 63) <= value < 1 << 63:
        return value
    try:
        return str(value)
    except ValueError:
        return hex(value)


def _text(value: Any) -> str:
    """The text of a value.

    Raises:
        NotSent: it has none that is an answer.
    """
    if isinstance(value, BaseException):
        return str(value) or _type_name(type(value))
    if isinstance(value, bytes | bytearray):
        try:
            return value.decode()
        except UnicodeDecodeError:
            return repr(value)
    if isinstance(value, re.Match):
        return str(value.group())
    if isinstance(value, _FUNCTIONS):
        raise NotSent(
            f"the function {value.__name__} is not an answer. Call it, and finish with what it returns"
        )
    if is_awaited(value):
        name = str(getattr(value, "__qualname__", _type_name(type(value))))
        raise NotSent(f"{name}() was not awaited. Finish with what `await` returns")
    return str(value)


def is_awaited(value: Any) -> bool:
    """Whether a value is there only once it is awaited: a coroutine, a task, an asynchronous generator."""
    kind = type(value)
    return hasattr(kind, "__await__") or hasattr(kind, "__anext__")


async def awaited(value: Any) -> Any:
    """What a coroutine or a task returns, or the list of what an asynchronous generator yields.

    Raises:
        NotSent: it yields more than ``PARTS`` items.
    """
    if hasattr(type(value), "__await__"):
        return await value
    drawn: list[Any] = []
    async for item in value:
        drawn.append(item)
        if len(drawn) > PARTS:
            raise NotSent(_TOO_MANY)
    return drawn
