"""Questions about how often labels, users and dates occur: the produced code against a reference that shares none of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harlm.branching.strategies.aggregates import read_aggregate
from harlm.branching.strategies.label import propose
from tests.support.labelled import LABELS, Row, asked_of, drawn, records_with, run, text_of

NOUNS = ("data points", "instances", "messages", "reviews", "tickets", "lines")
LISTED = f"Each of them has one of these labels: {', '.join(LABELS)}."
SPOKEN: dict[str, Callable[[date], str]] = {
    "Mar 12, 2023": lambda day: day.strftime("%b %d, %Y"),
    "March 12, 2023": lambda day: day.strftime("%B %d, %Y").replace(" 0", " "),
    "2023-03-12": date.isoformat,
    "03/12/2023": lambda day: day.strftime("%m/%d/%Y"),
}
SPAN = (date(2022, 12, 5), date(2023, 1, 25))

Restrict = Callable[[Sequence[Row]], list[Row]]


def best(counts: Counter[object], rank: int) -> object:
    """The value at a rank of frequency, equal ones in the order of their texts."""
    return sorted(counts, key=lambda value: (-counts[value], str(value)))[rank]


def scopes(rows: Sequence[Row], spoken: Callable[[date], str]) -> list[tuple[str, list[Row]]]:
    """Restrictions in words, with the rows that are left."""
    users = sorted({row.user for row in rows})[:2]
    ids = ", ".join(map(str, users))
    first, last = SPAN
    return [
        ("In the above data, ", list(rows)),
        (
            f"For the following question, only consider the subset of instances that are associated with user IDs {ids}. Among "
            "instances associated with these users, ",
            [row for row in rows if row.user in users],
        ),
        (
            "For the following question, only consider the subset of instances that occur in January of any year. Among these "
            "instances, ",
            [row for row in rows if row.day.month == 1],
        ),
        (
            f"For the following question, only consider the subset of instances that occur between dates {spoken(first)} and "
            f"{spoken(last)}, inclusive. Among these instances, ",
            [row for row in rows if first <= row.day <= last],
        ),
    ]


def compared(one: int, other: int, words: tuple[str, str, str]) -> str:
    return words[0] if one > other else words[1] if one < other else words[2]


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from(NOUNS), st.sampled_from(list(SPOKEN)), st.integers(0, 3))
def test_counts_and_comparisons_are_those_of_the_reference(seed: int, noun: str, form: str, at: int) -> None:
    rows = drawn(seed)
    text = text_of(rows, SPOKEN[form])
    restriction, left = scopes(rows, SPOKEN[form])[at]
    counts = Counter(row.label for row in left)
    ahead = compared(
        counts["ham"], counts["not sure"], ("more common than", "less common than", "same frequency as")
    )
    cases = {
        f"how many {noun} should be classified as label 'spam'? {LISTED} Give your final answer in the form 'Answer: number'.": f"Answer: {counts['spam']}",
        "which of the labels is the most common? Give your final answer in the form 'Label: answer' where answer is one of the labels: "
        f"{', '.join(LABELS)}.": f"Label: {best(Counter(counts), 0)}" if counts else "NOT FOUND",
        "which of the labels is the least common? Give your final answer in the form 'Label: answer' where answer is one of the labels: "
        f"{', '.join(LABELS)}.": f"Label: {best(Counter(counts), -1)}" if counts else "NOT FOUND",
        f"is label 'ham' more common, less common, or the same frequency as label 'not sure'? {LISTED} Give your final answer in the form "
        "'Answer: ham is [X] not sure', where [X] is 'more common than', 'less common than', or 'same frequency as'.": f"Answer: ham is {ahead} not sure",
    }  # fmt: skip
    for question, answer in cases.items():
        asked = asked_of(restriction + question, text)
        proposal = propose(asked)
        assert proposal is not None, asked.question
        assert run(proposal, text) == answer, asked.question


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from(list(SPOKEN)))
def test_users_dates_and_months_are_those_of_the_reference(seed: int, form: str) -> None:
    rows = drawn(seed)
    spoken = SPOKEN[form]
    text = text_of(rows, spoken)
    users = Counter(row.user for row in rows)
    days = Counter(row.day.isoformat() for row in rows)
    day = date.fromisoformat(str(best(Counter(days), 0)))
    of_spam = Counter(row.user for row in rows if row.label == "spam")
    months: dict[str, Counter[str]] = {}
    for row in rows:
        months.setdefault(f"{row.day:%Y-%m}", Counter())[row.label] += 1
    ahead = [month for month in sorted(months) if months[month]["ham"] > months[month]["spam"]]
    alone = [
        each
        for each in months.values()
        if all(each["ham"] > each[label] for label in LABELS if label != "ham")
    ]
    middle = date(2023, 1, 3)
    sides = [[row for row in rows if row.day < middle], [row for row in rows if row.day > middle]]
    shares = [sum(row.label == "ham" for row in side) / max(1, len(side)) for side in sides]
    verdict = (
        "more common"
        if shares[0] > shares[1]
        else "less common"
        if shares[0] < shares[1]
        else "the same frequency"
    )
    cases = {
        "which user is represented most often? Give your final answer in the form 'User: [X]'.": f"User: {best(Counter(users), 0)}",
        "which user is represented the second most often? Give your final answer in the form 'User: [X]'.": f"User: {best(Counter(users), 1)}",
        "which date is represented most often? Give your final answer in the form 'Date: [X]'.": f"Date: {day:%m/%d/%Y}",
        "how many dates are represented exactly 2 times? Give your final answer in the form 'Answer: [X]'.": f"Answer: {list(days.values()).count(2)}",
        f"which user has the most messages with the label 'spam'? {LISTED} Give your final answer in the form 'User: [X]'.": f"User: {best(Counter(of_spam), 0)}",
        f"for how many months does the label 'ham' occur more frequently than the label 'spam'? {LISTED} Give your final answer in the form 'Answer: [X]'.": f"Answer: {len(ahead)}",
        f"for how many months is the label 'ham' the single most frequently occurring label? {LISTED} Give your final answer in the form 'Answer: [X]'.": f"Answer: {len(alone)}",
        f"in which month did the label 'ham' first occur more often than the label 'spam'? {LISTED} Give your final answer in the form 'Answer: [month] [year]'.":
            f"Answer: {date.fromisoformat(ahead[0] + '-01'):%B %Y}" if ahead else "NOT FOUND",
        f"was label 'ham' more common, less common, or the same frequency before {spoken(middle)}, as compared to after {spoken(middle)}? {LISTED} "
        f"Give your final answer in the form 'Answer: ham is [X] before {spoken(middle)}'.": f"Answer: ham is {verdict} before {spoken(middle)}",
    }  # fmt: skip
    for question, answer in cases.items():
        asked = asked_of(f"In the above data, {question}", text)
        proposal = propose(asked)
        assert proposal is not None, question
        assert run(proposal, text) == answer, question


@pytest.mark.parametrize(
    "question",
    [
        "how many data points should be classified as label 'news'?",
        "how many data points should be classified as label 'spam' and were written before March 3, 2023?",
        "how many data points should be classified as label 'spam' and mention a price?",
        "how many messages longer than 20 words are label 'spam'?",
        "how many users have label 'spam'?",
        "how many data points should be classified as label 'spam' per user?",
        "Ignore duplicates. how many data points should be classified as label 'spam'?",
        "which of the labels is the third most common?",
        "which of the labels that occur in short messages is the most common?",
        "which user is represented most often in May?",
        "is label 'ham' more common, less common, or the same frequency as label 'news'?",
        "what share of the messages is label 'spam'?",
        "was label 'ham' more common, less common, or the same frequency before March 1, 2023, as compared to after May 1, 2023?",
        "who wrote the best message?",
        "",
    ],
)
def test_a_question_that_is_not_understood_in_full_gives_no_code(question: str) -> None:
    assert read_aggregate(f"In the above data, {question}", records_with()) is None


def test_a_question_needs_the_fields_and_labels_that_it_asks_about() -> None:
    date_ = "which date is represented most often?"
    user = "which user is represented most often?"
    label = "which of the labels is the most common?"
    assert read_aggregate(date_, records_with(time="")) is None
    assert read_aggregate(user, records_with(owner="")) is None
    assert read_aggregate(date_, records_with(owner="")) is not None
    no_labels = records_with()
    object.__setattr__(no_labels, "labels", ())
    assert read_aggregate(label, no_labels) is None
    assert read_aggregate(user, no_labels) is not None
