"""Pairs of users: the produced condition against a reference that shares none of it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import date
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harlm.branching.strategies.label import propose
from harlm.branching.strategies.user_pairs import read_pairs
from tests.support.labelled import LABELS, Row, asked_of, drawn, records_with, run, text_of

LISTED = f"Each of them has one of these labels: {', '.join(LABELS)}."
ASK = "In the above data, list all pairs of user IDs (no duplicate pairs, list lower ID first) such that"

User = list[Row]
Holds = Callable[[User, User], bool]


def of(user: User, label: str) -> int:
    return Counter(row.label for row in user)[label]


def days(user: User, label: str) -> set[date]:
    return {row.day for row in user if row.label == label}


def both(holds: Callable[[User], bool]) -> Holds:
    return lambda one, other: holds(one) and holds(other)


NEW_YEAR = date(2023, 1, 1)
CASES: dict[str, Holds] = {
    "both users have at least one message with label spam or label ham": both(lambda u: of(u, "spam") + of(u, "ham") >= 1),
    "both users have at least three instances with label 'not sure'": both(lambda u: of(u, "not sure") >= 3),
    "one user has at least two messages with label spam, and the other user has exactly one message with label ham":
        lambda u, v: of(u, "spam") >= 2 and of(v, "ham") == 1,
    "both users have at least one message with label ham, and all messages with label ham of both users were written before January 1, 2023":
        both(lambda u: of(u, "ham") >= 1 and all(day < NEW_YEAR for day in days(u, "ham"))),
    "both users have at least one message with label ham or label spam, and all messages with label ham of both users were written after 01/01/2023":
        both(lambda u: of(u, "ham") + of(u, "spam") >= 1 and all(day > NEW_YEAR for day in days(u, "ham"))),
    "there are at least two days on which both users wrote a message": lambda u, v: len({r.day for r in u} & {r.day for r in v}) >= 2,
    "both users wrote a message with label spam on the same day": lambda u, v: bool(days(u, "spam") & days(v, "spam")),
    "both users wrote a message with label spam in the same month of the same year":
        lambda u, v: bool({(d.year, d.month) for d in days(u, "spam")} & {(d.year, d.month) for d in days(v, "spam")}),
    "both users wrote a message with label ham in January of any year": both(lambda u: any(d.month == 1 for d in days(u, "ham"))),
    "both users have the same number of messages with label ham": lambda u, v: of(u, "ham") == of(v, "ham"),
    "both users have the same number of messages with label ham, and at least one": lambda u, v: of(u, "ham") == of(v, "ham") > 0,
    "the two users together have exactly five tickets with label not sure": lambda u, v: of(u, "not sure") + of(v, "not sure") == 5,
    "one user has messages with label ham but none with label spam, and the other user has messages with label spam but none with label ham":
        lambda u, v: of(u, "ham") > 0 == of(u, "spam") and of(v, "spam") > 0 == of(v, "ham"),
    "one user wrote the last message with label ham before the other user wrote the first one":
        lambda u, v: bool(days(u, "ham") and days(v, "ham")) and max(days(u, "ham")) < min(days(v, "ham")),
    "the messages of both users have exactly the same set of labels": lambda u, v: {r.label for r in u} == {r.label for r in v},
    "one user has at least two more messages with label ham than the other user, and both have one with label spam":
        lambda u, v: of(u, "ham") - of(v, "ham") >= 2 and of(u, "spam") > 0 < of(v, "spam"),
}  # fmt: skip


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10**6), st.integers(4, 60))
def test_pairs_are_those_of_the_reference(seed: int, count: int) -> None:
    rows = drawn(seed, count)
    text = text_of(rows)
    users: defaultdict[int, User] = defaultdict(list)
    for row in rows:
        users[row.user].append(row)
    for words, holds in CASES.items():
        asked = asked_of(
            f"{ASK} {words}. {LISTED} In your answer, list all pairs in the format (a, b).", text
        )
        proposal = propose(asked)
        assert proposal is not None, words
        wanted = [
            f"({one}, {other})"
            for one, other in combinations(sorted(users), 2)
            if holds(users[one], users[other]) or holds(users[other], users[one])
        ]
        assert run(proposal, text).splitlines() == (wanted or ["none"]), words


@pytest.mark.parametrize(
    "words",
    [
        "both users have at least one message with label news",
        "both users have at least one message with label spam and live in Oslo",
        "both users wrote a message with label spam on the same day and have at least five messages with label ham",
        "both users wrote a message with label spam in the same week",
        "both users have more messages with label spam than with label ham",
        "one user has at least two messages with label spam, and the other user has a cat",
        "one user has messages with label ham but none with label spam, and the other user has messages with label ham but none with label ham",
        "all messages with label ham of both users were written before February 30, 2023",
        "both users are friends",
        "both users have at least one message",
    ],
)
def test_a_condition_that_is_not_understood_in_full_gives_no_code(words: str) -> None:
    assert read_pairs(f"{ASK} {words}. {LISTED}", records_with()) is None


def test_other_restrictions_and_missing_fields_give_no_code() -> None:
    on_one_day = f"{ASK} both users wrote a message with label spam on the same day."
    assert read_pairs(on_one_day, records_with()) is not None
    assert read_pairs(f"Only consider the messages of user IDs 1, 2. {on_one_day}", records_with()) is None
    assert read_pairs(on_one_day, records_with(time="")) is None
    assert read_pairs(on_one_day, records_with(owner="")) is None
    assert read_pairs("which user is represented most often?", records_with()) is None
