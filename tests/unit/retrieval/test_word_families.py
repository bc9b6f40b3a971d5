from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from harlm.retrieval.terms import stem
from harlm.retrieval.word_families import related_words


def test_irregular_forms_are_related() -> None:
    assert "wrote" in related_words(stem("author"))
    assert not related_words(stem("xylophone"))


def test_a_word_is_not_related_to_itself() -> None:
    assert "write" not in related_words(stem("write"))
    assert {"wrote", "written", "author"} <= related_words(stem("write"))


def test_a_word_of_several_families_has_the_words_of_all_of_them() -> None:
    assert {"discover", "founder"} <= related_words("found")


def test_families_are_found_by_the_stem_of_any_form() -> None:
    assert related_words(stem("marriages")) == related_words(stem("marriage"))
    assert "wedding" in related_words(stem("marriages"))


@given(st.text("abcdefghijklmnopqrstuvwxyz", max_size=8))
def test_related_words_are_related_in_both_directions(word: str) -> None:
    for other in related_words(stem(word)):
        assert any(stem(back) == stem(word) for back in related_words(stem(other)))
