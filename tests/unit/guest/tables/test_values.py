"""Numbers, dates and booleans by the style of a whole column."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harlm.guest.tables.values import date_of, decimal_comma, number_of, typed


@pytest.mark.parametrize(
    ("cells", "values"),
    [
        (["1", "20", "-3"], [1, 20, -3]),
        (["1,234.56", "7.5"], [1234.56, 7.5]),
        (["1.234,56", "7,5"], [1234.56, 7.5]),
        (["1 234,5", "12 000 000"], [1234.5, 12_000_000]),
        (["1\u00a0234", "12"], [1234, 12]),
        (["1'234.50", "2"], [1234.5, 2]),
        (["$1,200.50", "$900"], [1200.5, 900]),
        (["12,50 €", "3,00 €"], [12.5, 3]),
        (["CHF 5.20", "CHF 4"], [5.2, 4]),
        (["12%", "7.5%"], [12, 7.5]),
        (["3 kg", "10 kg"], [3, 10]),
        (["(5)", "6"], [-5, 6]),
        (["−5", "+6"], [-5, 6]),
        (["1e3", "2.5"], [1000.0, 2.5]),
        (["1,00,000", "2,000"], [100_000, 2000]),
        (["5", "n/a", "", "-"], [5, None, None, None]),
        (["1,234", "2,345"], [1234, 2345]),
        (["1,234", "0,5"], [1.234, 0.5]),
        (["1.234", "0.5"], [1.234, 0.5]),
    ],
)
def test_numbers_are_read_in_the_style_of_their_column(cells: list[str], values: list[object]) -> None:
    column = typed(cells)
    assert (column.kind, column.values) == ("number", values)


@pytest.mark.parametrize(
    "cells",
    [
        ["5", "many"],
        ["007", "12"],
        ["3 kg", "5 g"],
        ["1,5", "1.5"],
        ["1.2.3", "4"],
        ["12,34,5", "1"],
        ["(5", "1"],
    ],
)
def test_what_is_no_column_of_numbers_stays_text(cells: list[str]) -> None:
    assert typed(cells).kind == "text"


def test_an_ambiguous_style_is_said() -> None:
    assert typed(["1.234"]).note == "1.234 is read as 1.234"
    assert typed(["1.234"], comma_is_likely=True).note == "1.234 is read as 1234"
    assert decimal_comma(["1.234,5"])
    assert not decimal_comma(["1.234"])


@pytest.mark.parametrize(
    ("cells", "values"),
    [
        (["2024-03-01", "2024/3/2"], ["2024-03-01", "2024-03-02"]),
        (["2024-03-01T10:00:05Z", "2024-03-01 10:00"], ["2024-03-01T10:00:05", "2024-03-01T10:00:00"]),
        (["01.03.2024", "2.3.2024"], ["2024-03-01", "2024-03-02"]),
        (["03/04/2024", "13/04/2024"], ["2024-04-03", "2024-04-13"]),
        (["03/04/2024", "03/13/2024"], ["2024-03-04", "2024-03-13"]),
        (["1 March 2024", "2 Mar 2024"], ["2024-03-01", "2024-03-02"]),
        (["March 1, 2024"], ["2024-03-01"]),
    ],
)
def test_dates_are_read_by_the_evidence_of_their_column(cells: list[str], values: list[str]) -> None:
    column = typed(cells)
    if len({cell[-1:] == "Z" for cell in cells}) == 1:
        assert (column.kind, column.values) == ("date", values)
    else:
        assert column.kind == "text"  # a time with a zone and one without do not compare


def test_dates_with_two_readings_stay_text_and_say_so() -> None:
    column = typed(["03/04/2024", "05/06/2024"])
    assert (column.kind, column.note) == ("text", "03/04/2024 can be read as two dates")


@pytest.mark.parametrize(
    "text", ["2024-02-30", "2023-02-29", "32.01.2024", "13/13/2024", "2024-01-01T25:00", "soon", ""]
)
def test_what_is_no_date(text: str) -> None:
    assert date_of(text) is None


def test_booleans() -> None:
    assert typed(["yes", "No", ""]).values == [True, False, None]
    assert typed(["true", "false"]).kind == "boolean"


@given(st.integers(-(10**12), 10**12))
def test_a_number_with_groups_of_three_is_read_back(number: int) -> None:
    assert typed([f"{number:,}.0", "1.5"]).values[0] == number
    assert typed([f"{number:,}.0".replace(",", " ").replace(".", ","), "1,5"]).values[0] == number


@given(st.lists(st.text("0123456789.,'-$€% /:abT", max_size=12), max_size=6))
def test_any_cells_have_a_column_of_their_length(cells: list[str]) -> None:
    column = typed([cell.strip() for cell in cells])
    assert len(column.values) == len(cells)
    kinds = {"number": (int, float), "date": str, "boolean": bool, "text": str}
    assert all(value is None or isinstance(value, kinds[column.kind]) for value in column.values)  # type: ignore[arg-type]


def test_groups_must_have_three_digits() -> None:
    assert number_of("1,23", ".") is None
    assert number_of("12345,678", ".") is None
    assert number_of(".5", ".") == 0.5
