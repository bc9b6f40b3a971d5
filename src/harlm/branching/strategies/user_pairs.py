"""Reads questions about pairs of users whose records meet conditions on labels, as a condition on two users in code. The forms
are those of OOLONG-Pairs (arXiv 2512.24601) and plain relations between two users.

Users are dicts: ``counts``, how many records they have of each label, and ``days``, when, by label.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from harlm.branching.strategies.aggregates import DAY, MONTHS, iso_day
from harlm.branching.strategies.records import Records
from harlm.patterns import lazy_pattern

_NUMBERS = {
    "one": 1,
    "two": 2,
    "three": 3,
    "four": 4,
    "five": 5,
    "six": 6,
    "seven": 7,
    "eight": 8,
    "nine": 9,
    "ten": 10,
}
_NUMBER = rf"(?:{'|'.join(_NUMBERS)}|\d{{1,6}})"
_LABEL = r"label '?([\w][\w-]*)'?"
_PAIRS = lazy_pattern(
    r"\bpairs of user.*? such that (?P<words>.*?)(?:\.(?: |$)|$)", re.DOTALL | re.IGNORECASE
)
_HELD = lazy_pattern(rf"(at least|exactly) ({_NUMBER}) [\w ]*?with {_LABEL}(?: or {_LABEL})?", re.IGNORECASE)
_DATED = lazy_pattern(
    rf"all [\w ]*?with {_LABEL} of both users (?:were|was|are) [\w ]*?(after|before) ({DAY})", re.IGNORECASE
)
_GLUE = lazy_pattern(
    r"\b(?:both|one|the|other|users?|has|have|had|and|a|an|at least one|messages?|instances?|records?|of|them|each)\b|[,.;]",
    re.IGNORECASE,
)


def read_pairs(question: str, records: Records) -> str | None:
    """The condition on ``u`` and ``v``, for the users in one order or the other; ``None`` if it is not understood in full."""
    found = _PAIRS.search(question)
    if found is None or not records.owner:
        return None
    words = " ".join(found["words"].split())
    for pattern, write in _RELATIONS:
        if related := re.search(pattern, words, re.IGNORECASE):
            return write(related)
    one, separator, other = words.partition("the other user has")
    if separator:
        parts = [_conditions(one, "u"), _conditions(other, "v")]
    else:
        dated = [_written(each, user) for each in _DATED.finditer(words) for user in "uv"]
        plain = _DATED.sub(" ", words)
        parts = [_conditions(plain, "u"), _conditions(plain, "v"), dated]
    if any(part is None for part in parts) or not parts[0]:
        return None
    return " and ".join(each for part in parts for each in part or ())


def _conditions(words: str, user: str) -> list[str] | None:
    """The conditions on one user; ``None`` if words are left over."""
    found = [_held(each, user) for each in _HELD.finditer(words)]
    rest = _GLUE.sub(" ", _HELD.sub(" ", words))
    return found if found and not rest.strip() else None


def _held(found: re.Match[str], user: str) -> str:
    how, number, *labels = found.groups()
    total = " + ".join(_count(user, label) for label in labels if label)
    return f"({total}) {'==' if how.casefold() == 'exactly' else '>='} {_number(number)}"


def _written(found: re.Match[str], user: str) -> str:
    label, side, day = found.groups()
    return f'all(day {">" if side.casefold() == "after" else "<"} "{iso_day(day)}" for day in {_days(user, label)})'


def _number(word: str) -> int:
    return int(word) if word.isdigit() else _NUMBERS[word.casefold()]


def _count(user: str, label: str) -> str:
    return f'{user}["counts"][{label!r}]'


def _days(user: str, label: str) -> str:
    return f'{user}["days"].get({label!r}, ())'


def _shared(label: str, part: str) -> str:
    """Whether both wrote with a label on one day, or in one month."""
    first, second = (f"{{day{part} for day in {_days(user, label)}}}" for user in "uv")
    return f"bool({first} & {second})"


def _common_days(found: re.Match[str]) -> str:
    first, second = (f'{{day for days in {user}["days"].values() for day in days}}' for user in "uv")
    return f"len({first} & {second}) >= {_number(found[1])}"


def _in_month(found: re.Match[str]) -> str:
    month = f"{MONTHS.index(found[2].capitalize()) + 1:02}"
    return " and ".join(f'any(day[5:7] == "{month}" for day in {_days(user, found[1])})' for user in "uv")


def _only(found: re.Match[str]) -> str:
    a, b = found[1], found[2]
    return (
        f"{_count('u', a)} > 0 and {_count('u', b)} == 0 and {_count('v', b)} > 0 and {_count('v', a)} == 0"
    )


def _earlier(found: re.Match[str]) -> str:
    first, second = _days("u", found[1]), _days("v", found[1])
    return f"bool({first}) and bool({second}) and max({first}) < min({second})"


def _more(found: re.Match[str]) -> str:
    ahead = f"{_count('u', found[2])} - {_count('v', found[2])} >= {_number(found[1])}"
    return f"{ahead} and {_count('u', found[3])} > 0 and {_count('v', found[3])} > 0"


_RELATIONS: tuple[tuple[str, Callable[[re.Match[str]], str]], ...] = (
    (rf"at least ({_NUMBER}) (?:common days|days on which both)", _common_days),
    (rf"both users wrote [\w ]*?with {_LABEL} on the same day$", lambda found: _shared(found[1], "")),
    (rf"both users wrote [\w ]*?with {_LABEL} in the same month", lambda found: _shared(found[1], "[:7]")),
    (rf"both users wrote [\w ]*?with {_LABEL} in ({'|'.join(MONTHS)}) of any year$", _in_month),
    (
        rf"both users have the same number of [\w ]*?with {_LABEL}",
        lambda found: f"{_count('u', found[1])} == {_count('v', found[1])} > 0",
    ),
    (
        rf"together have exactly ({_NUMBER}) [\w ]*?with {_LABEL}$",
        lambda found: f"{_count('u', found[2])} + {_count('v', found[2])} == {_number(found[1])}",
    ),
    (rf"one user has [\w ]*?with {_LABEL} but none with {_LABEL}, and the other user has", _only),
    (rf"wrote the last [\w ]*?with {_LABEL} before the other user wrote the first", _earlier),
    (r"exactly the same set of labels$", lambda _: 'set(u["days"]) == set(v["days"])'),
    (
        rf"at least ({_NUMBER}) more [\w ]*?with {_LABEL} than the other user, and both have one with {_LABEL}$",
        _more,
    ),
)
