"""Reads JSON that servers of any make wrote: a field that makes no sense counts as missing, and costs nothing else."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

_MARK = b"\xef\xbb\xbf"  # a byte order mark
_LARGEST = 10**9  # of a count; a larger one is a mistake of the server
_LONGEST_NUMBER = 32  # characters
_DEEPEST = 6  # levels of lists and objects around words

UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What ``decoded`` raises; the last for JSON that is nested too deep."""


def decoded(data: bytes) -> Any:
    """The value of a JSON text.

    Bytes that are not UTF-8 become U+FFFD. Half of a surrogate pair stays as it is, since its other half may follow in
    the next event; NaN and infinities are accepted.

    Raises:
        msgspec.DecodeError: it is not JSON.
        RecursionError: it is nested too deep.
    """
    data = data.removeprefix(_MARK)
    try:
        return msgspec.json.decode(data)
    except RecursionError:
        raise
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        try:
            return json.loads(data.decode("utf-8", "replace"), parse_int=whole_number)
        except ValueError:
            raise msgspec.DecodeError(str(error)) from error


def whole_number(digits: str) -> float:
    """The number that digits write; infinity for one that is longer than any count."""
    return int(digits) if len(digits) <= _LONGEST_NUMBER else math.inf


def an_object(value: object) -> Mapping[str, Any]:
    """``value`` if it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def a_list(value: object) -> list[Any]:
    """``value`` if it is a list; a single object or text as the only element; nothing for anything else."""
    if isinstance(value, list):
        return value
    return [value] if isinstance(value, dict | str) else []


def a_text(value: object) -> str | None:
    """``value`` if it is a text that is not empty."""
    return value if isinstance(value, str) and value else None


def first(given: Mapping[str, Any], *names: str) -> Any:
    """The value of the first of these names that has one that is not null."""
    for name in names:
        if (value := given.get(name)) is not None:
            return value
    return None


def a_number(value: object) -> float | None:
    """The number that a value is or writes; ``None`` for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    if isinstance(value, str) and len(value) > _LONGEST_NUMBER:
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def a_count(value: object) -> int | None:
    """A count of tokens, fractions rounded up; ``None`` if the value is not a number, negative or absurd."""
    if type(value) is int:
        return value if 0 <= value <= _LARGEST else None
    number = a_number(value)
    return math.ceil(number) if number is not None and 0 <= number <= _LARGEST else None


def words(content: object) -> str:
    """The words of a message in any of the shapes that servers send: a text, a list of texts or parts, one part, a
    part whose text is an object with a ``value``. Parts that are thoughts are left out.
    """
    return content if isinstance(content, str) else "".join(_words(content, 0))


def thoughts(content: object) -> str:
    """The words of those parts of a message that are thoughts."""
    parts = a_list(content) if not isinstance(content, str) else []
    return "".join(
        words(first(part, "thinking", "reasoning", "text", "summary") or "")
        for part in parts
        if isinstance(part, dict) and is_thought(part)
    )


def is_thought(part: Mapping[str, Any]) -> bool:
    """Whether a part of a message holds what a model thought."""
    kind = part.get("type")
    return part.get("thought") is True or (
        isinstance(kind, str) and ("thinking" in kind or "reasoning" in kind or "thought" in kind)
    )


def _words(content: object, depth: int) -> Iterator[str]:
    if isinstance(content, str):
        yield content
    elif depth > _DEEPEST:
        return
    elif isinstance(content, list):
        for part in content:
            yield from _words(part, depth + 1)
    elif isinstance(content, dict) and not is_thought(content):
        yield from _words(first(content, "text", "value", "content", "parts", "output_text"), depth + 1)
    elif isinstance(content, int | float) and not isinstance(content, bool) and depth == 0:
        yield str(content)
