"""The kind of thing that a question asks for, and the noun that it names."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harlm.models.offline.expected import expected_answer
from harlm.retrieval.terms import stem


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("How many locks are there?", "number"),
        ("How long is it?", "number"),
        ("When was it opened?", "date"),
        ("In what year did it open?", "date"),
        ("Who opened it?", "person"),
        ("Which engineer built it?", "person"),
        ("Where does he live?", "place"),
        ("Which river is it on?", "place"),
        ("Why was it built?", "reason"),
        ("How was it built?", "manner"),
        ("Which company built it?", "name"),
        ("Which function parses dates?", "code"),
        ("In which file is it?", "path"),
        ("What silted up?", "phrase"),
        ("When the harbour silted up, what was built?", "phrase"),
        ("What were they afraid of when it opened?", "phrase"),
    ],
)
def test_the_kind_of_an_answer_follows_from_the_wording(question: str, kind: str) -> None:
    assert expected_answer(question).kind == kind


@pytest.mark.parametrize(
    ("question", "head"),
    [
        ("Which river is it on?", {"river"}),
        ("How many miles is it?", {"miles"}),
        ("How much salt water was pumped?", {"salt", "water"}),
        ("What type of engine was used?", {"engine"}),
        ("When was it opened?", set()),
        ("What was it built for?", set()),
        ("Describe the bridge.", set()),
    ],
)
def test_the_head_is_the_noun_or_the_unit_that_is_asked_for(question: str, head: set[str]) -> None:
    assert expected_answer(question).head == {stem(word) for word in head}


@given(st.text(max_size=80))
def test_any_text_has_an_expected_answer(question: str) -> None:
    assert expected_answer(question).kind
