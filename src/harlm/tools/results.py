"""What a tool returns, as a cell gets it: JSON-like data of a limited size."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from itertools import islice

import msgspec

from harlm.errors import CodeError
from harlm.guest.arguments import PARTS

LARGEST = 2_000_000
"""The most characters of a text, and bytes of other values, that one call returns."""

_DEEPEST = 32  # containers inside containers


async def as_result(value: object, name: str) -> object:
    """The value of a tool as data. A longer text is cut, and says so at its end.

    Args:
        value: what the tool returned.
        name: of the tool.

    Raises:
        CodeError: it is not JSON-like, or is too large.
    """
    if isinstance(value, AsyncIterator):
        items: list[object] = []
        async for item in value:
            items.append(item)
            if len(items) > PARTS:
                break
        value = items
    elif isinstance(value, Iterator):
        value = list(islice(value, PARTS + 1))
    if isinstance(value, str):
        return _text(value)
    if value is None or isinstance(value, bool | int | float):
        return value
    try:
        plain = msgspec.to_builtins(value, str_keys=True, enc_hook=_plain)
        size = len(msgspec.msgpack.encode(plain))
    except (TypeError, ValueError, OverflowError, RecursionError, msgspec.MsgspecError) as error:
        raise CodeError(
            f"{name} returned a {type(value).__name__}, which is not JSON-like data ({error}); it must return a str, a number, a "
            "list or a dict"
        ) from error
    parts = _parts(plain, 0)
    if size > LARGEST or parts > PARTS:
        raise CodeError(
            f"{name} returned {size:,} bytes in {parts:,} parts; at most {LARGEST:,} bytes and {PARTS:,} parts are taken. Ask it for "
            "less"
        )
    return plain


def _text(value: str) -> str:
    text = str.__str__(value)
    if len(text) <= LARGEST:
        return text
    return f"{text[:LARGEST]}\n[cut: {LARGEST:,} of {len(text):,} characters]"


def _plain(value: object) -> object:
    """A value of a kind that msgspec does not know.

    Raises:
        NotImplementedError: it has no such form.
    """
    if hasattr(value, "model_dump"):
        return value.model_dump(mode="json")
    if isinstance(value, Iterator):
        return list(islice(value, PARTS + 1))
    raise TypeError(f"a {type(value).__name__} in it has no JSON")


def _parts(value: object, depth: int) -> int:
    if depth > _DEEPEST or not isinstance(value, list | dict | tuple):
        return 1
    inside = value.values() if isinstance(value, dict) else value
    return 1 + sum(_parts(each, depth + 1) for each in inside)
