from __future__ import annotations

from harlm.retrieval.terms import content_terms, stem, terms
from harlm.retrieval.word_families import related_words


def test_words_have_places_and_stems() -> None:
    found = terms("The engines' snake_case, 42nd")
    assert [(term.stem, term.is_stopword) for term in found] == [
        ("the", True),
        ("engin", False),
        ("snake", False),
        ("case", False),
        ("42nd", False),
    ]
    assert found[2].start == 13


def test_content_leaves_stopwords_out_unless_nothing_else_is_there() -> None:
    assert content_terms("What is the code of the vault and the code?") == ["code", "vault"]
    assert content_terms("who is it") == ["who", "i", "it"]


def test_stems_join_forms_of_a_word() -> None:
    assert stem("engineering") == stem("engineer") == stem("engineers")


def test_irregular_forms_are_related() -> None:
    assert "wrote" in related_words(stem("author"))
    assert not related_words(stem("xylophone"))
