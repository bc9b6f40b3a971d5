"""PAIRS of users that meet conditions on labels that no line shows, after OOLONG-Pairs (arXiv 2512.24601, appendix D.1).

The twenty published forms with drawn labels, numbers and days, and ten relations of our own. The number of users is
bounded, so that an answer has at most some thousand pairs, however long the window is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import combinations
from random import Random
from typing import Literal

from harlm_bench.items import Fact, Query, Question, Window
from harlm_bench.tasks import check_size, records
from harlm_bench.tasks.conditions import (
    RELATIONS,
    Condition,
    Dated,
    Profile,
    Relation,
    profiles,
    read_conditions,
    read_dated,
)
from harlm_bench.tasks.forms import Asked
from harlm_bench.tasks.messages import LABELS
from harlm_bench.tasks.words import MONTHS, spoken_day

_Pair = Callable[[Profile, Profile], bool]
_How = tuple[Literal["at least", "exactly"], int]
_ANY: _How = ("at least", 1)
_TWO: _How = ("at least", 2)
_ONE_ONLY: _How = ("exactly", 1)
_TWO_ONLY: _How = ("exactly", 2)
_SIDES: tuple[Literal["after", "before"], ...] = ("after", "before")
_DATED_FORMS = (4, 5, 7, 9, 10)
_FORMS = 30
_ASYMMETRIC: tuple[tuple[tuple[_How, ...], tuple[_How, ...]], ...] = (
    ((_ANY, _ANY), (_ONE_ONLY,)),  # question 11, whose last label is the first
    ((_TWO,), (_ANY, _ANY)),  # 12
    ((_ONE_ONLY,), (_ANY, _ANY)),  # 13, 17
    ((_ANY, _ANY), (_TWO_ONLY,)),  # 14
    ((_ANY, _ANY, _ANY), (_ONE_ONLY,)),  # 15
    ((_ANY, _ANY), (_TWO, _ONE_ONLY)),  # 16
    ((_ONE_ONLY,), (_ANY, _ANY)),  # 17
    ((_ANY, _ONE_ONLY), (_ANY, _ANY)),  # 18
    ((_TWO, _ANY), (_ONE_ONLY, _ONE_ONLY)),  # 19
    ((_ANY, _ANY), (_ANY, _ANY, _ONE_ONLY)),  # 20
)
_OPENING = (
    "In the data above, list all pairs of user IDs (no duplicate pairs, list lower ID first) such that "
)
_ENDING = (
    " In your answer, list all pairs in the format (user_id_1, user_id_2), separated by newlines; "
    "if there are none, answer 'none'."
)
_MOST_USERS = 120
_LINES_OF_A_USER = 5
_SHARE = (0.002, 0.75)  # of all pairs: answers with fewer or more are not asked, if others can be found
_TRIES = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class _Drawn:
    """A question in words, and what it asks of two users, in either order."""

    kind: str
    words: str
    holds: _Pair


class Pairs:
    """The family ``pairs``."""

    name = "pairs"
    version = 1

    def window(self, seed: int, tokens: int, questions: int) -> Window:
        """Each user has few messages of most labels and many of some; those of a label may all be early or late."""
        check_size(self.name, tokens, questions)
        chance = Random(f"{self.name} {self.version} {seed} {tokens}")
        facts = _facts(chance, tokens)
        known = _profiles(facts)
        return Window(
            task=self.name,
            version=self.version,
            seed=seed,
            tokens=tokens,
            documents={"messages": records.text_of(facts)},
            questions=tuple(_questions(chance, known, questions)),
            facts=facts,
        )

    def understand(self, question: str) -> Query | None:
        """Reads conditions on both users, on one and the other, and the relations, in any mix of numbers and labels."""
        if "pairs of user" not in question.casefold():
            return None
        holds = _read(question)
        if holds is None:
            return None
        return Asked(
            wants=records.is_line,
            answer=lambda facts: _answer(_profiles(facts), holds),
            in_head=True,
        )


def _read(question: str) -> _Pair | None:
    for relation in RELATIONS:
        read = relation.form.read(question)
        if read is not None:
            return _related(relation, {blank: value.casefold() for blank, value in read.items()})
    one, found, other = question.partition("other user has")
    if found:
        return _one_and_other(read_conditions(one), read_conditions(other))
    conditions = read_conditions(question)
    return _both(conditions, read_dated(question)) if conditions else None


def _profiles(facts: Sequence[Fact]) -> dict[str, Profile]:
    held = [fact.attributes for fact in facts if records.is_line(fact)]
    return profiles((each["user"], each["label"], each["date"]) for each in held)


def _answer(known: dict[str, Profile], holds: _Pair) -> str | None:
    if not known:
        return None
    users = sorted(known, key=lambda each: (len(each), each))
    found = [
        f"({a}, {b})"
        for a, b in combinations(users, 2)
        if holds(known[a], known[b]) or holds(known[b], known[a])
    ]
    return "\n".join(found) or "none"


def _both(conditions: Sequence[Condition], dated: Dated | None) -> _Pair:
    needed: list[Condition | Dated] = [*conditions, *([dated] if dated else [])]
    return lambda u, v: all(each.holds(u) and each.holds(v) for each in needed)


def _one_and_other(one: Sequence[Condition], other: Sequence[Condition]) -> _Pair:
    return lambda u, v: all(each.holds(u) for each in one) and all(each.holds(v) for each in other)


def _related(relation: Relation, values: dict[str, str]) -> _Pair:
    return lambda u, v: relation.holds(u, v, values)


def _facts(chance: Random, tokens: int) -> tuple[Fact, ...]:
    count = records.line_count(chance, tokens)
    calendar = sorted(chance.sample(records.DAYS, min(len(records.DAYS), max(10, count // 8))))
    users = records.user_ids(chance, max(5, min(_MOST_USERS, count // _LINES_OF_A_USER)))
    rows: list[tuple[str, str, list[date]]] = []
    many: list[tuple[str, str, list[date]]] = []
    for user in users:
        for label in LABELS:
            days = _days(chance, calendar)
            number = chance.choices((0, 1, 2, -1), weights=(45, 22, 15, 18))[0]
            if number < 0:
                many.append((user, label, days))
            rows += [(user, label, days)] * abs(number)
    rest = max(0, count - len(rows))
    rows += chance.choices(many or rows or [(users[0], LABELS[0], calendar)], k=rest)
    return records.facts(
        chance,
        users=[user for user, _, _ in rows],
        dates=[days[int(chance.random() * len(days))] for _, _, days in rows],
        labels=[label for _, label, _ in rows],
        tokens=tokens,
    )


def _days(chance: Random, calendar: list[date]) -> list[date]:
    """When the messages of a user with a label were written: at any time, or in the first or the second half."""
    half = len(calendar) // 2
    return chance.choice((calendar, calendar, calendar[:half], calendar[half:]))


def _questions(chance: Random, known: dict[str, Profile], count: int) -> list[Question]:
    """The thirty forms in turn, from one by chance on. Seven apart, so that each window has some of each kind."""
    asked: dict[str, Question] = {}
    start = chance.randrange(_FORMS)
    for at in range(count + 2 * _FORMS):
        if len(asked) == count:
            break
        number = (start + at * 7) % _FORMS
        drawn, gold = _clearest(chance, known, number)
        text = f"{_OPENING}{drawn.words}. {records.LABELS_IN_WORDS}{_ENDING}"
        kind = f"{drawn.kind} (form {number + 1})"
        asked.setdefault(
            text, Question(id=f"{len(asked) + 1}", text=text, kind=kind, gold=gold, scorer="pairs")
        )
    return list(asked.values())


def _clearest(chance: Random, known: dict[str, Profile], number: int) -> tuple[_Drawn, str]:
    """A question of a form, drawn again while nearly all or nearly none of the pairs meet it."""
    possible = len(known) * (len(known) - 1) // 2
    best: tuple[float, _Drawn, str] | None = None
    for _ in range(_TRIES):
        drawn = _drawn(chance, number)
        gold = _answer(known, drawn.holds) or "none"
        share = 0.0 if gold == "none" else (gold.count("\n") + 1) / possible
        distance = max(_SHARE[0] - share, share - _SHARE[1], 0.0) + (share == 0.0)
        if best is None or distance < best[0]:
            best = distance, drawn, gold
        if distance == 0.0:
            break
    assert best is not None
    return best[1], best[2]


def _drawn(chance: Random, number: int) -> _Drawn:
    """A question of one of the thirty forms, numbered from 0: 1 to 20 are the published ones."""
    if number < 10:
        return _drawn_both(chance, is_dated=number + 1 in _DATED_FORMS)
    if number < 20:
        return _drawn_one_and_other(chance, *_ASYMMETRIC[number - 10], repeats=number == 10)
    relation = RELATIONS[number - 20]
    a, b = chance.sample(LABELS, 2)
    values = {"a": a, "b": b, "n": chance.choice(("two", "three")), "month": chance.choice(MONTHS)}
    return _Drawn(kind="relation", words=relation.form.write(**values), holds=_related(relation, values))


def _drawn_both(chance: Random, *, is_dated: bool) -> _Drawn:
    a, b = chance.sample(LABELS, 2)
    conditions = [Condition(how="at least", number=1, labels=(a, b))]
    words = f"both users have {conditions[0].write()}"
    if not is_dated:
        return _Drawn(kind="both", words=words, holds=_both(conditions, None))
    day = records.DAYS[int(len(records.DAYS) * chance.uniform(0.3, 0.7))]
    dated = Dated(
        label=chance.choice((a, b)),
        side=chance.choice(_SIDES),
        day=day.isoformat(),
        spoken=spoken_day(day),
    )
    return _Drawn(kind="both, dated", words=f"{words}, and {dated.write()}", holds=_both(conditions, dated))


def _drawn_one_and_other(
    chance: Random, one: Sequence[_How], other: Sequence[_How], *, repeats: bool
) -> _Drawn:
    labels = chance.sample(LABELS, len(one) + len(other))
    if repeats:
        labels[-1] = labels[0]
    conditions = [
        Condition(how=how, number=number, labels=(label,))
        for (how, number), label in zip((*one, *other), labels, strict=True)
    ]
    first, second = conditions[: len(one)], conditions[len(one) :]
    words = f"one user has {_listed(first)}, and the other user has {_listed(second)}"
    return _Drawn(kind="one and other", words=words, holds=_one_and_other(first, second))


def _listed(conditions: Sequence[Condition]) -> str:
    return " and ".join(each.write() for each in conditions)


FAMILY = Pairs()
