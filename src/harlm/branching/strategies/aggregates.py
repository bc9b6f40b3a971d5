"""Reads questions about how often labels, users and dates occur, as code over labelled records. The forms are those of the
OOLONG set (arXiv 2511.02817) and their plain variants. A question of which a part is not understood gives no code.

The code works on ``kept``: pairs of a record and its label. It leaves the answer in ``result``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from harlm.branching.strategies.records import Records
from harlm.branching.strategies.scopes import DAY, NOUN, day_of, iso_day, read_scope

_LABEL = r"label\s+(?P<q{0}>['\"]?)(?P<{0}>[\w][\w /&+-]*?)(?P=q{0})(?=[\s?.,]|$)"


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
    scope = read_scope(question, records)
    if scope is None:
        return None
    for says, pattern, write, needs in _KINDS:
        found = scope.asks(pattern, *_HARMLESS)
        if found is None:
            continue
        named = {
            name: _spelled(value, records) if name in ("a", "b") else value
            for name, value in found.groupdict().items()
            if name in _NAMED
        }
        if None in named.values() or (needs and not records.labels):
            return None
        code = write({name: value for name, value in named.items() if value is not None}, records)
        if code is None:
            return None
        return Aggregate(where=scope.where, compute=code.strip("\n"), needs_labels=needs, says=says)
    return None


def _spelled(value: str, records: Records) -> str | None:
    return next((label for label in records.labels if label.casefold() == value.casefold().strip()), None)


_NAMED = ("a", "b", "day", "n")
_HARMLESS = ("disregard months where there is a tie",)
_Write = Callable[[Mapping[str, str], Records], "str | None"]
"""Code from what a question names; ``None`` if the records lack a field that it needs."""


def _ranked(field: str, rank: int, shown: str) -> _Write:
    """Code that names the value of a field at a rank of frequency."""

    def write(_: Mapping[str, str], records: Records) -> str | None:
        value = {"label": "name", "owner": f"row[{records.owner!r}]", "time": day_of(records.time)}[field]
        if field != "label" and not getattr(records, field):
            return None
        return f"""
counts = Counter(each for each in ({value} for row, name in kept) if each not in (None, ""))
ranked = sorted(counts, key=lambda each: (-counts[each], str(each)))
result = {shown} if len(ranked) > {max(rank, -rank - 1)} else "NOT FOUND"
""".replace("«»", f"ranked[{rank}]")

    return write


def _code(text: str) -> _Write:
    """Code with the labels, the day and the number of the question in place of ``«a»``, ``«b»``, ``«day»`` and ``«n»``."""

    def write(named: Mapping[str, str], records: Records) -> str | None:
        if ("«time»" in text and not records.time) or ("«owner»" in text and not records.owner):
            return None
        code = text.replace("«time»", day_of(records.time)).replace("«owner»", f"row[{records.owner!r}]")
        for name, value in named.items():
            meant = iso_day(value) if name == "day" else value
            if meant is None:
                return None
            code = code.replace(f"«{name}»", repr(meant)).replace(f"«{name} in words»", value)
        return code

    return write


_DATE = 'f"Date: {datetime.fromisoformat(«»):%m/%d/%Y}"'
_MONTHLY = """
months = {}
for row, name in kept:
    if «time»:
        months.setdefault(«time»[:7], Counter())[name] += 1
"""
_A, _B = _LABEL.format("a"), _LABEL.format("b")
_KINDS: tuple[tuple[str, re.Pattern[str], _Write, bool], ...] = tuple(
    (says, re.compile(pattern, re.IGNORECASE), write, needs)
    for says, pattern, write, needs in (
        (
            "the frequency of a label before and after a day",
            rf"\b(?:is|was) (?:the )?{_A} more common, less common,? or the same frequency before (?P<day>{DAY}),? (?:as )?compared (?:to|with) after (?P=day)",
            _code(
                """
before = [name for row, name in kept if "" < «time» < «day»]
after = [name for row, name in kept if «time» > «day»]
first, then = before.count(«a») / max(1, len(before)), after.count(«a») / max(1, len(after))
verdict = "more common" if first > then else "less common" if first < then else "the same frequency"
result = f"Answer: «a in words» is {verdict} before «day in words»"
"""
            ),
            True,
        ),
        (
            "the months in which one label is ahead of another",
            rf"(?:for |in )?how many months (?:does|did|was|is) (?:the )?{_A} (?:occurs? )?more (?:frequently|often|frequent) than (?:the )?{_B}",
            _code(
                _MONTHLY + '\nresult = f"Answer: {sum(each[«a»] > each[«b»] for each in months.values())}"\n'
            ),
            True,
        ),
        (
            "the months in which a label is the most frequent",
            rf"(?:for |in )?how many months (?:is|was) (?:the )?{_A} the single most (?:frequently occurring|frequent|common) label",
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
            rf"in which month did (?:the )?{_A} first occur more (?:frequently|often) than (?:the )?{_B}",
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
            rf"\b(?:is|was) (?:the )?{_A} more common, less common,? or the same frequency as {_B}",
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
            rf"which user has the most {NOUN} with (?:the )?{_A}",
            _code(
                """
counts = Counter(«owner» for row, name in kept if name == «a»)
result = f"User: {min(counts, key=lambda user: (-counts[user], str(user)))}" if counts else "NOT FOUND"
"""
            ),
            True,
        ),
        (
            "the most frequent label",
            r"which of the labels(?: that occur)?,? (?:is|occurs) (?:the )?most (?:common|frequent(?:ly)?|often)",
            _ranked("label", 0, 'f"Label: {«»}"'),
            True,
        ),
        (
            "the least frequent label",
            r"which of the labels(?: that occur)?,? (?:is|occurs) (?:the )?least (?:common|frequent(?:ly)?|often)",
            _ranked("label", -1, 'f"Label: {«»}"'),
            True,
        ),
        (
            "the records of a label",
            rf"how many (?:of the(?:se)? )?{NOUN} (?:are|is) about (?P<a>[\w][\w /&+-]*?)(?=[?.,]|$)",
            _code('result = f"Answer: {sum(name == «a» for _, name in kept)}"'),
            True,
        ),
        (
            "the records of a label",
            rf"how many (?:of the(?:se)? )?{NOUN} (?:should be (?:classified|labell?ed) as|have|are|with|are there with|has|carry) (?:the )?{_A}",
            _code('result = f"Answer: {sum(name == «a» for _, name in kept)}"'),
            True,
        ),
        (
            "the second most active user",
            r"which user is represented (?:the )?second most(?: often)?",
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
            r"which date is represented (?:the )?second most(?: often)?",
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
counts = Counter(«time» for row, _ in kept if «time»)
result = f"Answer: {sum(count == int(«n») for count in counts.values())}"
"""
            ),
            False,
        ),
    )
)
