from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harlm.context.readers.office.number_formats import BUILT_IN, NumberFormat, general

ACCOUNTING = '_("$"* #,##0.00_);_("$"* (#,##0.00);_("$"* "-"??_);_(@_)'


@pytest.mark.parametrize(
    ("stored", "text"),
    [
        ("0.30000000000000004", "0.3"),
        ("5.0", "5"),
        ("-0.1", "-0.1"),
        ("1E-3", "0.001"),
        ("0.00001234", "0.00001234"),
        ("1e300", "1E+300"),
        ("1.2345678901234567E+19", "1.23456789012346E+19"),
        ("12345678901234567890", "12345678901234567890"),
        ("007", "007"),
        ("nan", "nan"),
        ("12 apples", "12 apples"),
    ],
)
def test_a_number_without_a_format_has_15_digits(stored: str, text: str) -> None:
    assert general(stored) == text
    assert NumberFormat("General").show(stored) == text
    assert NumberFormat("").show(stored) == text


@pytest.mark.parametrize(
    ("code", "stored", "text"),
    [
        ("0.0%", "0.075", "7.5%"),
        ("0%", "0.075", "8%"),
        ("0 %", "0.5", "50 %"),
        ("0.0%;[Red]-0.0%", "-0.075", "-7.5%"),
        ("0.00", "2.675", "2.68"),
        ("0.00", "3.14159", "3.14"),
        ("#,##0", "-1234.5", "-1,235"),
        ('#,##0.00 "€"', "1234567.5", "1,234,567.50 €"),
        ("[$€-407] #,##0.00", "1234.5", "€ 1,234.50"),
        ("#,##0.00\\ [$kr-41D]", "1234.5", "1,234.50 kr"),
        (ACCOUNTING, "1234.5", "$1,234.50"),
        (ACCOUNTING, "-1234.5", "$(1,234.50)"),
        (ACCOUNTING, "0", "$-"),
        ("#,##0;(#,##0)", "-7", "(7)"),
        ("0", "-0.2", "0"),
        ("#", "0", ""),
        ("0.##", "5", "5"),
        ("0.##", "5.25", "5.25"),
        ("0.0#", "5", "5.0"),
        ("00000", "123", "00123"),
        ("000-00-0000", "123456789", "123-45-6789"),
        ("(000) 000-0000", "5551234567", "(555) 123-4567"),
        ("0.0,", "12345", "12.3"),
        ('0.0,,"M"', "12345678", "12.3M"),
        ("0.00E+00", "12345", "1.23E+04"),
        ("0.0E-0", "0.00012", "1.2E-4"),
        ("# ?/?", "1.75", "1 3/4"),
        ("# ??/??", "0.3", "3/10"),
        ("# ?/8", "2.5", "2 4/8"),
        ("# ?/?", "4", "4"),
        ('"Yes";"Yes";"No"', "0", "No"),
        ("0;-0;;@", "0", ""),
        (";;;", "5", "5"),
        ('General" kg"', "2.50", "2.5 kg"),
        ("[>=100]0;0.0", "99.96", "100.0"),
        ('[<1]0%;[>=1]0"x"', "3", "3x"),
        ("[h]:mm", "1.25", "30:00"),
        ("m/d/yy", "-3", "-3"),
        ("0.00", "1e300", "1E+300"),
        ("0.00", "none", "none"),
        ("@", "5.0", "5"),
    ],
)
def test_a_number_reads_as_the_sheet_shows_it(code: str, stored: str, text: str) -> None:
    assert NumberFormat(code).show(stored) == text


@pytest.mark.parametrize(
    ("number", "stored", "text"),
    [
        (9, "0.25", "25%"),
        (10, "0.075", "7.50%"),
        (4, "1234.5", "1,234.50"),
        (14, "45000", "2023-03-15"),
        (20, "0.5", "12:00"),
        (22, "45000.5", "2023-03-15 12:00"),
        (31, "45000", "2023-03-15"),
        (33, "0.5", "12:00:00"),
        (46, "1.25", "30:00:00"),
        (47, "0.5", "00:00.0"),
        (57, "45000", "2023-03-15"),
    ],
)
def test_formats_that_no_workbook_defines_are_known(number: int, stored: str, text: str) -> None:
    assert NumberFormat(BUILT_IN[number]).show(stored) == text


@pytest.mark.parametrize("number", [14, 18, 22, 27, 36, 45, 47, 50, 58])
def test_dates_and_times_are_known_as_such(number: int) -> None:
    assert NumberFormat(BUILT_IN[number]).is_date
    assert not NumberFormat("#,##0.00").is_date


@given(st.floats(-1e15, 1e15), st.integers(0, 6))
def test_places_are_rounded_half_up(value: float, places: int) -> None:
    shown = NumberFormat(f"#,##0{'.' if places else ''}{'0' * places}").show(repr(value))
    exact = Decimal(f"{value:.15g}").quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    assert Decimal(shown.replace(",", "")) == exact


@given(
    st.text(alphabet='0#?.,%E+-/@ymdhsAMP[]"\\_*;$€<>= 年', max_size=300), st.floats() | st.text(max_size=20)
)
def test_any_code_shows_any_value(code: str, stored: object) -> None:
    assert len(NumberFormat(code).show(str(stored))) < 2_000
