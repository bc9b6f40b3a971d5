"""Items of a context: nothing but blanks is dropped, and parts are no larger than asked for."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from harlm.guest.combinators.items import KINDS, parts_of, split, texts_of

TEXTS = st.text("ab .!?\"')]\n\t。A1\x0c\u2028", max_size=200)


def words(text: str) -> str:
    return "".join(text.split())


@given(TEXTS, st.sampled_from(KINDS), st.integers(1, 9))
@example('He said "Stop." Then he left.', "sentence", 1)
def test_no_sign_of_the_text_is_lost(text: str, by: str, tokens: int) -> None:
    assert words("".join(split(text, by, tokens))) == words(text)


@given(st.lists(TEXTS, max_size=5), st.sampled_from(KINDS))
def test_several_texts_are_cut_one_after_another(texts: list[str], by: str) -> None:
    assert split(texts, by) == [item for text in texts for item in split(text, by)]
    assert split(dict(enumerate(texts)), by) == split(tuple(texts), by) == split(texts, by)


@given(TEXTS, st.sampled_from(KINDS))
def test_items_have_no_blanks_around_them_and_are_never_blank(text: str, by: str) -> None:
    assert all(item and item == item.strip() for item in split(text, by))


@given(TEXTS, st.integers(1, 60))
def test_parts_cover_the_text_within_their_size(text: str, characters: int) -> None:
    parts = list(parts_of(text, characters))
    assert words("".join(parts)) == words(text)
    assert all(len(part) <= characters for part in parts)
    at = 0
    for part in parts:
        at = text.index(part, at) + len(part)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("one two\n\nthree four", ["one two", "three four"]),
        ("one two\nthree four", ["one two", "three four"]),
        ("Ends here. And more", ["Ends here.", "And more"]),
        ("abcdefgh ijklmnop", ["abcdefgh", "ijklmnop"]),
        ("abcdefghijklmnop", ["abcdefghijkl", "mnop"]),
    ],
)
def test_a_part_ends_at_the_largest_seam_of_its_second_half(text: str, parts: list[str]) -> None:
    assert list(parts_of(text, 12)) == parts


@pytest.mark.parametrize(
    ("by", "items"),
    [
        ("line", ["One. Two.", "Three", "Four? Five!"]),
        ("sentence", ["One.", "Two.", "Three", "Four?", "Five!"]),
        ("paragraph", ["One. Two.\nThree", "Four? Five!"]),
        ("document", ["One. Two.\nThree\n\n\nFour? Five!"]),
        ("lines", ["One. Two.", "Three", "Four? Five!"]),
        ("Sentences", ["One.", "Two.", "Three", "Four?", "Five!"]),
    ],
)
def test_each_kind_of_item(by: str, items: list[str]) -> None:
    assert split("One. Two.\nThree\n\n\nFour? Five!", by) == items


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("a: 1\nb: 2\nc: 3", "line"),
        ("a\nb\n\nc\nd", "paragraph"),
        ("One. Two. Three.", "sentence"),
        ("a\nb", "paragraph"),
        ("a\n" + "b" * 3_000 + "\nc", "paragraph"),
    ],
)
def test_auto_takes_the_lines_of_a_list_and_else_paragraphs_or_sentences(text: str, kind: str) -> None:
    assert split(text) == split(text, kind)


def test_a_closing_quotation_mark_stays_with_its_sentence() -> None:
    assert split('He said "Stop." Then he left.', "sentence") == ['He said "Stop."', "Then he left."]


@pytest.mark.parametrize("context", [None, 5, b"x", ["x", 1], {"a": b"x"}, {"x"}])
def test_what_is_no_text_is_refused(context: Any) -> None:
    with pytest.raises(TypeError, match="split takes a str or a list of str, not"):
        texts_of(context)
    with pytest.raises(TypeError):
        split(context)


@pytest.mark.parametrize(
    ("by", "tokens", "said"),
    [
        ("word", None, "split by 'word' does not exist; use one of auto, line, sentence"),
        ("part", 0, "tokens of split must be from 1 to 1,000,000,000, not 0"),
        ("part", -3, "tokens of split must be from 1"),
    ],
)
def test_what_cannot_be_done_is_said(by: str, tokens: int | None, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        split("text", by, tokens)


def test_signs_that_look_like_the_end_of_a_sentence_take_no_longer_than_others() -> None:
    hostile = "." + " " * 300_000 + "a" + '."' + ")" * 300_000 + "\n" * 100_000
    assert words("".join(split(hostile, "sentence"))) == words(hostile)
