"""Reads questions about how often labels, users and dates occur, as code over labelled records. The forms are those of the
OOLONG set (arXiv 2511.02817) and their plain variants. A question of which a part is not understood gives no code.

The code works on ``kept``: pairs of a record and its label. It leaves the answer in ``result``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from harlm.branching.strategies.records import Records
from harlm.patterns import lazy_pattern

MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December",
)  # fmt: skip
DAY = rf"(?:{'|'.join(MONTHS)}) \d{{1,2}}, \d{{4}}"
_LABEL = r"label\s+['\"]?(?P<{0}>[\w][\w /&+-]*?)['\"]?(?=[\s?.,]|$)"
_USERS = lazy_pattern(r"\b(?:user )?IDs?:? ((?:\d+(?:, and |, | and )?)+)", re.IGNORECASE)
_MONTH = lazy_pattern(rf"\b(?:in|occur in|during) ({'|'.join(MONTHS)}) of any year")
_SPAN = lazy_pattern(rf"\bbetween ({DAY}) and ({DAY})")
_FORM = lazy_pattern(r"in the form '(?P<form>[^'\n]*)'")
_ONLY = lazy_pattern(r"\bonly consider\b|\bsubset of\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Aggregate:
    """A computation over labelled records.

    Attributes:
        where: a condition on ``row``, as code.
        compute: the lines that assign ``result``.
        needs_labels: whether the records must be labelled.
        says: the computation in words.
    """

    where: str
    compute: str
    needs_labels: bool
    says: str


def read_aggregate(question: str, records: Records) -> Aggregate | None:
    """The computation that a question asks for; ``None`` if it is not understood in full."""
    where = _where(question, records)
    if where is None:
        return None
    for says, pattern, write, needs in _KINDS:
        found = pattern.search(question)
        if found is None:
            continue
        named = {
            name: _spelled(value, records) if name in "ab" else value
            for name, value in found.groupdict().items()
        }
        if None in named.values() or (needs and not records.labels):
            return None
        code = write({name: value for name, value in named.items() if value is not None}, records)
        return Aggregate(where=where, compute=code.strip("\n"), needs_labels=needs, says=says)
    return None


def iso_day(spoken: str) -> str:
    """``March 5, 2023`` as ``2023-03-05``."""
    return datetime.strptime(spoken, "%B %d, %Y").date().isoformat()


def _spelled(value: str, records: Records) -> str | None:
    return next((label for label in records.labels if label.casefold() == value.casefold().strip()), None)


def _where(question: str, records: Records) -> str | None:
    """The condition on records that a question states; ``None`` if it states one that is not understood."""
    if records.owner and (users := _USERS.search(question)):
        ids = sorted({int(each) for each in re.findall(r"\d+", users[1])})
        return f"row[{records.owner!r}] in {ids!r}"
    if records.time and (month := _MONTH.search(question)):
        return f'row[{records.time!r}][5:7] == "{MONTHS.index(month[1]) + 1:02}"'
    if records.time and (span := _SPAN.search(question)):
        return f'"{iso_day(span[1])}" <= row[{records.time!r}] <= "{iso_day(span[2])}"'
    return None if _ONLY.search(question) else "True"


_Write = Callable[[Mapping[str, str], Records], str]


def _ranked(field: str, rank: int, shown: str) -> _Write:
    """Code that names the value of a field at a rank of frequency."""

    def write(_: Mapping[str, str], records: Records) -> str:
        value = {"label": "name", "owner": f"row[{records.owner!r}]", "time": f"row[{records.time!r}]"}[field]
        return f"""
counts = Counter({value} for row, name in kept)
ranked = sorted(counts, key=lambda each: (-counts[each], str(each)))
result = {shown} if len(ranked) > {max(rank, -rank - 1)} else "NOT FOUND"
""".replace("«»", f"ranked[{rank}]")

    return write


def _code(text: str) -> _Write:
    """Code with the labels, the day and the number of the question in place of ``«a»``, ``«b»``, ``«day»`` and ``«n»``."""

    def write(named: Mapping[str, str], records: Records) -> str:
        code = text.replace("«time»", repr(records.time)).replace("«owner»", repr(records.owner))
        for name, value in named.items():
            code = code.replace(f"«{name}»", repr(iso_day(value) if name == "day" else value))
            code = code.replace(f"«{name} in words»", value)
        return code

    return write


_DATE = 'f"Date: {datetime.fromisoformat(«»):%m/%d/%Y}"'
_MONTHLY = """
months = {}
for row, name in kept:
    months.setdefault(row[«time»][:7], Counter())[name] += 1
"""
_A, _B = _LABEL.format("a"), _LABEL.format("b")
_KINDS: tuple[tuple[str, re.Pattern[str], _Write, bool], ...] = tuple(
    (says, re.compile(pattern, re.IGNORECASE), write, needs)
    for says, pattern, write, needs in (
        (
            "the frequency of a label before and after a day",
            rf"\b{_A}[^?]*\bbefore (?P<day>{DAY})[^?]*\bafter {DAY}",
            _code(
                """
before = [name for row, name in kept if row[«time»] < «day»]
after = [name for row, name in kept if row[«time»] > «day»]
first, then = before.count(«a») / max(1, len(before)), after.count(«a») / max(1, len(after))
verdict = "more common" if first > then else "less common" if first < then else "the same frequency"
result = f"Answer: «a in words» is {verdict} before «day in words»"
"""
            ),
            True,
        ),
        (
            "the months in which one label is ahead of another",
            rf"how many months[^?]*\b{_A}[^?]*\bmore (?:frequently|often) than the {_B}",
            _code(
                _MONTHLY + '\nresult = f"Answer: {sum(each[«a»] > each[«b»] for each in months.values())}"\n'
            ),
            True,
        ),
        (
            "the months in which a label is the most frequent",
            rf"how many months[^?]*\b{_A}[^?]*\bsingle most",
            _code(
                _MONTHLY
                + """
others = [max((n for name, n in each.items() if name != «a»), default=0) for each in months.values()]
result = f"Answer: {sum(each[«a»] > most for each, most in zip(months.values(), others))}"
"""
            ),
            True,
        ),
        (
            "the first month in which one label is ahead of another",
            rf"in which month did the {_A}[^?]*\bmore (?:frequently|often) than the {_B}",
            _code(
                _MONTHLY
                + """
first = next((month for month in sorted(months) if months[month][«a»] > months[month][«b»]), None)
result = f"Answer: {datetime.fromisoformat(first + '-01'):%B %Y}" if first else "NOT FOUND"
"""
            ),
            True,
        ),
        (
            "the frequency of two labels",
            rf"\b{_A}[^?]*\bsame frequency as {_B}",
            _code(
                """
first, second = (sum(name == each for _, name in kept) for each in («a», «b»))
verdict = "more common than" if first > second else "less common than" if first < second else "same frequency as"
result = f"Answer: «a in words» is {verdict} «b in words»"
"""
            ),
            True,
        ),
        (
            "the user with the most records of a label",
            rf"which user has the most [\w ]+ with the {_A}",
            _code(
                """
counts = Counter(row[«owner»] for row, name in kept if name == «a»)
result = f"User: {min(counts, key=lambda user: (-counts[user], str(user)))}" if counts else "NOT FOUND"
"""
            ),
            True,
        ),
        (
            "the most frequent label",
            r"which of the labels\b[^?]*\bmost common",
            _ranked("label", 0, 'f"Label: {«»}"'),
            True,
        ),
        (
            "the least frequent label",
            r"which of the labels\b[^?]*\bleast common",
            _ranked("label", -1, 'f"Label: {«»}"'),
            True,
        ),
        (
            "the records of a label",
            r"how many (?:of the )?[\w ]+? (?:are|is) about (?P<a>[\w][\w /&+-]*?)(?=[?.,]|$)",
            _code('result = f"Answer: {sum(name == «a» for _, name in kept)}"'),
            True,
        ),
        (
            "the records of a label",
            rf"how many (?:of the )?[\w ]+ (?:should be classified as|have the|are|with the) {_A}",
            _code('result = f"Answer: {sum(name == «a» for _, name in kept)}"'),
            True,
        ),
        (
            "the second most active user",
            r"which user is represented the second most",
            _ranked("owner", 1, 'f"User: {«»}"'),
            False,
        ),
        (
            "the most active user",
            r"which user is represented (?:the )?most often",
            _ranked("owner", 0, 'f"User: {«»}"'),
            False,
        ),
        (
            "the second most frequent date",
            r"which date is represented the second most",
            _ranked("time", 1, _DATE),
            False,
        ),
        (
            "the most frequent date",
            r"which date is represented (?:the )?most often",
            _ranked("time", 0, _DATE),
            False,
        ),
        (
            "the dates that occur so often",
            r"how many dates are represented exactly (?P<n>\d{1,6}) times",
            _code(
                """
counts = Counter(row[«time»] for row, _ in kept)
result = f"Answer: {sum(count == int(«n») for count in counts.values())}"
"""
            ),
            False,
        ),
    )
)
