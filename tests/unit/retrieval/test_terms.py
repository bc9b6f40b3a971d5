from __future__ import annotations

from harlm.retrieval.terms import content_terms, stem, terms


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


def test_content_terms_leave_stopwords_out_unless_all_words_are() -> None:
    assert content_terms("What is the code of the vault and the code?") == ["code", "vault"]
    assert content_terms("who is it") == ["who", "i", "it"]


def test_stems_join_forms_of_a_word() -> None:
    assert stem("engineering") == stem("engineer") == stem("engineers")
