"""AGGREGATION over labels that no line shows: counting, user and timeline questions in the form of the OOLONG set.

The messages are our own, of eight labels that a rule of words finds badly.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from datetime import date
from random import Random
from typing import TypeVar

from harlm_bench.items import Fact, Query, Question, Window
from harlm_bench.scoring import chance_of_number
from harlm_bench.tasks import check_size, records
from harlm_bench.tasks.aggregates import (
    ASKS,
    AskName,
    Row,
    dates_of,
    labels_of,
    shares_around,
    users_of,
    with_label,
)
from harlm_bench.tasks.forms import Asked
from harlm_bench.tasks.messages import LABELS
from harlm_bench.tasks.scopes import Scope, ScopeKind, read_scope
from harlm_bench.tasks.words import spoken_day

_PLAN: tuple[tuple[str, AskName, ScopeKind], ...] = (
    ("counting", "most common label", "all"),
    ("user", "count", "users"),
    ("timeline", "before and after", "all"),
    ("counting", "count", "all"),
    ("user", "user with most of a label", "all"),
    ("timeline", "count", "month"),
    ("counting", "comparison", "all"),
    ("user", "most active user", "all"),
    ("timeline", "months ahead", "all"),
    ("counting", "least common label", "all"),
    ("user", "comparison", "users"),
    ("timeline", "most common label", "range"),
    ("counting", "count", "all"),
    ("user", "most common label", "users"),
    ("timeline", "most frequent date", "all"),
    ("timeline", "comparison", "month"),
    ("user", "second most active user", "all"),
    ("timeline", "first month", "all"),
    ("timeline", "count", "range"),
    ("user", "least common label", "users"),
    ("timeline", "dates seen n times", "all"),
    ("timeline", "most common label", "month"),
    ("timeline", "second most frequent date", "all"),
    ("timeline", "least common label", "range"),
    ("timeline", "months as the single most frequent", "all"),
)
"""Kinds of questions in the order in which a window asks them, starting at a place by chance."""

_SUB_COUNT = re.compile(
    rf"\bhow\s+many\s+(?:of\s+(?:these|the)\s+)?(?:messages|lines)\b[^?.\n]*\blabel\s+['\"]?(?P<a>{'|'.join(LABELS)})\b",
    re.IGNORECASE,
)
_GAP = 0.02  # as in the set: labels whose shares are closer are not compared
_TRIES = 60
_SHARES = (4.2, 2.9, 2.6, 2.3, 2.0, 1.7, 1.4, 0.6)
"""Of the labels, from the most to the least frequent, which are the same two at all times."""

_T = TypeVar("_T")


class Oolong:
    """The family ``oolong``."""

    name = "oolong"
    version = 1

    def window(self, seed: int, tokens: int, questions: int) -> Window:
        """Users and dates are unevenly frequent, and the mix of labels changes half way through the time."""
        check_size(self.name, tokens, questions)
        chance = Random(f"{self.name} {self.version} {seed} {tokens}")
        facts = _facts(chance, tokens)
        return Window(
            task=self.name,
            version=self.version,
            seed=seed,
            tokens=tokens,
            documents={"messages": records.text_of(facts)},
            questions=tuple(_questions(chance, facts, questions)),
            facts=facts,
        )

    def understand(self, question: str) -> Query | None:
        """Reads all questions of ``ASKS``, about all lines or a part of them, and ``how many of these have the label X``."""
        for name, ask in ASKS.items():
            read = ask.form.read(question)
            if read is not None:
                values = {
                    blank: value if blank == "day" else value.casefold() for blank, value in read.items()
                }
                return _query(name, read_scope(question), values)
        sub = _SUB_COUNT.search(question)
        return _query("count", read_scope(question), {"a": sub["a"].casefold()}) if sub else None


def _query(name: AskName, scope: Scope, values: dict[str, str]) -> Asked:
    def wants(fact: Fact) -> bool:
        return records.is_line(fact) and scope.holds(fact.attributes["date"], fact.attributes["user"])

    def answer(facts: Sequence[Fact]) -> str | None:
        held = [each.attributes for each in facts if wants(each)]
        return ASKS[name].solve([Row(each["date"], each["user"], each["label"]) for each in held], values)

    return Asked(wants=wants, answer=answer, in_head=True)


def _facts(chance: Random, tokens: int) -> tuple[Fact, ...]:
    count = records.line_count(chance, tokens)
    users = records.user_ids(chance, max(4, min(2_000, count // 12)))
    days = sorted(chance.sample(records.DAYS, min(len(records.DAYS), max(8, count // 3))))
    half = len(days) // 2
    early = count * 9 // 20
    ranked = chance.sample(LABELS, len(LABELS))
    later = [ranked[0], *chance.sample(ranked[1:-1], len(ranked) - 2), ranked[-1]]
    return records.facts(
        chance,
        users=chance.choices(users, weights=[1 / (rank + 3) for rank in range(len(users))], k=count),
        dates=_uneven(chance, days[:half], early) + _uneven(chance, days[half:], count - early),
        labels=chance.choices(ranked, weights=_SHARES, k=early)
        + chance.choices(later, weights=_SHARES, k=count - early),
        tokens=tokens,
    )


def _uneven(chance: Random, values: Sequence[_T], count: int) -> list[_T]:
    return chance.choices(values, weights=[0.25 + chance.random() ** 2 for _ in values], k=count)


class _Views:
    """The lines as rows, alike ones joined: by day for questions about times, by user for those about users."""

    def __init__(self, facts: Sequence[Fact]) -> None:
        held = [fact.attributes for fact in facts]
        by_day = Counter((each["date"], each["label"]) for each in held)
        by_user = Counter((each["user"], each["label"]) for each in held)
        self.by_day = [Row(day, "", label, count) for (day, label), count in by_day.items()]
        self.by_user = [Row("", user, label, count) for (user, label), count in by_user.items()]
        self.times = [str(count) for count in dates_of(self.by_day).values()]

    def rows(self, scope: Scope, name: AskName) -> list[Row]:
        """The rows that a question needs."""
        rows = self.by_user if scope.users or "user" in name else self.by_day
        return [row for row in rows if scope.holds(row.date, row.user)]


def _questions(chance: Random, facts: Sequence[Fact], count: int) -> list[Question]:
    views = _Views(facts)
    start = chance.randrange(len(_PLAN))
    asked: dict[str, Question] = {}
    at = 0
    while len(asked) < count and at < count + 20 * len(_PLAN):
        group, name, kind = _PLAN[(start + at) % len(_PLAN)]
        at += 1
        for _ in range(_TRIES):
            question = _question(
                chance, views, (group, name, _scope(chance, facts, kind)), f"{len(asked) + 1}"
            )
            if question is not None and question.text not in asked:
                asked[question.text] = question
                break
    return list(asked.values())


def _question(
    chance: Random, views: _Views, drawn: tuple[str, AskName, Scope], number: str
) -> Question | None:
    """One question with drawn labels; ``None`` if its answer is not clear."""
    group, name, scope = drawn
    ask = ASKS[name]
    a, b = chance.sample(LABELS, 2)
    rows = views.rows(scope, name)
    values = {
        "a": a,
        "b": b,
        "day": spoken_day(_middle_day(chance, views.by_day)),
        "n": chance.choice(views.times),
    }
    gold = ask.solve(rows, values)
    if gold is None or not _is_clear(name, rows, values) or (gold == "0" and "single" in name):
        return None
    words = ask.form.write(**values)
    opening = (
        f"{scope.write()}Among these messages, {words}" if scope != Scope() else f"In the data above, {words}"
    )
    labels = f" {records.LABELS_IN_WORDS}" if ask.needs_labels else ""
    return Question(
        id=number,
        text=f"{opening}{labels} {ask.ending.format_map(values)}",
        kind=f"{group}: {name}",
        gold=gold,
        scorer="oolong",
        chance=chance_of_number(int(gold)) if ask.chance is None else ask.chance,
    )


def _is_clear(name: AskName, rows: Sequence[Row], values: dict[str, str]) -> bool:
    """Whether no other answer is as good or nearly as good."""
    labels = labels_of(rows)
    least_gap = _GAP * labels.total()
    match name:
        case "most common label" | "least common label":
            counts = sorted(labels.values(), reverse=name == "most common label")
            return len(counts) > 1 and abs(counts[0] - counts[1]) > least_gap
        case "comparison":
            return abs(labels[values["a"]] - labels[values["b"]]) > least_gap
        case "before and after":
            shares = shares_around(rows, values)
            return shares is not None and abs(shares[0] - shares[1]) > _GAP
        case "user with most of a label":
            return _leads(users_of(with_label(rows, values["a"])), 0)
        case "most active user" | "second most active user":
            return _leads(users_of(rows), 0) and ("second" not in name or _leads(users_of(rows), 1))
        case "most frequent date" | "second most frequent date":
            return _leads(dates_of(rows), 0) and ("second" not in name or _leads(dates_of(rows), 1))
        case _:
            return True


def _leads(counts: Counter[str], rank: int) -> bool:
    """Whether the value at a rank is more frequent than the next one."""
    ranked = [count for _, count in counts.most_common(rank + 2)]
    return len(ranked) == rank + 2 and ranked[rank] > ranked[rank + 1]


def _scope(chance: Random, facts: Sequence[Fact], kind: ScopeKind) -> Scope:
    if kind == "users":
        drawn = {chance.choice(facts).attributes["user"] for _ in range(6)}
        return Scope(users=frozenset(sorted(drawn)[: chance.randint(2, 5)]))
    if kind == "month":
        return Scope(month=int(chance.choice(facts).attributes["date"][5:7]))
    if kind == "range":
        first, last = sorted(chance.choice(facts).attributes["date"] for _ in range(2))
        return Scope(first=first, last=last)
    return Scope()


def _middle_day(chance: Random, rows: Sequence[Row]) -> date:
    """A day with much time before and after it."""
    some = sorted(chance.choice(rows).date for _ in range(9))
    return date.fromisoformat(some[chance.randint(3, 5)])


FAMILY = Oolong()
