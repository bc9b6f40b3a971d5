"""Reads questions about pairs of users as a condition on ``u`` and ``v``: dicts of ``counts`` and ``days`` by label."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from harlm_bench.simulator.roots.aggregation import DAY, MONTHS, day_of
from harlm_bench.simulator.roots.render import Code

_NUMBERS: Final = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6}
_LABEL: Final = r"label '?([\w-]+)'?"
_NUMBER: Final = rf"({'|'.join(_NUMBERS)}|\d+)"
_HELD: Final = re.compile(rf"(at least|exactly) {_NUMBER} messages? with {_LABEL}(?: or {_LABEL})?")
_WRITTEN: Final = re.compile(rf"all messages with {_LABEL} of both users were written (after|before) {DAY}")


def fits(question: str) -> Code | None:
    """The condition, for the users in one order or in the other; ``None`` if the question asks for no pairs."""
    asked = re.search(r"pairs of user.*? such that (.*?)(?:\. |$)", question, re.DOTALL)
    if asked is None:
        return None
    words = asked[1]
    for pattern, write in _RELATIONS:
        if found := re.search(pattern, words):
            return Code(write(found))
    one, separator, other = words.partition("other user has")
    if separator:
        return Code(" and ".join([*_conditions(one, "u"), *_conditions(other, "v")]) or "False")
    dated = [_dated(found, user) for found in _WRITTEN.finditer(words) for user in "uv"]
    return Code(" and ".join([*_conditions(words, "u"), *_conditions(words, "v"), *dated]) or "False")


def _conditions(words: str, user: str) -> list[str]:
    return [_condition(found, user) for found in _HELD.finditer(words)]


def _condition(found: re.Match[str], user: str) -> str:
    how, number, *labels = found.groups()
    total = " + ".join(_count(user, label) for label in labels if label)
    return f"({total} {'==' if how == 'exactly' else '>='} {_number(number)})"


def _dated(found: re.Match[str], user: str) -> str:
    label, side, day = found.groups()
    return f'all(day {">" if side == "after" else "<"} "{day_of(day)}" for day in {_days(user, label)})'


def _number(word: str) -> int:
    return int(word) if word.isdigit() else _NUMBERS[word]


def _count(user: str, label: str) -> str:
    return f'{user}["counts"]["{label}"]'


def _days(user: str, label: str) -> str:
    return f'{user}["days"].get("{label}", [])'


def _both_days(label: str, part: str) -> str:
    """Whether both wrote with a label on one day, or in one month."""
    first, second = (f"{{day{part} for day in {_days(user, label)}}}" for user in "uv")
    return f"{first} & {second}"


def _common_days(found: re.Match[str]) -> str:
    every = [f'{{day for days in {user}["days"].values() for day in days}}' for user in "uv"]
    return f"len({every[0]} & {every[1]}) >= {_number(found[1])}"


def _in_month(found: re.Match[str]) -> str:
    month = f"{MONTHS.index(found[2]) + 1:02}"
    return " and ".join(f'any(day[5:7] == "{month}" for day in {_days(user, found[1])})' for user in "uv")


def _only(found: re.Match[str]) -> str:
    a, b = found[1], found[2]
    return (
        f"{_count('u', a)} > 0 and {_count('u', b)} == 0 and {_count('v', b)} > 0 and {_count('v', a)} == 0"
    )


def _earlier(found: re.Match[str]) -> str:
    first, second = _days("u", found[1]), _days("v", found[1])
    return f"bool({first} and {second}) and max({first}) < min({second})"


def _more(found: re.Match[str]) -> str:
    a, b = found[2], found[3]
    ahead = f"{_count('u', a)} - {_count('v', a)} >= {_number(found[1])}"
    return f"{ahead} and {_count('u', b)} > 0 and {_count('v', b)} > 0"


_RELATIONS: Final[tuple[tuple[str, Callable[[re.Match[str]], str]], ...]] = (
    (rf"both users wrote messages on at least {_NUMBER} common days", _common_days),
    (
        rf"both users wrote a message with {_LABEL} on the same day",
        lambda found: f"bool({_both_days(found[1], '')})",
    ),
    (
        rf"both users wrote a message with {_LABEL} in the same month",
        lambda found: f"bool({_both_days(found[1], '[:7]')})",
    ),
    (rf"both users wrote a message with {_LABEL} in ({'|'.join(MONTHS)}) of any year", _in_month),
    (
        rf"both users have the same number of messages with {_LABEL}",
        lambda found: f"{_count('u', found[1])} == {_count('v', found[1])} > 0",
    ),
    (
        rf"together have exactly {_NUMBER} messages with {_LABEL}",
        lambda found: f"{_count('u', found[2])} + {_count('v', found[2])} == {_number(found[1])}",
    ),
    (rf"one user has messages with {_LABEL} but none with {_LABEL}, and the other", _only),
    (rf"wrote the last message with {_LABEL} before the other user wrote the first", _earlier),
    (r"exactly the same set of labels", lambda _: 'set(u["days"]) == set(v["days"])'),
    (
        rf"at least {_NUMBER} more messages with {_LABEL} than the other user, and both have one with {_LABEL}",
        _more,
    ),
)
