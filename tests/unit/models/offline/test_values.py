"""Values of the wanted kind in a sentence."""

from __future__ import annotations

import pytest

from harlm.models.offline.coverage import asked_words
from harlm.models.offline.expected import expected_answer
from harlm.models.offline.values import has_value, names_in, wanted


@pytest.mark.parametrize(
    ("question", "sentence", "holds"),
    [
        ("Who leads the migration?", "The migration happens on 7 November 2026.", False),
        ("Who leads the migration?", "Wei leads it.", True),
        ("Who grants exceptions?", "Exceptions are granted by the owner.", True),
        ("Who is the manager?", "The manager signs the form.", False),
        ("Who is the provider?", "The provider is liable up to EUR 50,000.", False),
        ("Where is the place of jurisdiction?", "The place of jurisdiction is Graz.", True),
        ("How much is the fee?", "The fee is EUR 14,250.", True),
        ("How much is the fee?", "The fee is due within 30 days.", False),
        ("How much does admission cost?", "Admission is free.", True),
        ("When does the lease end?", "The lease ends on 31 March.", True),
        ("When does the lease end?", "The lease ends the tenancy.", False),
        ("When was it opened?", "It was opened in 1883.", True),
        ("How long are files kept?", "Files are kept for one year.", True),
        ("How many otters are there?", "Otters were seen on 9 September 2024.", False),
        ("How many otters are there?", "Seven otters were seen.", True),
        ("Where are the keys?", "The keys are kept at the gate.", True),
        ("Why was it closed?", "It was closed because it leaked.", True),
        ("Why was it closed?", "It was closed again.", False),
    ],
)
def test_a_sentence_answers_only_if_it_holds_the_kind(question: str, sentence: str, holds: bool) -> None:
    want = wanted(question, expected_answer(question))
    assert has_value(want, sentence, asked_words(question)) == holds


def test_months_and_words_of_the_question_are_no_people() -> None:
    asked = asked_words("Who met Wei?")
    assert names_in("In May, Wei met Ada Lovett.", asked) == ["Ada", "Lovett"]
