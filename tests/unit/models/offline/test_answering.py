"""Which statement answers, and what is missing."""

from __future__ import annotations

import pytest

from harlm.models.offline.answering import Found, Missing, cell_of, columns, decide, find
from harlm.models.offline.reading import Passage, Reading

LEASE = Passage(
    "lease.txt",
    "The monthly rent is EUR 6,850. The database migration happens on 7 November 2026. Wei leads it. "
    "The lease begins on 1 April 2025. Either party may end the lease with six months' notice.",
)


def answer(question: str, *passages: Passage) -> str | None:
    found = find(Reading(question, passages))
    if isinstance(found, Missing):
        return None
    return passages[found.evidence.passage].text[found.evidence.start : found.evidence.end]


@pytest.mark.parametrize(
    ("question", "statement"),
    [
        ("How much is the monthly rent?", "The monthly rent is EUR 6,850."),
        ("Who leads the database migration?", "Wei leads it."),
        ("When does the lease begin?", "The lease begins on 1 April 2025."),
        ("How much is the annual rent?", None),
        ("Who leads the network migration?", None),
        ("Who signed the lease?", None),
        ("Which zebra?", None),
    ],
)
def test_a_statement_answers_if_it_holds_the_words_and_the_kind(question: str, statement: str | None) -> None:
    assert answer(question, LEASE) == statement


def test_what_is_missing_is_named() -> None:
    missing = find(Reading("Which zebra?", [LEASE]))
    assert isinstance(missing, Missing)
    assert missing.words == ("zebra",)


def test_a_statement_that_goes_on_is_read_with_the_one_before() -> None:
    passage = Passage("n.txt", "The forklift is old. It is charged overnight.")
    found = decide(Reading("Is the forklift charged overnight?", [passage]))
    assert isinstance(found, Found)
    assert found.verdict == "Yes"


def test_a_row_answers_with_the_field_that_is_asked_for() -> None:
    header, row = "item,location,unit price,supplier", 'Wing nut,"Shelf A4",0.12 EUR,Kranz'
    assert cell_of("What is the unit price of the wing nut?", header, row) == "0.12 EUR"
    assert cell_of("Where is the wing nut?", header, row) == "Shelf A4"
    assert cell_of("Is the wing nut heavy?", header, row) is None
    assert columns("no table", "no row") == ([], [])


@pytest.mark.parametrize(
    ("question", "row"),
    [
        ("How many people work in Berlin?", None),
        ("How many desks are there in Berlin?", "Berlin,72"),
    ],
)
def test_one_row_does_not_say_how_many_there_are(question: str, row: str | None) -> None:
    table = Passage("offices.csv", "office,desks\nBerlin,72\nMadrid,31\n")
    assert answer(question, table) == row
