"""Lists of records: their fields, their labels and what these mean."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harlm.branching.strategies.records import listed_labels, records_of
from harlm.types import Context
from tests.support.labelled import asked_of

LISTED = "Each has one of these labels: ham, spam."
LINES = "".join(f"Date: 2023-01-0{n} || User: {n} || Instance: text {n}\n" for n in range(1, 6))


def test_fields_are_known_by_their_names() -> None:
    records = records_of(asked_of(f"How many? {LISTED}", LINES))
    assert records is not None
    assert (records.text, records.time, records.owner, records.labels) == (
        "Instance",
        "Date",
        "User",
        ("ham", "spam"),
    )
    assert records.has_fields


def test_the_text_is_the_last_field_that_is_nothing_else() -> None:
    lines = "".join(f"when: 2023-01-0{n}; priority: high; says: text {n}; author: {n}\n" for n in range(1, 6))
    records = records_of(asked_of(f"How many? {LISTED}", lines))
    assert records is not None
    assert (records.text, records.time, records.owner) == ("says", "when", "author")


@pytest.mark.parametrize("day", ["03/04/2023", "yesterday", ""])
def test_days_that_cannot_be_read_for_certain_are_no_time(day: str) -> None:
    lines = "".join(f"Date: {day} || User: {n} || Instance: text {n}\n" for n in range(5))
    records = records_of(asked_of(f"How many? {LISTED}", lines))
    assert records is not None
    assert records.time == ""


def test_labels_come_from_the_question_or_else_from_the_text_with_their_meanings() -> None:
    head = "The labels: offer, plan.\n- offer: the writer would give something\n- plan: what will be done\n\n"
    by_text = records_of(asked_of("How many?", head + LINES * 3))
    assert by_text is not None
    assert by_text.labels == ("offer", "plan")
    assert by_text.meanings == "offer: the writer would give something; plan: what will be done"
    by_question = records_of(asked_of(f"How many? {LISTED}", head + LINES * 3))
    assert by_question is not None
    assert (by_question.labels, by_question.meanings) == (("ham", "spam"), "")


def test_a_list_of_plain_lines_has_records_if_the_question_lists_labels() -> None:
    records = records_of(asked_of(f"How many? {LISTED}", "one\ntwo\nthree\n"))
    assert records is not None
    assert (records.text, records.has_fields) == ("line", False)
    assert records_of(asked_of("How many?", "one\ntwo\nthree\n")) is None
    assert records_of(asked_of(f"How many? {LISTED}", "one\n\ntwo\n\nthree\n")) is None


def test_several_documents_are_no_list() -> None:
    asked = asked_of(f"How many? {LISTED}", LINES)
    two = Context(documents=asked.task.context.documents * 2, shape="documents")
    object.__setattr__(asked.task, "context", two)
    assert records_of(asked) is None


@pytest.mark.parametrize(
    ("words", "labels"),
    [
        ("one of these labels: ham, spam.", ("ham", "spam")),
        ("where answer is one of the labels: ham, spam", ("ham", "spam")),
        (
            "one of these labels, which the data does not show: 'not sure', spam or ham?",
            ("not sure", "spam", "ham"),
        ),
        (
            "The categories are: numeric value, location, and human being.",
            ("numeric value", "location", "human being"),
        ),
        ("one of these kinds: ham, ham", ()),
        ("is label 'ham' more common, less common, or the same frequency as label 'spam'?", ()),
        ("labels: ham", ()),
        ("", ()),
    ],
)
def test_labels_are_listed_after_a_colon(words: str, labels: tuple[str, ...]) -> None:
    assert listed_labels(words) == labels


@given(st.lists(st.sampled_from(["ham", "spam", "not sure", "C++", "a/b"]), min_size=2, unique=True))
def test_listed_labels_are_read_back(labels: list[str]) -> None:
    assert listed_labels(f"Each has one of these labels: {', '.join(labels)}.") == tuple(labels)
