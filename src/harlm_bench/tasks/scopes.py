"""Which lines a question is about: all of them, those of some users, of a month, or of a range of days."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from harlm_bench.tasks.forms import Form
from harlm_bench.tasks.words import MONTHS, spoken_day

ScopeKind = Literal["all", "users", "month", "range"]
DAY = rf"(?:{'|'.join(MONTHS)}) \d{{1,2}}, \d{{4}}"
"""The pattern of a day such as ``March 5, 2023``."""

_USERS = Form(
    "only consider the messages of the users with these IDs: {users}.",
    users=r"\d+(?:,\s*\d+)*(?:\s+and\s+\d+)?",
)
_MONTH = Form("only consider the messages that were written in {month} of any year.", month="|".join(MONTHS))
_RANGE = Form(
    "only consider the messages that were written between {first} and {last}, inclusive.", first=DAY, last=DAY
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """A part of the lines.

    Attributes:
        users: their IDs; empty for all.
        month: 1 to 12, of any year.
        first, last: days in the form of ISO 8601, both included.
    """

    users: frozenset[str] = frozenset()
    month: int | None = None
    first: str = ""
    last: str = ""

    def holds(self, day: str, user: str) -> bool:
        """Whether the lines of a day (in the form of ISO 8601) and a user belong to this part."""
        if self.users and user not in self.users:
            return False
        if self.month is not None and int(day[5:7]) != self.month:
            return False
        return not self.first or self.first <= day <= self.last

    def write(self) -> str:
        """The sentence that says so, with a blank at its end; empty for all lines."""
        if self.users:
            return f"For this question, {_USERS.write(users=', '.join(sorted(self.users)))} "
        if self.month is not None:
            return f"For this question, {_MONTH.write(month=MONTHS[self.month - 1])} "
        if self.first:
            first, last = (spoken_day(date.fromisoformat(each)) for each in (self.first, self.last))
            return f"For this question, {_RANGE.write(first=first, last=last)} "
        return ""


def read_scope(question: str) -> Scope:
    """The part of the lines that a question is about."""
    if (read := _USERS.read(question)) is not None:
        return Scope(users=frozenset(re.findall(r"\d+", read["users"])))
    if (read := _MONTH.read(question)) is not None:
        return Scope(month=MONTHS.index(read["month"].capitalize()) + 1)
    if (read := _RANGE.read(question)) is not None:
        return Scope(first=iso_day(read["first"]), last=iso_day(read["last"]))
    return Scope()


def iso_day(spoken: str) -> str:
    """``March 5, 2023`` as ``2023-03-05``."""
    return datetime.strptime(spoken, "%B %d, %Y").date().isoformat()
