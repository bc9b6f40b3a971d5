"""The asynchronous style: ``await llm_query(…)`` and ``asyncio.gather(llm_query(…), …)`` work although a call has its value
when it returns.

From the first cell that awaits on, replies are strings, dicts and lists that can be awaited as well, and ``await`` takes every
other value of a call. What is awaited is an ordinary value.
"""

from __future__ import annotations

import ast
from collections.abc import Generator
from typing import Any

MARK = "\0awaitable"
"""The name among the builtins under which cells find ``awaitable``. No code can write it."""

_PLAIN = (str, dict, list, int, float, bool, type(None))


class _Awaited:
    """What makes a value a coroutine that has ended: asyncio takes whatever has these methods."""

    def value(self) -> Any:
        """The ordinary value."""
        raise NotImplementedError

    def __await__(self) -> Generator[Any, None, Any]:
        yield from ()
        return self.value()

    def send(self, _: Any) -> Any:
        """End with the value."""
        raise StopIteration(self.value())

    def throw(self, error: Any, *_: Any) -> Any:
        """Raise an exception, such as that of a cancelled task."""
        raise error

    def close(self) -> None:
        """Do nothing."""


class AwaitableText(_Awaited, str):
    """A reply that can be awaited."""

    __slots__ = ()

    def value(self) -> str:
        """As ordinary text."""
        return str.__str__(self)


class AwaitableDict(_Awaited, dict[str, Any]):
    """A typed reply that can be awaited."""

    __hash__ = object.__hash__  # type: ignore[assignment] # asyncio.gather keeps what it waits for as keys

    def value(self) -> dict[str, Any]:
        """As an ordinary dict."""
        return dict(self)


class AwaitableList(_Awaited, list[Any]):
    """Several replies, or a typed one, that can be awaited."""

    __hash__ = object.__hash__  # type: ignore[assignment] # as above

    def value(self) -> list[Any]:
        """As an ordinary list of ordinary values."""
        return [each.value() if isinstance(each, _Awaited) else each for each in self]


class _Ready(_Awaited):
    """Any value as something that can be awaited."""

    def __init__(self, value: Any) -> None:
        self._ready = value

    def value(self) -> Any:
        """As it is."""
        return self._ready


def is_async(cell: str) -> bool:
    """Whether a cell is written in the asynchronous style."""
    return "await" in cell or "asyncio" in cell


def reply_of(value: Any) -> Any:
    """The value of a call, which can be awaited if it is text, a dict or a list."""
    kind = type(value)
    if kind is str:
        return AwaitableText(value)
    if kind is dict:
        return AwaitableDict(value)
    return AwaitableList(map(reply_of, value)) if kind is list else value


_KINDS: tuple[tuple[type, type], ...] = ((AwaitableText, str), (AwaitableDict, dict), (AwaitableList, list))


def ordinary_kind(kind: type) -> type:
    """The type of the ordinary value of a reply; ``kind`` itself for any other."""
    return next((plain for own, plain in _KINDS if own is kind), kind)


def awaitable(value: Any) -> Any:
    """What ``await`` gets in a cell: the value itself, or one that can be awaited if it is plain data."""
    return _Ready(value) if type(value) in _PLAIN else value


def with_awaitables(tree: ast.Module) -> None:
    """Let each ``await`` in a cell take plain data; changes the tree."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Await):
            call = ast.Call(ast.Name(MARK, ast.Load()), [node.value], [])
            ast.copy_location(call, node.value)
            ast.copy_location(call.func, node.value)
            node.value = call
