"""Numbered items in a prompt, and what a reply says of each. A reply counts only where it names an item once: numbers that
were not sent, and items that are answered in two ways, are taken as not answered.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from .leaf import Reply

_LINE = re.compile(  # possessive, so that no reply takes long to be read
    r"^[ \t>*\-\"'`]*+\[?#?(?P<number>[0-9]{1,7})[\]\"'`*]*+[ \t]*+(?:(?:->|[).:|=,-])++|(?<=\t))[ \t]*+(?P<rest>\S.*)$",
    re.MULTILINE,
)
_NUMBER = re.compile(r"\s*[0-9]{1,7}\s*")
_NUMBER_KEYS = ("number", "id", "n", "index", "line", "item", "i")

_Value = TypeVar("_Value")


def listed(items: Sequence[str]) -> str:
    """Items one a line, each after its number, from 1; line breaks inside an item become blanks."""
    return "\n".join(f"{number}: {' '.join(item.split())}" for number, item in enumerate(items, 1))


def batches(items: Sequence[str], most: int, characters: int) -> list[list[str]]:
    """The items in batches of at most ``most``, and of at most so many characters unless one item has more."""
    found: list[list[str]] = []
    room = 0
    for item in items:
        size = len(item) + 8
        if not found or len(found[-1]) >= most or size > room:
            found.append([])
            room = characters
        found[-1].append(item)
        room -= size
    return found


def answers_in(reply: str, count: int, read: Callable[[str], _Value | None]) -> dict[int, _Value]:
    """What a reply says of each item, by index from 0.

    Args:
        reply: lines of a number and an answer, or JSON: an object by number, a list of objects with a number, or a list of
            as many answers as items were sent.
        count: how many items were sent.
        read: an answer from its words; ``None`` if they are none.
    """
    numbered = list(_from_lines(reply))
    for pairs in (_from_json(reply, count) or [], numbered):
        if found := _sure(_from_one(pairs, count), count, read):
            return found
    return _sure([(1, reply.strip())], count, read) if count == 1 and not numbered else {}


def _sure(
    pairs: Iterable[tuple[int, str]], count: int, read: Callable[[str], _Value | None]
) -> dict[int, _Value]:
    """The answers of the pairs whose number was sent and that are answered in one way only."""
    found: dict[int, _Value] = {}
    twice: set[int] = set()
    for number, words in pairs:
        value = read(words)
        if value is None or not 1 <= number <= count:
            continue
        if found.setdefault(number - 1, value) != value:
            twice.add(number - 1)
    return {at: value for at, value in found.items() if at not in twice}


def _from_one(pairs: list[tuple[int, str]], count: int) -> list[tuple[int, str]]:
    """Pairs with numbers from 1. A reply that counts from 0 is read so only if it names every item; else no pair is sure."""
    numbers = {number for number, _ in pairs}
    if 0 not in numbers:
        return pairs
    return [(number + 1, words) for number, words in pairs] if numbers == set(range(count)) else []


def _from_lines(reply: str) -> Iterator[tuple[int, str]]:
    for line in _LINE.finditer(reply):
        yield int(line["number"]), line["rest"].strip()


def _from_json(reply: str, count: int) -> list[tuple[int, str]] | None:
    data = _json_in(reply)
    if isinstance(data, dict) and len(data) == 1 and isinstance(inner := next(iter(data.values())), list):
        data = inner
    if isinstance(data, dict):
        return [(int(key), _words(value)) for key, value in data.items() if _NUMBER.fullmatch(key)]
    if not isinstance(data, list):
        return None
    if all(isinstance(each, dict) for each in data):
        return [pair for each in data if (pair := _of_object(each)) is not None]
    return [(at, _words(each)) for at, each in enumerate(data, 1)] if len(data) == count else None


def _json_in(reply: str) -> Any:
    """The JSON between the first bracket of a reply and the last; ``None`` if there is none."""
    first = min((at for at in map(reply.find, "[{") if at >= 0), default=-1)
    last = max(map(reply.rfind, "]}"))
    if not 0 <= first < last:
        return None
    try:
        return json.loads(reply[first : last + 1])
    except (ValueError, RecursionError):
        return None


def _of_object(data: Mapping[str, Any]) -> tuple[int, str] | None:
    key = next((key for key in _NUMBER_KEYS if _NUMBER.fullmatch(str(data.get(key)))), None)
    if key is None:
        return None
    rest = [value for name, value in data.items() if name != key]
    return (int(data[key]), _words(rest[0] if len(rest) == 1 else dict(data))) if rest else None


def _words(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def certainties(reply: Reply) -> dict[int, float]:
    """How probable a reply was on the lines of each item, by index from 0: the probability of the tokens after the number.

    Empty if the server reports no log probabilities.
    """
    found: dict[int, float] = {}
    line, total = "", 0.0
    for token, logprob, _ in reply.tokens:
        head, broken, tail = token.partition("\n")
        line += head
        if not line.strip().rstrip(":.)-").strip().isdecimal():
            total += logprob
        if broken:
            _note(line, total, found)
            line, total = tail, 0.0
    _note(line, total, found)
    return found


def _note(line: str, total: float, found: dict[int, float]) -> None:
    match = _LINE.match(line)
    if match:
        found[int(match["number"]) - 1] = math.exp(min(0.0, total))
