"""Reads questions about pairs of users whose records meet conditions on labels, as a condition on two users in code. The forms
are those of OOLONG-Pairs (arXiv 2512.24601) and plain relations between two users.

Users are dicts: ``counts``, how many records they have of each label, and ``days``, when, by label.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from harlm.branching.strategies.records import Records
from harlm.branching.strategies.scopes import DAY, MONTHS, NOUN, ONLY, iso_day, month_number
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
_PAIRS = lazy_pattern(
    r"\bpairs of user.*? (?:such that|where|in which) (?P<words>.*?)(?:\.(?: |$)|$)",
    re.DOTALL | re.IGNORECASE,
)
_GLUE = lazy_pattern(
    rf"\b(?:both|one|the|other|users?|has|have|had|and|a|an|at least one|{NOUN}|of|them|each)\b|[,.;]",
    re.IGNORECASE,
)


class _Reading:
    """Patterns with the labels of some records.

    Args:
        records: whose labels a question may name.
    """

    def __init__(self, records: Records) -> None:
        self.labels = {label.casefold(): label for label in records.labels}
        longest_first = sorted(map(re.escape, records.labels), key=len, reverse=True)
        label = rf"(?:the )?(?:label )?['\"]?({'|'.join(longest_first)})['\"]?(?!\w)"
        self._label = label
        self.held = self._pattern(
            rf"(at least|exactly) ({_NUMBER}) {NOUN} (?:with|of) {label}(?: or (?:with )?{label})?"
        )
        self.dated = self._pattern(
            rf"all (?:the )?{NOUN} (?:with|of) {label} of both users (?:were|was|are) (?:written )?(after|before) ({DAY})"
        )

    def relation(self, form: str) -> re.Pattern[str]:
        """A form in which ``L`` stands for a label that is named, and ``N`` for what a record is called."""
        return self._pattern(form.replace("«L»", self._label).replace("«N»", NOUN))

    def label(self, words: str) -> str:
        """A label as the records spell it."""
        return self.labels[words.casefold()]

    @staticmethod
    def _pattern(form: str) -> re.Pattern[str]:
        return re.compile(form, re.IGNORECASE)


_Named = tuple[str, ...]
"""The labels, numbers and months that a form names, in order."""


def read_pairs(question: str, records: Records) -> str | None:
    """The condition on ``u`` and ``v``, for the users in one order or the other; ``None`` if it is not understood in full."""
    found = _PAIRS.search(question)
    if found is None or not records.owner or not records.labels:
        return None
    if ONLY.search(question):
        return None
    words = " ".join(found["words"].split())
    reading = _Reading(records)
    for form, needs_days, write in _RELATIONS:
        if related := reading.relation(form).fullmatch(words):
            named = tuple(
                reading.label(each) if each and each.casefold() in reading.labels else each
                for each in related.groups()
            )
            return None if needs_days and not records.time else write(named)
    return _plain_conditions(words, reading, records)


def _plain_conditions(words: str, reading: _Reading, records: Records) -> str | None:
    """Conditions that each of the two users meets, or one the first and the other the second."""
    one, separator, other = words.partition("the other user has")
    dated: list[str | None] = []
    if separator:
        parts = [_conditions(one, "u", reading), _conditions(other, "v", reading)]
    else:
        days = list(reading.dated.finditer(words))
        if days and not records.time:
            return None
        dated = [_written(each, user, reading) for each in days for user in "uv"]
        plain = reading.dated.sub(" ", words)
        parts = [_conditions(plain, "u", reading), _conditions(plain, "v", reading)]
    if None in dated or any(part is None for part in parts):
        return None
    return " and ".join([*(each for part in parts for each in part or ()), *(each for each in dated if each)])


def _conditions(words: str, user: str, reading: _Reading) -> list[str] | None:
    """The conditions on one user; ``None`` if words are left over."""
    found = [_held(each, user, reading) for each in reading.held.finditer(words)]
    rest = _GLUE.sub(" ", reading.held.sub(" ", words))
    return found if found and not rest.strip() else None


def _held(found: re.Match[str], user: str, reading: _Reading) -> str:
    how, number, *labels = found.groups()
    total = " + ".join(_count(user, reading.label(each)) for each in labels if each)
    return f"({total}) {'==' if how.casefold() == 'exactly' else '>='} {_number(number)}"


def _written(found: re.Match[str], user: str, reading: _Reading) -> str | None:
    label, side, spoken = found.groups()
    day = iso_day(spoken)
    if day is None:
        return None
    sign = ">" if side.casefold() == "after" else "<"
    return f'all(day {sign} "{day}" for day in {_days(user, reading.label(label))})'


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


def _common_days(named: _Named) -> str:
    first, second = (f'{{day for days in {user}["days"].values() for day in days if day}}' for user in "uv")
    return f"len({first} & {second}) >= {_number(named[0])}"


def _in_month(named: _Named) -> str:
    month = month_number(named[1])
    return " and ".join(f'any(day[5:7] == "{month}" for day in {_days(user, named[0])})' for user in "uv")


def _only(named: _Named) -> str | None:
    a, b, b_again, a_again = named
    if (a, b) != (a_again, b_again):
        return None
    return (
        f"{_count('u', a)} > 0 and {_count('u', b)} == 0 and {_count('v', b)} > 0 and {_count('v', a)} == 0"
    )


def _earlier(named: _Named) -> str:
    first, second = _days("u", named[0]), _days("v", named[0])
    return f"bool({first}) and bool({second}) and max({first}) < min({second})"


def _more(named: _Named) -> str:
    ahead = f"{_count('u', named[1])} - {_count('v', named[1])} >= {_number(named[0])}"
    return f"{ahead} and {_count('u', named[2])} > 0 and {_count('v', named[2])} > 0"


_RELATIONS: tuple[tuple[str, bool, Callable[[_Named], str | None]], ...] = (
    (
        rf"(?:there are |they have )?at least ({_NUMBER}) (?:common days|days on which both users wrote (?:a |an )?«N»)",
        True,
        _common_days,
    ),
    (r"both users wrote (?:a |an )?«N» with «L» on the same day", True, lambda named: _shared(named[0], "")),
    (
        r"both users wrote (?:a |an )?«N» with «L» in the same month(?: of the same year| and year)?",
        True,
        lambda named: _shared(named[0], "[:7]"),
    ),
    (rf"both users wrote (?:a |an )?«N» with «L» in ({'|'.join(MONTHS)}) of any year", True, _in_month),
    (
        r"both users have the same number of «N» with «L»",
        False,
        lambda named: f"{_count('u', named[0])} == {_count('v', named[0])}",
    ),
    (
        r"both users have the same number of «N» with «L»,? and (?:both have )?at least one",
        False,
        lambda named: f"{_count('u', named[0])} == {_count('v', named[0])} > 0",
    ),
    (
        rf"the two users together have exactly ({_NUMBER}) «N» with «L»",
        False,
        lambda named: f"{_count('u', named[1])} + {_count('v', named[1])} == {_number(named[0])}",
    ),
    (
        r"one user has «N» with «L» but none with «L»,? and the other user has «N» with «L» but none with «L»",
        False,
        _only,
    ),
    (
        r"one user wrote the last «N» with «L» before the other user wrote the first(?: one)?",
        True,
        _earlier,
    ),
    (
        r"(?:the «N» of both users|both users) have exactly the same set of labels",
        False,
        lambda _: 'set(u["days"]) == set(v["days"])',
    ),
    (
        rf"one user has at least ({_NUMBER}) more «N» with «L» than the other user,? and both have one with «L»",
        False,
        _more,
    ),
)
"""Forms, whether they need the day of each record, and the condition that each means."""
