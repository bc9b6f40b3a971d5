from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harlm.context.readers.office.symbols import symbol


@pytest.mark.parametrize(
    ("font", "place", "shown"),
    [
        ("Symbol", "F061", "α"),
        ("Symbol", "F0B7", "•"),
        ("Symbol", "00B3", "≥"),
        ("Wingdings", "F0FC", "✓"),
        ("wingdings", "F0A8", "☐"),
        ("Wingdings", "F001", "\ufffd"),
        ("Arial", "2022", "•"),
        ("Arial", "F0B7", "\ufffd"),
        ("Arial", "D800", "\ufffd"),
        ("Arial", "zz", "\ufffd"),
        ("", "", "\ufffd"),
    ],
)
def test_a_letter_of_a_font_is_shown_as_the_letter_that_looks_like_it(
    font: str, place: str, shown: str
) -> None:
    assert symbol(font, place) == shown


@given(st.sampled_from(["Symbol", "Wingdings", "Arial", ""]), st.text(max_size=8))
def test_any_place_gives_one_letter_that_can_be_sent(font: str, place: str) -> None:
    assert len(symbol(font, place).encode()) > 0
    assert len(symbol(font, place)) == 1
