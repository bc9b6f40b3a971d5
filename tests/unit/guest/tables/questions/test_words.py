"""The words of a question."""

from __future__ import annotations

import pytest

from harlm.guest.tables.questions.words import OPERATORS, stem, tokens_of, words_of


@pytest.mark.parametrize(
    ("question", "tokens"),
    [
        ("How many rows have qty>=50?", ["How", "many", "rows", "have", "qty", ">=", "50"]),
        ("price over 1,50, or 2.5.", ["price", "over", "1,50", ",", "or", "2.5"]),
        ('name = "Ada Lovelace"', ["name", "=", "Ada Lovelace"]),
        ("isn't don't can't what's", ["is", "not", "do", "not", "can", "not", "what", "is"]),
        ("O'Brien's", ["O'Brien's"]),
        ("on 2024-03-01", ["on", "2024-03-01"]),
    ],
)
def test_tokens(question: str, tokens: list[str]) -> None:
    assert [token.text for token in tokens_of(question)] == tokens


@pytest.mark.parametrize(
    ("word", "stemmed"),
    [
        ("cities", "city"),
        ("boxes", "box"),
        ("rows", "row"),
        ("status", "status"),
        ("class", "class"),
        ("people", "person"),
    ],
)
def test_plurals(word: str, stemmed: str) -> None:
    assert stem(word) == stemmed


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("unit_price", ("unit", "price")),
        ("unitPrice (EUR)", ("unit", "price")),
        ("customer.city", ("customer", "city")),
    ],
)
def test_the_words_of_a_column(name: str, words: tuple[str, ...]) -> None:
    assert words_of(name) == words


def test_longer_phrases_are_tried_first() -> None:
    sizes = [len(phrase.split()) for phrase, _ in OPERATORS]
    assert sizes == sorted(sizes, reverse=True)
