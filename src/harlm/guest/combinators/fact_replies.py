"""Reads JSON in which a model says what numbered items state. Takes what models make of the form that was asked for: fences,
talk, flat lists, objects by number, an end that is missing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

_NUMBER_KEYS = ("number", "id", "n", "index", "item", "text")
_LISTS = ("items", "found", "results", "records", "facts", "data", "rows")
_NOTHING = frozenset({"", "none", "null", "n/a", "unknown", "not found", "not stated", "-"})

Fact = dict[str, str | None]
"""The value of each field; ``None`` for one that is not stated."""


def facts_in(reply: str, count: int, fields: Sequence[str]) -> dict[int, list[Fact]]:
    """What a reply says of each item, by index from 0. Numbers that were not sent, and items that come twice with different facts,
    are taken as not answered.

    Args:
        reply: JSON, perhaps with words around it.
        count: how many items were sent.
        fields: the names of the fields.
    """
    data = json_in(reply)
    if data is None:
        return {}
    found: dict[int, list[Fact]] = {}
    twice: set[int] = set()
    for number, value in _entries(data, count, fields):
        facts = _facts(value, fields)
        if facts is None or not 1 <= number <= count:
            continue
        if found.setdefault(number - 1, facts) != facts:
            twice.add(number - 1)
    return {at: facts for at, facts in found.items() if at not in twice}


def json_in(reply: str) -> Any:
    """The JSON in a reply, without fences and words around it; ``None`` if there is none. A list that breaks off is read as far as
    its whole entries go.
    """
    begin = re.search(r"[\[{]", reply)
    if begin is None:
        return None
    body = reply[begin.start() :]
    try:
        return json.JSONDecoder().raw_decode(body)[0]
    except (ValueError, RecursionError):
        return _repaired(body)


def _repaired(body: str) -> Any:
    ends = [each.start() for each in re.finditer(r"\}", body)]
    for end in reversed(ends[-20:]):
        for tail in ("", "]", "]}", "]}]}", "}]}"):
            try:
                return json.loads(body[: end + 1] + tail)
            except (ValueError, RecursionError):
                continue
    return None


def _entries(data: Any, count: int, fields: Sequence[str]) -> Iterator[tuple[int, Any]]:
    """The number of each item, and what is said of it."""
    if isinstance(data, dict):
        inner = next(
            (data[key] for key in _LISTS if key not in fields and isinstance(data.get(key), list)), None
        )
        if inner is not None and not any(key in data for key in _NUMBER_KEYS):
            yield from _entries(inner, count, fields)
        elif any(str(key).isdecimal() for key in data):
            yield from ((int(key), value) for key, value in data.items() if str(key).isdecimal())
        else:
            yield from _entries([data], count, fields)
        return
    if not isinstance(data, list):
        return
    numbered = [_numbered(each, fields) for each in data]
    if all(each is not None for each in numbered) and data:
        yield from _gathered([each for each in numbered if each is not None])
    elif count == 1:
        yield 1, data
    elif len(data) == count:
        yield from enumerate(data, 1)


def _numbered(entry: Any, fields: Sequence[str]) -> tuple[int, Any] | None:
    if not isinstance(entry, dict):
        return None
    key = next((key for key in _NUMBER_KEYS if key in entry and key not in fields), None)
    if key is None or not str(entry[key]).strip().isdecimal():
        return None
    inner = next((entry[name] for name in _LISTS if name not in fields and name in entry), None)
    rest = {name: value for name, value in entry.items() if name != key}
    return int(entry[key]), rest if inner is None else inner


def _gathered(entries: Sequence[tuple[int, Any]]) -> Iterator[tuple[int, Any]]:
    """Flat entries of one number one after another are one entry with all their facts."""
    at = 0
    while at < len(entries):
        number, value = entries[at]
        end = at + 1
        while end < len(entries) and entries[end][0] == number and isinstance(entries[end][1], dict):
            end += 1
        yield (
            (number, [each for _, each in entries[at:end]])
            if isinstance(value, dict) and end > at + 1
            else (number, value)
        )
        at = end


def _facts(value: Any, fields: Sequence[str]) -> list[Fact] | None:
    """Facts with the fields that were asked for; ``None`` if the value has no such form."""
    if value is None:
        return []
    if isinstance(value, dict):
        value = [value]
    if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
        return None
    facts = [{name: _value(each.get(name)) for name in fields} for each in value]
    if value and not any(name in each for each in value for name in fields):
        return None
    return [each for each in facts if any(part is not None for part in each.values())]


def _value(value: Any) -> str | None:
    if value is None or isinstance(value, dict | list):
        return None
    text = str(value).strip() if not isinstance(value, bool) else str(value).lower()
    return None if text.casefold() in _NOTHING else text
