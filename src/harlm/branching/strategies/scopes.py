"""Reads which records a question is about: those of some users, of a month, or of a span of days. A restriction of another kind is
recognised as one that is not understood.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from harlm.branching.strategies.records import Records
from harlm.guest.tables.values import date_of
from harlm.patterns import lazy_pattern

MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_MONTH_NAME = rf"(?:{'|'.join(f'{name[:3]}(?:{name[3:]})?' if name[3:] else name for name in MONTHS)})"
DAY = rf"(?:{_MONTH_NAME}\.? \d{{1,2}},? \d{{4}}|\d{{4}}-\d{{2}}-\d{{2}}|\d{{1,2}}/\d{{1,2}}/\d{{4}})"
"""A regular expression for a day: March 5, 2023 · Mar 05, 2023 · 2023-03-05 · 03/05/2023, with the month first."""

NOUN = (
    r"(?:(?:data )?points?|instances?|messages?|reviews?|tickets?|lines?|records?|entries|entry|items?|posts?|comments?|texts?|questions?|"
    r"rows?|examples?|samples?|documents?|e-?mails?|notes?|tweets?|sentences?|headlines?|articles?|complaints?|requests?|reports?|calls?|"
    r"answers?|descriptions?|utterances?|chats?|statements?|quotes?|customers? (?:reviews?|messages?|tickets?))"
)
"""A regular expression for what a record may be called."""

_LEAD = r"(?:(?:that|which|who) )?(?:(?:are|is|were|was|have been) )?(?:associated with |written |posted |sent |dated |occur(?:ring|red)? |from |of |by )*"
_USERS = lazy_pattern(
    rf"{_LEAD}(?:in |with )?(?:the |these |one of the )?(?:following )?(?:users? )?(?:with )?(?:the |these )?(?:following )?"
    r"(?:user )?IDs?:? (?P<ids>(?:\d+(?:, and |, or |, | and | or )?)+)",
    re.IGNORECASE,
)
_MONTH = lazy_pattern(
    rf"{_LEAD}(?:in|during) (?:the month of )?(?P<month>{_MONTH_NAME}) of any year", re.IGNORECASE
)
_SPAN = lazy_pattern(
    rf"{_LEAD}(?:in the time )?between (?:the )?(?:dates? )?(?P<first>{DAY}) and (?P<last>{DAY})(?:,? (?:both )?inclusive)?",
    re.IGNORECASE,
)
ONLY = lazy_pattern(
    r"(?:^|(?<=[.?!] ))[^.?!]*\bonly (?:consider|look at|use|count)\b[^?]*?(?:\.(?= |$)|$)", re.IGNORECASE
)
_AMONG = lazy_pattern(
    rf"\b(?:among|of|for|in) (?:all |only )?(?:(?:the|these|those) )?{NOUN}(?: (?:associated with|of|by|from) (?:these|those|the) users?| in (?:this|that) "
    r"(?:month|span|time|period))?\s*,",
    re.IGNORECASE,
)
_GLUE = lazy_pattern(
    rf"\b(?:for|the|this|following|question|please|only|consider|look|at|use|count|subset|of|all|those|these|and|that|are|{NOUN})\b|[,.:]",
    re.IGNORECASE,
)
_AROUND = lazy_pattern(
    rf"\b(?:in|of|for|the|this|above|given|data|dataset|list|text|context|all|these|those|{NOUN}|overall|please|tell me|and)\b|[,:]",
    re.IGNORECASE,
)
_FORM = lazy_pattern(
    r"(?:(?<=[.?!] )|^)(?:please )?(?:(?:give|answer|reply|respond|return|write|format|state|output|report|your answer|your final answer)\b"
    rf"|each (?:(?:{NOUN}|one|of them|of (?:the|these) {NOUN}) )?(?:has|have|can be|is|should be)[^.?!]*? (?:one|exactly one) of (?:these|the|the following) "
    r"(?:labels|categories|classes|topics)\b|each month of each year counts for itself\b|judge by the share of the label among all\b"
    r"|(?:the )?(?:possible |available )?(?:labels|categories|classes)(?: are)?:).*?(?:[.?!](?= |$)|$)",
    re.IGNORECASE,
)
_RESTRICTS = lazy_pattern(
    r"\b(?:only|before|after|since|until|till|between|during|except|excluding|exclude|without|ignor\w+|ignore|skip\w*|disregard\w*|unless|"
    r"contain\w*|mention\w*|include|includes|including|start\w*|end|ends|longer|shorter|longest|shortest|more than|less than|fewer|at least|"
    r"at most|exactly|first|last|later|earlier|older|newer|not|never|no|whose|who|where|if|while|distinct|unique|different|duplicates?|"
    r"once|percent\w*|share|average|per|subset|in \d{4}|on \w+day|year|week|weekend|user|users|IDs?|month|months|that|which|for every|each)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """The records that a question is about.

    Attributes:
        where: a condition on ``row``, as code.
        rest: the sentences that ask, without what restricts them and without the form of the answer.
    """

    where: str
    rest: str

    def asks(self, pattern: re.Pattern[str], *known: str) -> re.Match[str] | None:
        """Where ``rest`` asks what a pattern reads; ``None`` if it does not, or if another word of it may restrict what is asked.

        Args:
            pattern: of the whole thing that is asked.
            known: phrases that restrict nothing.
        """
        found = pattern.search(self.rest)
        if found is None:
            return None
        start = max(self.rest.rfind(sign, 0, found.start()) for sign in ".?!") + 1
        ends = [at for sign in ".?!" if (at := self.rest.find(sign, found.end())) >= 0]
        end = min(ends, default=len(self.rest))
        others = f"{self.rest[:start]} {self.rest[end:]}"
        for phrase in known:
            others = others.replace(phrase, " ")
        around = _AROUND.sub(" ", f"{self.rest[start : found.start()]} {self.rest[found.end() : end]}")
        return None if around.strip() or _RESTRICTS.search(others) else found


def read_scope(question: str, records: Records) -> Scope | None:
    """The scope of a question; ``None`` if it has a restriction that is not understood, or one on a field that records lack."""
    asked = _FORM.sub(" ", question)
    conditions: list[str] = []
    for pattern, field, write in (
        (_USERS, records.owner, _of_users),
        (_MONTH, records.time, _in_month),
        (_SPAN, records.time, _in_span),
    ):
        found = {write(each, field) for each in pattern.finditer(asked)}
        if not found:
            continue
        condition = found.pop()
        if found or not field or condition is None:  # two months, no such field, no such day
            return None
        conditions.append(condition)
        asked = pattern.sub(" ", asked)
    for only in ONLY.findall(asked):
        if not conditions or _GLUE.sub(" ", only).strip():
            return None
    rest = _AMONG.sub(" ", ONLY.sub(" ", asked))
    return Scope(where=" and ".join(conditions) or "True", rest=" ".join(rest.split()))


def iso_day(spoken: str) -> str | None:
    """A day as ``2023-03-05``; ``None`` if there is no such day."""
    return date_of(spoken.replace(".", ""), "mdy")


def day_of(field: str) -> str:
    """Code for the day of a row, as ``2023-03-05``; empty if it has none."""
    return f'(row[{field!r}] or "")[:10]'


def _of_users(found: re.Match[str], field: str) -> str:
    return f"row[{field!r}] in {sorted({int(each) for each in re.findall(r'[0-9]+', found['ids'])})!r}"


def _in_month(found: re.Match[str], field: str) -> str:
    return f'{day_of(field)}[5:7] == "{month_number(found["month"])}"'


def month_number(name: str) -> str:
    """``March`` or ``Mar`` as ``03``."""
    return f"{[each[:3] for each in MONTHS].index(name[:3].capitalize()) + 1:02}"


def _in_span(found: re.Match[str], field: str) -> str | None:
    first, last = iso_day(found["first"]), iso_day(found["last"])
    return None if first is None or last is None else f'"{first}" <= {day_of(field)} <= "{last}"'
