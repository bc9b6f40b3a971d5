"""Which records a question is about."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harlm.branching.strategies.scopes import MONTHS, iso_day, month_number, read_scope
from tests.support.labelled import records_with

ASK = "how many data points should be classified as label 'spam'?"
DATE = "(row['Date'] or \"\")[:10]"


@pytest.mark.parametrize(
    ("restriction", "where"),
    [
        ("only consider the subset of instances that are associated with user IDs 123, 456. Among instances associated with these users,", "row['User'] in [123, 456]"),
        ("only consider the subset of instances that occur in May of any year. Among instances that occur in May of any year,", f'{DATE}[5:7] == "05"'),
        ("only consider the messages of the users with these IDs: 9, 7 and 8. Among these messages,", "row['User'] in [7, 8, 9]"),
        ("only consider the tickets of user ID 5. Among these tickets,", "row['User'] in [5]"),
        ("only consider the reviews that were written in May of any year. Among these reviews,", f'{DATE}[5:7] == "05"'),
        ("only consider the lines dated between dates Jan 01, 2023 and May 05, 2023, inclusive. Among these lines,", f'"2023-01-01" <= {DATE} <= "2023-05-05"'),
        ("only consider the messages between 2023-01-01 and 05/06/2023. Among these messages,", f'"2023-01-01" <= {DATE} <= "2023-05-06"'),
        ("only consider the messages of user IDs 1, 2 that were written in June of any year. Among these messages,", f"row['User'] in [1, 2] and {DATE}[5:7] == \"06\""),
    ],
)  # fmt: skip
def test_users_months_and_spans_are_read(restriction: str, where: str) -> None:
    scope = read_scope(f"For the following question, {restriction} {ASK}", records_with())
    assert scope is not None
    assert scope.where == where
    assert scope.asks(re.compile("how many data points should be classified as label 'spam'")) is not None


@pytest.mark.parametrize(
    "restriction",
    [
        "only consider the messages longer than 100 words.",
        "only consider the short messages of user IDs 1, 2.",
        "only consider messages that mention refunds and were written in May of any year.",
        "only consider the subset of instances that are questions.",
        "only consider the first 100 messages.",
        "only consider the messages of the users with these names: Ann, Bob.",
        "only consider the messages of May of any year, and those written in June of any year.",
        "only consider the messages between Feb 30, 2023 and May 05, 2023.",
    ],
)
def test_a_restriction_that_is_not_understood_is_none(restriction: str) -> None:
    assert read_scope(f"For this question, {restriction} {ASK}", records_with()) is None


def test_a_restriction_on_a_field_that_records_lack_is_none() -> None:
    by_user = f"Only consider the messages of user IDs 1, 2. {ASK}"
    by_month = f"Only consider the messages written in May of any year. {ASK}"
    assert read_scope(by_user, records_with(owner="")) is None
    assert read_scope(by_month, records_with(time="")) is None
    assert read_scope(by_user, records_with(time="")) is not None


def test_without_restrictions_all_records_are_meant() -> None:
    scope = read_scope(ASK, records_with())
    assert scope is not None
    assert (scope.where, scope.rest) == ("True", ASK)


def test_the_form_of_the_answer_is_no_restriction() -> None:
    form = "Give your final answer in the form 'Answer: [X]', where [X] is the number of users before 2023."
    scope = read_scope(f"{ASK} {form}", records_with())
    assert scope is not None
    assert scope.rest == ASK


@pytest.mark.parametrize(
    ("spoken", "iso"),
    [
        ("March 5, 2023", "2023-03-05"), ("Mar 05, 2023", "2023-03-05"), ("Mar. 5, 2023", "2023-03-05"),
        ("2023-03-05", "2023-03-05"), ("03/05/2023", "2023-03-05"), ("Feb 30, 2023", None),
    ],
)  # fmt: skip
def test_a_day_is_read_in_each_form(spoken: str, iso: str | None) -> None:
    assert iso_day(spoken) == iso


@given(st.sampled_from(MONTHS), st.sampled_from([3, 20]))
def test_months_are_numbered(name: str, length: int) -> None:
    assert int(month_number(name[:length])) == MONTHS.index(name) + 1
