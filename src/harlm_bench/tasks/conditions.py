"""What the questions about pairs of users ask of one user or of two: conditions and relations, in words and as code.

Knows counts and days of labels only, no text.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from harlm_bench.tasks.forms import Form
from harlm_bench.tasks.messages import LABELS
from harlm_bench.tasks.scopes import DAY, iso_day
from harlm_bench.tasks.words import MONTHS

LABEL = "|".join(LABELS)
_NUMBERS = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5}
_NUMBER = "|".join(_NUMBERS)
_MONTH = "|".join(MONTHS)
_CONDITION = re.compile(
    rf"(?P<how>at least|exactly)\s+(?P<n>{_NUMBER})\s+messages?\s+with\s+label\s+(?P<a>{LABEL})"
    rf"(?:\s+or\s+label\s+(?P<b>{LABEL}))?",
    re.IGNORECASE,
)
_DATED = Form(
    "all messages with label {a} of both users were written {side} {day}",
    a=LABEL,
    side="after|before",
    day=DAY,
)


@dataclass(slots=True, kw_only=True)
class Profile:
    """What is known of one user. Days are in the form of ISO 8601, months are their first seven letters.

    Attributes:
        counts: the number of messages of each label.
        days, months: when those of each label were written.
        all_days: the days on which the user wrote anything.
        first, last: the first and the last day of each label.
    """

    counts: Counter[str] = field(default_factory=Counter)
    days: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    months: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    all_days: set[str] = field(default_factory=set)
    first: dict[str, str] = field(default_factory=dict)
    last: dict[str, str] = field(default_factory=dict)

    def add(self, label: str, day: str) -> None:
        """One more message."""
        self.counts[label] += 1
        self.days[label].add(day)
        self.months[label].add(day[:7])
        self.all_days.add(day)
        self.first[label] = min(day, self.first.get(label, day))
        self.last[label] = max(day, self.last.get(label, day))


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """``at least two messages with label A``, or with A or B.

    Attributes:
        how: whether more count too.
        number: how many messages.
        labels: one, or two of which each counts.
    """

    how: Literal["at least", "exactly"]
    number: int
    labels: tuple[str, ...]

    def holds(self, user: Profile) -> bool:
        """Whether a user meets it."""
        count = sum(user.counts[label] for label in self.labels)
        return count >= self.number if self.how == "at least" else count == self.number

    def write(self) -> str:
        """In words."""
        number = next(name for name, value in _NUMBERS.items() if value == self.number)
        labels = " or ".join(f"label {label}" for label in self.labels)
        return f"{self.how} {number} message{'s' * (self.number > 1)} with {labels}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Dated:
    """That all messages of a label were written after (or before) a day. Holds where there is none."""

    label: str
    side: Literal["after", "before"]
    day: str
    spoken: str

    def holds(self, user: Profile) -> bool:
        """Whether a user meets it."""
        if not user.counts[self.label]:
            return True
        return user.first[self.label] > self.day if self.side == "after" else user.last[self.label] < self.day

    def write(self) -> str:
        """In words."""
        return _DATED.write(a=self.label, side=self.side, day=self.spoken)


def read_conditions(text: str) -> list[Condition]:
    """All conditions in a text, in order."""
    return [
        Condition(
            how="exactly" if found["how"].casefold() == "exactly" else "at least",
            number=_NUMBERS[found["n"].casefold()],
            labels=tuple(each.casefold() for each in (found["a"], found["b"]) if each),
        )
        for found in _CONDITION.finditer(text)
    ]


def read_dated(text: str) -> Dated | None:
    """The condition about days in a text, if there is one."""
    read = _DATED.read(text)
    if read is None:
        return None
    side: Literal["after", "before"] = "after" if read["side"].casefold() == "after" else "before"
    return Dated(label=read["a"].casefold(), side=side, day=iso_day(read["day"]), spoken=read["day"])


def profiles(lines: Iterable[tuple[str, str, str]]) -> dict[str, Profile]:
    """The profile of each user, from lines of user, label and day."""
    found: dict[str, Profile] = {}
    for user, label, day in lines:
        if user not in found:
            found[user] = Profile()
        found[user].add(label, day)
    return found


_Values = Mapping[str, str]
Relates = Callable[[Profile, Profile, _Values], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation:
    """Something that holds between two users, in words and as code that need not be symmetric: either order will do."""

    form: Form
    holds: Relates


def _earlier(first: Profile, second: Profile, of: _Values) -> bool:
    label = of["a"]
    return bool(first.counts[label] and second.counts[label]) and first.last[label] < second.first[label]


def _only(first: Profile, second: Profile, of: _Values) -> bool:
    a, b = of["a"], of["b"]
    return first.counts[a] > 0 == first.counts[b] and second.counts[b] > 0 == second.counts[a]


def _same_month(first: Profile, second: Profile, of: _Values) -> bool:
    return not first.months[of["a"]].isdisjoint(second.months[of["a"]])


def _in_month(first: Profile, second: Profile, of: _Values) -> bool:
    month = f"-{MONTHS.index(of['month'].capitalize()) + 1:02}"
    return all(any(each.endswith(month) for each in user.months[of["a"]]) for user in (first, second))


def _more(first: Profile, second: Profile, of: _Values) -> bool:
    a, b = of["a"], of["b"]
    has_both = bool(first.counts[b] and second.counts[b])
    return has_both and first.counts[a] - second.counts[a] >= _NUMBERS[of["n"]]


RELATIONS: tuple[Relation, ...] = (
    Relation(
        form=Form("there are at least {n} days on which both users wrote a message", n=_NUMBER),
        holds=lambda u, v, of: len(u.all_days & v.all_days) >= _NUMBERS[of["n"]],
    ),
    Relation(
        form=Form("both users wrote a message with label {a} on the same day", a=LABEL),
        holds=lambda u, v, of: not u.days[of["a"]].isdisjoint(v.days[of["a"]]),
    ),
    Relation(
        form=Form("both users wrote a message with label {a} in the same month of the same year", a=LABEL),
        holds=_same_month,
    ),
    Relation(
        form=Form("both users wrote a message with label {a} in {month} of any year", a=LABEL, month=_MONTH),
        holds=_in_month,
    ),
    Relation(
        form=Form("both users have the same number of messages with label {a}, and at least one", a=LABEL),
        holds=lambda u, v, of: u.counts[of["a"]] == v.counts[of["a"]] > 0,
    ),
    Relation(
        form=Form("the two users together have exactly {n} messages with label {a}", n=_NUMBER, a=LABEL),
        holds=lambda u, v, of: u.counts[of["a"]] + v.counts[of["a"]] == _NUMBERS[of["n"]],
    ),
    Relation(
        form=Form(
            "one user has messages with label {a} but none with label {b}, and the other user has messages with "
            "label {b} but none with label {a}",
            a=LABEL,
            b=LABEL,
        ),
        holds=_only,
    ),
    Relation(
        form=Form(
            "one user wrote the last message with label {a} before the other user wrote the first one",
            a=LABEL,
        ),
        holds=_earlier,
    ),
    Relation(
        form=Form("the messages of both users have exactly the same set of labels"),
        holds=lambda u, v, _: u.first.keys() == v.first.keys(),
    ),
    Relation(
        form=Form(
            "one user has at least {n} more messages with label {a} than the other user, and both have one with label {b}",
            n=_NUMBER,
            a=LABEL,
            b=LABEL,
        ),
        holds=_more,
    ),
)
"""Ten relations that depend on both users at once, beyond the published questions."""
