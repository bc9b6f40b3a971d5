from __future__ import annotations

import pytest

from harlm.branching.strategies.records import listed_labels, records_of
from tests.support.proposals import asked_of

LINES = (
    "Mail of the week. Each has one of these labels: ham, spam.\n- spam: it wants your money\n- ham: it does not\n\n"
    + "".join(f"Date: Mar {day}, 2023 || User: {day % 3} || Instance: mail {day}\n" for day in range(10, 20))
)


def test_the_fields_of_records_are_found_by_their_names() -> None:
    found = records_of(asked_of("How many have the label 'ham'?", LINES))
    assert found is not None
    assert (found.text, found.time, found.owner, found.has_fields) == ("Instance", "Date", "User", True)
    assert found.labels == ("ham", "spam")
    assert found.meanings == "spam: it wants your money; ham: it does not"


def test_days_that_can_be_read_in_two_ways_are_no_days() -> None:
    lines = "".join(f"Date: 0{day}/04/2023 || User: 1 || Text: mail\n" for day in range(1, 6))
    found = records_of(asked_of("Labels: ham, spam. How many have the label 'ham'?", lines))
    assert found is not None
    assert found.time == ""


def test_lines_without_fields_are_records_if_the_question_lists_labels() -> None:
    text = "it rains\nit snows\nhe scores\nshe runs\n"
    found = records_of(asked_of("How many lines are about sport? The topics are: sport, weather.", text))
    assert found is not None
    assert (found.has_fields, found.labels) == (False, ("sport", "weather"))
    assert records_of(asked_of("How many lines are about sport?", text)) is None


def test_prose_and_several_texts_are_no_list_of_records() -> None:
    asks = "Which is the most common? The labels are: ham, spam."
    assert records_of(asked_of(asks, "It rains.\n\nIt snows, and she stays.\n\nIt is late.\n")) is None
    assert records_of(asked_of(asks, {"a": LINES, "b": LINES})) is None


@pytest.mark.parametrize(
    ("words", "labels"),
    [
        ("The labels are: ham, spam.", ("ham", "spam")),
        ("one of the categories: News, Sport and Arts & Life", ("News", "Sport", "Arts & Life")),
        ("where answer is one of the labels: 'ham', 'spam'", ("ham", "spam")),
        ("Each has a label.", ()),
        ("The label: ham", ()),
    ],
)
def test_listed_labels_stand_after_a_colon(words: str, labels: tuple[str, ...]) -> None:
    assert listed_labels(words) == labels
