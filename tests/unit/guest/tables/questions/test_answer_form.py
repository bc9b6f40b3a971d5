"""In which form an answer is wanted."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harlm.guest.tables.questions.answer_form import Wish, wish_of


@pytest.mark.parametrize(
    "form",
    [
        "Answer with the number, and nothing else.",
        "Answer with the values, separated by commas, and nothing else.",
        "Answer with a single number",
        "Please reply only with the value.",
        "Give just the name, no explanation.",
        "Return only the integer.",
    ],
)
def test_a_sentence_about_the_form_is_taken_apart(form: str) -> None:
    wanted = Wish("How many rows have qty > 5?", only_value=True)
    assert wish_of(f"How many rows have qty > 5? {form}") == wanted
    assert wish_of(f"{form}\nHow many rows have qty > 5?") == wanted


@pytest.mark.parametrize(
    "question",
    [
        "How many rows have qty > 5?",
        "Give only the number.",
        "List the items. Give only the items of North.",
        "How many rows are there? Answer with the number of rows in the North.",
        "How many answers are there?",
        "Count the rows. Give the number.",
    ],
)
def test_a_sentence_that_says_more_is_a_part_of_the_question(question: str) -> None:
    assert wish_of(question) == Wish(question, only_value=False)


@given(st.text(max_size=60))
def test_what_is_left_is_never_empty(question: str) -> None:
    found = wish_of(f"{question} Answer only with the value.")
    assert found.question.strip()
    assert found.only_value or "Answer only" in found.question
