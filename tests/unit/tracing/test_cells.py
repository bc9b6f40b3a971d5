"""The cells that text takes on a terminal."""

from __future__ import annotations

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len, get_character_cell_size

from harlm.tracing.cells import cells, cut

TEXTS = st.text(
    st.one_of(
        st.sampled_from("ab “…” 帝国ｗ👩\u200d🚀\ufe0f❤\u0301\u0308ก็한😀🇩🇪"),
        st.characters(exclude_categories=("Cs", "Cc")),
    ),
    max_size=40,
)


@pytest.mark.parametrize(
    ("text", "width", "shown"),
    [
        ("short", 5, "short"),
        ("longer", 5, "long…"),
        ("帝国帝国", 8, "帝国帝国"),
        ("帝国帝国", 7, "帝国帝…"),
        ("帝国帝国", 6, "帝国…"),
        ("e\u0301e\u0301e\u0301", 2, "e\u0301…"),
        ("anything", 1, "…"),
        ("anything", 0, ""),
        ("", 3, ""),
    ],
)
def test_text_is_cut_by_cells(text: str, width: int, shown: str) -> None:
    assert cut(text, width) == shown


def test_a_letter_has_at_most_three_marks() -> None:
    assert cut("a" + "\u0301" * 400, 10) == "a" + "\u0301" * 3


def test_an_emoji_that_is_joined_counts_as_on_the_terminals_that_do_not_join() -> None:
    assert cells("👩\u200d🚀") == 4
    assert cells("❤\ufe0f") == 2


@given(text=TEXTS, width=st.integers(0, 30))
def test_no_text_that_was_cut_is_wider_than_asked(text: str, width: int) -> None:
    shown = cut(text, width)
    assert cells(shown) <= width
    assert cell_len(shown) <= width
    assert cells(text) > width or len(shown) <= len(text)


@given(text=TEXTS)
def test_the_widest_reading_counts(text: str) -> None:
    assert cells(text) >= cell_len(text)


def test_no_character_has_fewer_cells_than_the_newest_tables_say() -> None:
    surrogates = range(0xD800, 0xE000)
    letters = [chr(code) for code in range(sys.maxunicode + 1) if code not in surrogates]
    assert [letter for letter in letters if cells(letter) < get_character_cell_size(letter)] == []


def test_a_character_that_this_python_does_not_know_may_be_wide() -> None:
    assert cells("\U000e0fff") == 2
