from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harlm.retrieval.terms import (
    asked_words,
    content_terms,
    placed_stems,
    searchable,
    stem,
    stems_in,
    stems_of,
    terms,
)

_TEXT = st.text(
    st.one_of(st.characters(exclude_categories=["Cs"]), st.sampled_from("aAbB-.+# \n\\u0041é退한कि"))
)


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


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("in Malmö today", "malmo"),
        ("保修期限为一年", "期限"),
        ("यह किताब है", "किताब"),
        ('{"city": "\\u0141\\u00f3d\\u017a"}', "lodz"),
        ('{"word": "\\u6587"}', "文"),
        ('{"smile": "\\ud83d\\ude00 night"}', "night"),
        ("the e-mail", "email"),
        ("getUserProfile", "profil"),
        ("Versiche\xad\nrung", "versicherung"),
    ],
)
def test_a_text_has_its_words_in_the_spelling_of_questions(text: str, word: str) -> None:
    assert word in stems_of(text)
    assert word in [found for found, _ in placed_stems(text)]


def test_offsets_are_those_of_the_text_as_written() -> None:
    text = '"\\u0141\\u00f3d\\u017a" die Straße'
    found = {term.stem: text[term.start : term.end] for term in terms(text)}
    assert found == {"lodz": "\\u0141\\u00f3d\\u017a", "die": "die", "strass": "Straße"}


def test_a_stopword_in_capitals_is_a_word() -> None:
    assert content_terms("WHO guidelines for IT") == ["who", "guidelin", "it"]
    assert content_terms("WHAT IS THE BUDGET") == ["budget"]


def test_a_question_says_its_words_in_parts() -> None:
    asked = asked_words("Where is getUserProfile in C++ and e-mail?")
    assert [each.word for each in asked.words if not each.is_stopword] == [
        "user",
        "profile",
        "c",
        "e",
        "mail",
    ]
    assert asked.wholes == {"getuserprofile": ("get", "user", "profile"), "email": ("e", "mail")}
    assert asked.signed == ["c++"]


def test_texts_without_other_spellings_are_indexed_as_they_are() -> None:
    text = "Plain words of a text. And more."
    assert list(searchable(text, [(0, 23), (23, 32)])) == [text[:23], text[23:]]


@given(_TEXT, st.lists(st.integers(0, 60), max_size=4))
def test_parts_together_are_as_parts_alone(text: str, cuts: list[int]) -> None:
    edges = sorted({0, len(text), *(cut for cut in cuts if cut < len(text) and text[cut].isspace())})
    spans = list(pairwise(edges))
    assert [sorted(stems) for stems in stems_in(text, spans)] == [
        sorted(stems_of(text[a:b])) for a, b in spans
    ]
    assert [sorted(part.split()) for part in searchable(text, spans)] == [
        sorted(part.split()) for a, b in spans for part in searchable(text[a:b], [(0, b - a)])
    ]


@given(_TEXT)
def test_offsets_of_terms_ascend_and_lie_in_the_text(text: str) -> None:
    found = terms(text)
    assert all(0 <= each.start < each.end <= len(text) for each in found)
    assert [each.start for each in found] == sorted(each.start for each in found)
    assert all(0 <= at < max(1, len(text)) for _, at in placed_stems(text))
