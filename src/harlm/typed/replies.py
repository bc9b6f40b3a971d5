"""The JSON value in a model's reply: alone, in a fence, after words, or with the small mistakes that models make."""

from __future__ import annotations

import ast
import json
import re

LONGEST = 2_000_000
"""Characters of a reply that are read."""

_FENCED = re.compile(r"```[ \t]*(?:json|JSON|jsonc|json5)?[ \t]*\n(.*?)(?:\n[ \t]*```|\Z)", re.DOTALL)
_TRAILING = re.compile(r",(?=\s*[}\]])")
_BEGIN = re.compile(r"[\[{]")
_MOST_STARTS = 50  # brackets at which a value may begin
_LONGEST_LITERAL = 200_000  # characters that are read as Python


def value_in(text: str) -> object:
    """The JSON value in a reply.

    A whole reply that is JSON is that value. Else it is the one in the last fence, or the first object or list that
    stands in the words. Trailing commas and the notation of Python (``None``, ``'…'``) are read as well.

    Raises:
        ValueError: there is none.
    """
    bare = text[:LONGEST].strip().lstrip("\ufeff")
    for candidate in (bare, *reversed([found.strip() for found in _FENCED.findall(bare)])):
        value = _whole(candidate)
        if value is not _NONE:
            return value
    value = _inside(bare)
    if value is _NONE:
        raise ValueError("the reply holds no JSON value")
    return value


_NONE = object()


def _whole(text: str) -> object:
    """The value that a text is; ``_NONE`` if it is none."""
    if not text:
        return _NONE
    for attempt in (text, _TRAILING.sub("", text)):
        try:
            return json.loads(attempt, strict=False, parse_constant=_refused)
        except (ValueError, RecursionError):
            continue
    if text[0] in "[{('\"" and len(text) <= _LONGEST_LITERAL:
        try:
            return _json_like(ast.literal_eval(text))
        except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
            return _NONE
    return _NONE


def _inside(text: str) -> object:
    """The first object or list in words."""
    decoder = json.JSONDecoder(strict=False, parse_constant=_refused)
    at = 0
    for _ in range(_MOST_STARTS):
        found = _BEGIN.search(text, at)
        if found is None:
            return _NONE
        at = found.start()
        try:
            value: object = decoder.raw_decode(text, at)[0]
            return value
        except (ValueError, RecursionError):
            end = text.rfind("}" if text[at] == "{" else "]")
            value = _whole(text[at : end + 1]) if end > at else _NONE
            if value is not _NONE:
                return value
        at += 1
    return _NONE


def _refused(constant: str) -> object:
    raise ValueError(f"{constant} is not JSON")


def _json_like(value: object) -> object:
    """A literal of Python as JSON.

    Raises:
        ValueError: JSON has no such value.
    """
    match value:
        case None | bool() | int() | float() | str():
            return value
        case list() | tuple() | set() | frozenset():
            return [_json_like(each) for each in value]
        case dict():
            return {
                key if isinstance(key, str) else str(key): _json_like(each) for key, each in value.items()
            }
    raise ValueError(f"{type(value).__name__} is not JSON")
