from __future__ import annotations

import pytest

from tests.support.office_files import read, row, text_of, value, words, xlsx

STRINGS = (
    "<s:si><s:t>town</s:t></s:si>"
    '<s:si><s:t>札幌</s:t><s:rPh sb="0" eb="2"><s:t>サッポロ</s:t></s:rPh><s:phoneticPr fontId="1"/></s:si>'
    "<s:si><s:r><s:t>plain </s:t></s:r><s:r><s:rPr><s:b/></s:rPr><s:t>bold</s:t></s:r></s:si>"
    "<s:si><s:t>a_x000D__x000A_b _x005F_x000D_ _xzz_</s:t></s:si>"
)


def shown(*cells: str, formats: tuple[str | int, ...] = (), book: str = "", is_strict: bool = False) -> str:
    """The text of a sheet of one row."""
    return text_of(
        "x.xlsx", xlsx(row(*cells), formats=formats, book=book, strings=STRINGS, is_strict=is_strict)
    )


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ('t="s"|<s:v>0</s:v>', "town"),
        ('t="s"|<s:v>1</s:v>', "札幌"),
        ('t="s"|<s:v>2</s:v>', "plain bold"),
        ('t="s"|<s:v>3</s:v>', "a b _x000D_ _xzz_"),
        (words("inline"), "inline"),
        ('t="inlineStr"|<s:is><s:r><s:t>a</s:t></s:r><s:rPh><s:t>x</s:t></s:rPh></s:is>', "a"),
        ('t="b"|<s:v>1</s:v>', "TRUE"),
        ('t="b"|<s:v>0</s:v>', "FALSE"),
        ('t="e"|<s:v>#DIV/0!</s:v>', "#DIV/0!"),
        ('t="str"|<s:f>A1</s:f><s:v>said</s:v>', "said"),
        ("|<s:f>1+1</s:f><s:v>2</s:v>", "2"),
        (value("0.30000000000000004"), "0.3"),
        ('s="99"|<s:v>5</s:v>', "5"),
        ('s="x"|<s:v>5</s:v>', "5"),
        ('t="d"|<s:v>2024-03-15T00:00:00</s:v>', "2024-03-15"),
        ('t="d"|<s:v>2024-03-15T14:30:00Z</s:v>', "2024-03-15 14:30:00"),
        ('t="d"|<s:v>soon</s:v>', "soon"),
    ],
)
def test_a_value_reads_as_the_sheet_shows_it(cell: str, text: str) -> None:
    assert shown(cell) == text
    assert shown(cell, is_strict=True) == text


def test_a_stored_day_follows_the_format_of_its_cell() -> None:
    assert shown('t="d" s="1"|<s:v>2024-03-15T14:30:00</s:v>', formats=(14,)) == "2024-03-15"
    assert (
        shown('t="d" s="1"|<s:v>2024-03-15T14:30:00</s:v>', formats=("h:mm",), book='date1904="1"') == "14:30"
    )


def test_a_number_follows_the_format_of_its_cell_and_the_epoch_of_the_book() -> None:
    cells = (value(43904, 1), value("0.075", 2), value("1.25", 3), value(43904))
    formats = (14, "0.0%", "[h]:mm")
    assert shown(*cells, formats=formats) == "2020-03-14\t7.5%\t30:00\t43904"
    assert shown(*cells, formats=formats, book='date1904="1"') == "2024-03-15\t7.5%\t30:00\t43904"
    assert shown(*cells, formats=formats, book='date1904="false"').startswith("2020-03-14")


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ("|<s:f>SUM(B2:B3)</s:f><s:v></s:v>", "=SUM(B2:B3)"),
        ("|<s:f>SUM(B2:B3)</s:f>", "=SUM(B2:B3)"),
        ('t="str"|<s:f>A1&amp;B1</s:f>', "=A1&B1"),
        ('|<s:f t="shared" si="0"/>', "=(the formula of the cells beside it)"),
    ],
)
def test_a_formula_without_a_result_is_shown_and_reported(cell: str, text: str) -> None:
    reading = read("x.xlsx", xlsx(row(words("Total"), cell)))
    assert reading.documents[0].text == f"Total\t{text}"
    assert [each.name for each in reading.skipped] == ["x.xlsx:formulas"]


def test_a_formula_whose_result_is_an_empty_text_shows_nothing() -> None:
    reading = read("x.xlsx", xlsx(row(words("a"), 't="str"|<s:f>IF(A1,"","x")</s:f><s:v></s:v>', words("b"))))
    assert reading.documents[0].text == "a\tb"
    assert not reading.skipped
