"""Counts records by code: reads from the words of a question what is to be counted, and from lines the records. No I/O.

Understands questions for the number of records with a label, for the most or the least common label or value, for which
of two labels is more common, and for values that occur a number of times; over all records, or over those of some IDs, of
a month, or between two days. Anything else is not understood, and says so.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime

_FIELD = re.compile(r"\s*(?P<name>[A-Za-z][\w ]{0,30}?)\s*:\s*(?P<value>.*?)\s*(?:\|\||\Z)", re.DOTALL)
_LABELS = re.compile(
    r"(?:labels|categories|classes|topics)\b[^:]{0,160}:\s*(?P<list>[\w' -]+(?:,\s*[\w' -]+)+)", re.IGNORECASE
)
_QUOTED = r"'(?P<{}>[^']+)'"
_COUNT = re.compile(rf"how many (?!months)\w+[^?]*label {_QUOTED.format('a')}", re.IGNORECASE)
_ABOUT = re.compile(r"how many (?:of the(?:se)? )?lines are about (?P<a>[^?]+)\?", re.IGNORECASE)
_COMPARE = re.compile(
    rf"is label {_QUOTED.format('a')} more common[^?]*label {_QUOTED.format('b')}", re.IGNORECASE
)
_MOST = re.compile(r"which of the labels is the (?P<rank>most|least) (?:common|frequent)", re.IGNORECASE)
_VALUE = re.compile(r"which (?P<field>\w+) is represented (?P<second>the second )?most often", re.IGNORECASE)
_MOST_OF = re.compile(
    rf"which (?P<field>\w+) has the most \w+ with the label {_QUOTED.format('a')}", re.IGNORECASE
)
_TIMES = re.compile(r"how many (?P<field>\w+?)s are represented exactly (?P<times>\d+) times", re.IGNORECASE)
_IDS = re.compile(r"\bIDs?:\s*(?P<ids>\d+(?:(?:,\s*|\s+and\s+)\d+)*)")
_DAY = r"[A-Z][a-z]+ \d{1,2}, \d{4}"
_RANGE = re.compile(rf"between (?P<first>{_DAY}) and (?P<last>{_DAY}), inclusive")
_MONTH = re.compile(r"in (?P<month>[A-Z][a-z]+) of any year")
_FORMS = ("%b %d, %Y", "%B %d, %Y", "%Y-%m-%d")


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One line with named fields.

    Attributes:
        fields: by their names in lower case, in the order of the line.
    """

    fields: Mapping[str, str]

    @property
    def text(self) -> str:
        """The last field: what a label is about."""
        return list(self.fields.values())[-1]

    @property
    def day(self) -> date | None:
        """The date of the record, if it has one."""
        return day_in(self.fields.get("date", ""))


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """What a question asks for.

    Attributes:
        labels: those that a record can have; empty if they do not matter.
        holds: whether a record is asked about.
        solve: the answer from the records with their labels, in the form that the question asks for.
    """

    labels: tuple[str, ...] = ()
    holds: Callable[[Record], bool] = field(default=lambda record: True)
    solve: Callable[[Sequence[tuple[Record, str]]], str]


def records_in(text: str) -> list[Record]:
    """The lines of a text that have fields, ``Name: value || Name: value``; if none has, every line."""
    found: list[Record] = []
    for line in text.splitlines():
        if "||" in line:
            fields = {each["name"].casefold(): each["value"] for each in _FIELD.finditer(line)}
            if len(fields) > 1:
                found.append(Record(fields=fields))
    return found or [Record(fields={"line": line}) for line in text.splitlines() if line.strip()]


def understood(question: str) -> Count | None:
    """What is to be counted; ``None`` if the question is of another kind."""
    listed = _LABELS.search(question)
    labels = tuple(each.strip() for each in listed["list"].split(",")) if listed else ()
    for pattern, solver, needs_labels in _KINDS:
        if (found := pattern.search(question)) is not None and (labels or not needs_labels):
            return Count(
                labels=labels if needs_labels else (), holds=_scope(question), solve=solver(found, labels)
            )
    return None


def day_in(text: str) -> date | None:
    """The date that a text is, in one of the usual forms."""
    for form in _FORMS:
        with suppress(ValueError):
            return datetime.strptime(text.strip(), form).date()
    return None


_Labelled = Sequence[tuple[Record, str]]
_Solver = Callable[["re.Match[str]", tuple[str, ...]], Callable[[_Labelled], str]]


def _scope(question: str) -> Callable[[Record], bool]:
    if (ids := _IDS.search(question)) is not None:
        wanted = set(re.findall(r"\d+", ids["ids"]))
        return lambda record: not wanted.isdisjoint(record.fields.values())
    if (days := _RANGE.search(question)) is not None:
        first, last = day_in(days["first"]) or date.min, day_in(days["last"]) or date.max
        return lambda record: record.day is not None and first <= record.day <= last
    if (month := _MONTH.search(question)) is not None:
        name = month["month"][:3].casefold()
        return lambda record: record.day is not None and record.day.strftime("%b").casefold() == name
    return lambda record: True


def _count(found: re.Match[str], labels: tuple[str, ...]) -> Callable[[_Labelled], str]:
    return lambda held: f"Answer: {sum(label == found['a'] for _, label in held)}"


def _most(found: re.Match[str], labels: tuple[str, ...]) -> Callable[[_Labelled], str]:
    sign = -1 if found["rank"].casefold() == "most" else 1

    def solve(held: _Labelled) -> str:
        counts = Counter(label for _, label in held)
        return f"Label: {min(counts, key=lambda label: (sign * counts[label], label), default='')}"

    return solve


def _compare(found: re.Match[str], labels: tuple[str, ...]) -> Callable[[_Labelled], str]:
    def solve(held: _Labelled) -> str:
        a, b = (sum(label == found[name] for _, label in held) for name in "ab")
        verdict = "same frequency as" if a == b else "more common than" if a > b else "less common than"
        return f"Answer: {found['a']} is {verdict} {found['b']}"

    return solve


def _value(found: re.Match[str], labels: tuple[str, ...]) -> Callable[[_Labelled], str]:
    name = found["field"].casefold()
    rank = 1 if found.groupdict().get("second") else 0
    label = found.groupdict().get("a")

    def solve(held: _Labelled) -> str:
        values = (record.fields.get(name, "") for record, own in held if label in (None, own))
        counts = Counter(values)
        ranked = sorted(counts, key=lambda value: (-counts[value], value))
        value = ranked[rank] if rank < len(ranked) else ""
        day = day_in(value)
        return f"{name.capitalize()}: {value if day is None else day.strftime('%m/%d/%Y')}"

    return solve


def _times(found: re.Match[str], labels: tuple[str, ...]) -> Callable[[_Labelled], str]:
    def solve(held: _Labelled) -> str:
        counts = Counter(record.fields.get(found["field"].casefold(), "") for record, _ in held)
        return f"Answer: {sum(count == int(found['times']) for count in counts.values())}"

    return solve


_KINDS: tuple[tuple[re.Pattern[str], _Solver, bool], ...] = (
    (_TIMES, _times, False),
    (_VALUE, _value, False),
    (_MOST_OF, _value, True),
    (_COUNT, _count, True),
    (_ABOUT, _count, True),
    (_COMPARE, _compare, True),
    (_MOST, _most, True),
)
