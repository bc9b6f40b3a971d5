"""What a tool returns, as a cell gets it: JSON-like data of a limited size."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from itertools import islice

import msgspec

from harlm.errors import CodeError
from harlm.guest.arguments import PARTS
from harlm.types import without_surrogates

LARGEST = 2_000_000
"""The most characters of a text, and bytes of other values, that one call returns."""

_DEEPEST = 32  # containers inside containers
_SHOWN = 300  # characters of an error


async def drawn(value: object) -> object:
    """The items of an asynchronous iterator as a list, as many as a result may have; any other value as it is."""
    if not isinstance(value, AsyncIterator):
        return value
    items: list[object] = []
    async for item in value:
        items.append(item)
        if len(items) > PARTS:
            break
    return items


def as_data(value: object, name: str) -> object:
    """The value of a tool as data. A longer text is cut, and says so at its end.

    Runs the code of iterators and of foreign classes, so it belongs where the tool itself runs.

    Args:
        value: what the tool returned.
        name: of the tool.

    Raises:
        CodeError: it is not JSON-like, or is too large.
    """
    if isinstance(value, Iterator):
        value = list(islice(value, PARTS + 1))
    if isinstance(value, str):
        return _text(value)
    try:
        plain = msgspec.to_builtins(value, str_keys=True, enc_hook=_plain)
        parts = _parts(plain, 0)
        plain, size = _encodable(plain)
    except Exception as error:
        raise CodeError(
            f"{name} returned a value of type {type(value).__name__}, which is not JSON-like data ({_said(error)}); it must return a str, a "
            "number, a list or a dict"
        ) from error
    if size > LARGEST or parts > PARTS:
        raise CodeError(
            f"{name} returned {size:,} bytes in {parts:,} parts; at most {LARGEST:,} bytes and {PARTS:,} parts are taken. Ask it for "
            "less"
        )
    return plain


def _text(value: str) -> str:
    text = str.__str__(value)
    if len(text) > LARGEST:
        text = f"{text[:LARGEST]}\n[cut: {LARGEST:,} of {len(text):,} characters]"
    return without_surrogates(text)


def _plain(value: object) -> object:
    """A value of a kind that msgspec does not know.

    Raises:
        TypeError: it has no such form.
    """
    if hasattr(value, "model_dump"):
        return value.model_dump(mode="json")
    if isinstance(value, Iterator):
        return list(islice(value, PARTS + 1))
    if hasattr(type(value), "tolist"):  # an array, or one number of it
        return value.tolist()  # type: ignore[attr-defined] # it has one
    raise TypeError(f"a value of type {type(value).__name__} in it has no JSON")


def _encodable(plain: object) -> tuple[object, int]:
    """A value without halves of letters, and its size in bytes."""
    try:
        return plain, len(msgspec.msgpack.encode(plain))
    except UnicodeEncodeError:
        plain = _mended(plain)
        return plain, len(msgspec.msgpack.encode(plain))


def _mended(value: object) -> object:
    match value:
        case str():
            return without_surrogates(value)
        case dict():
            return {_mended(key): _mended(each) for key, each in value.items()}
        case list() | tuple():
            return [_mended(each) for each in value]
    return value


def _parts(value: object, depth: int) -> int:
    """How many numbers, texts and containers a value has.

    Raises:
        ValueError: it is nested too deep.
    """
    if not isinstance(value, list | dict | tuple):
        return 1
    if depth >= _DEEPEST:
        raise ValueError(f"nested deeper than {_DEEPEST} levels")
    inside = value.values() if isinstance(value, dict) else value
    return 1 + sum(_parts(each, depth + 1) for each in inside)


def _said(error: Exception) -> str:
    try:
        return str(error)[:_SHOWN]
    except Exception:  # noqa: BLE001 - the error is of a foreign class
        return type(error).__name__
