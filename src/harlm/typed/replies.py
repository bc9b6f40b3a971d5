"""The JSON value in a model's reply: alone, in a fence, among words, or with the small mistakes that models make."""

from __future__ import annotations

import ast
import json
import math
import re
import warnings

from harlm import syntax
from harlm.patterns import lazy_pattern
from harlm.types import LONGEST_REPLY, without_surrogates

_FENCED = lazy_pattern(r"```[ \t]*+(?:json|JSON|jsonc|json5)?[ \t]*+\n(.*?)(?:\n[ \t]*+```|\Z)", re.DOTALL)
_STRING = r'"(?:[^"\\]++|\\.?)*+(?:"|\Z)'  # one that is never closed ends with the text
_STRING_OR_TRAILING = lazy_pattern(rf"{_STRING}|,(?=\s*+[}}\]])", re.DOTALL)
_PYTHON_STRING = r"(?<=[\[{,:(\s])'(?:[^'\\\n]++|\\.)*+'"  # not an apostrophe
_STRING_OR_BRACKET = lazy_pattern(rf"{_STRING}|{_PYTHON_STRING}|[\[\]{{}}]", re.DOTALL)
_BEGIN = lazy_pattern(r"[\[{]")
_LOOKS_LIKE_JSON = lazy_pattern(r"""\{\s*+["'}]|\[\s*+["'\[{\d\]-]""")
_MOST_FAILURES = 20  # brackets in words at which no value begins
_LONGEST_LITERAL = 50_000  # characters that are read as Python
_DEEPEST = 100  # lists and objects inside one another
_NONE = object()


def value_in(text: str) -> object:
    """The JSON value in a reply.

    A reply that is JSON is that value. Else it is the one in the last fence, or the longest object or list that stands
    among the words. Trailing commas and the notation of Python (``None``, ``'…'``) are read as well.

    Raises:
        ValueError: there is none, or it holds what cannot be handed on: numbers of more than 64 bits, or more than 100
            lists and objects inside one another.
    """
    bare = text[:LONGEST_REPLY].strip().lstrip("\ufeff").strip()
    for candidate in (bare, *reversed([found.strip() for found in _FENCED.findall(bare)])):
        value = _whole(candidate)
        if value is not _NONE:
            return _portable(value)
    value = _inside(bare)
    if value is _NONE:
        raise ValueError("the reply holds no JSON value")
    return _portable(value)


def _whole(text: str) -> object:
    """The value that a text is; ``_NONE`` if it is none."""
    if not text:
        return _NONE
    for attempt in (text, _without_trailing_commas(text)):
        try:
            return json.loads(attempt, strict=False, parse_constant=_refused)
        except (ValueError, RecursionError):
            continue
    return _literal(text) if text[0] in "[{('\"" and len(text) <= _LONGEST_LITERAL else _NONE


def _without_trailing_commas(text: str) -> str:
    return _STRING_OR_TRAILING.sub(lambda found: "" if found[0] == "," else found[0], text)


def _literal(text: str) -> object:
    """The value that a text is in Python; ``_NONE`` if it is none."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of escapes in strings that are no escapes
        try:
            match syntax.parsed(text).body:
                case [ast.Expr(expression)]:
                    value = ast.literal_eval(expression)
                    return value if isinstance(value, str | list | tuple | dict) else _NONE
        except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError, SystemError):
            pass
        return _NONE


def _inside(text: str) -> object:
    """The longest object or list among words. One that is broken off or has a mistake in it gives nothing, not even its parts."""
    decoder = json.JSONDecoder(strict=False, parse_constant=_refused)
    best, longest = _NONE, 0
    ends: dict[int, int] | None = None
    at = failures = 0
    while failures < _MOST_FAILURES and (found := _BEGIN.search(text, at)) is not None:
        start = found.start()
        try:
            value, at = decoder.raw_decode(text, start)
        except (ValueError, RecursionError):
            failures += 1
            is_meant = _LOOKS_LIKE_JSON.match(text, start) is not None
            ends = _ends(text) if ends is None else ends
            end = ends.get(start)
            value = _whole(text[start:end]) if end is not None else _NONE
            if value is _NONE and not is_meant:
                at = start + 1
                continue
            if end is None:
                break
            at = end
        if value is not _NONE and at - start > longest:
            best, longest = value, at - start
    return best


def _ends(text: str) -> dict[int, int]:
    """Where the brackets of a text are closed, by where they are opened."""
    ends: dict[int, int] = {}
    is_open: list[int] = []
    for found in _STRING_OR_BRACKET.finditer(text):
        if found[0] in ("[", "{"):
            is_open.append(found.start())
        elif found[0] in ("]", "}") and is_open:
            ends[is_open.pop()] = found.end()
    return ends


def _refused(constant: str) -> object:
    raise ValueError(f"{constant} is not JSON")


def _portable(value: object, depth: int = 0) -> object:
    """A value as JSON that every part of a run can hand on.

    Raises:
        ValueError: it is no such value.
    """
    if depth > _DEEPEST:
        raise ValueError(f"the value is nested deeper than {_DEEPEST} lists and objects")
    match value:
        case None | bool():
            return value
        case str():
            return without_surrogates(value)
        case int() if not -(1 << 63) <= value < 1 << 64:
            raise ValueError("a number in the value has more than 64 bits; write it as a string")
        case float() if not math.isfinite(value):
            raise ValueError("a number in the value is too large")
        case int() | float():
            return value
        case list() | tuple():
            return [_portable(each, depth + 1) for each in value]
        case dict():
            return {
                without_surrogates(key if isinstance(key, str) else str(key)): _portable(part, depth + 1)
                for key, part in value.items()
            }
    raise ValueError(f"{type(value).__name__} is not JSON")
