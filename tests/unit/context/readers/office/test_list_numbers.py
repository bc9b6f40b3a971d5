from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harlm.context.readers.office.list_numbers import shown_number

FORMS = "decimal lowerLetter upperLetter lowerRoman upperRoman ordinal decimalZero aiueo ganada chineseCounting odd".split()
VALUES = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100, "D": 500, "M": 1000}


@pytest.mark.parametrize(
    ("number", "form", "shown"),
    [
        (3, "decimal", "3"),
        (3, "lowerLetter", "c"),
        (28, "upperLetter", "BB"),
        (1994, "upperRoman", "MCMXCIV"),
        (4, "lowerRoman", "iv"),
        (7, "decimalZero", "07"),
        (21, "ordinal", "21st"),
        (12, "ordinal", "12th"),
        (2, "russianLower", "б"),
        (23, "chineseCounting", "二十三"),
        (3, "decimalEnclosedCircle", "③"),
        (3, "bullet", ""),
        (3, "none", ""),
        (3, "unheardOf", "3"),
        (0, "upperRoman", "0"),
        (99_999, "lowerLetter", "99999"),
    ],
)
def test_a_number_is_shown_in_the_form_of_its_list(number: int, form: str, shown: str) -> None:
    assert shown_number(number, form) == shown


@given(st.integers(0, 10**6), st.sampled_from(FORMS))
def test_any_number_has_a_short_form(number: int, form: str) -> None:
    assert 0 < len(shown_number(number, form)) < 60


@given(st.integers(1, 3999))
def test_roman_numbers_add_up(number: int) -> None:
    values = [VALUES[letter] for letter in shown_number(number, "upperRoman")]
    assert number == sum(-value if value < max(values[at:]) else value for at, value in enumerate(values))
