from __future__ import annotations

import pytest

from tests.support.office_files import (
    document_of,
    label,
    line,
    links,
    read,
    row,
    text_of,
    value,
    words,
    xlsx,
    xml,
)

THREADED = "http://schemas.microsoft.com/office/2017/10/relationships/threadedComment"


def merged(*references: str) -> str:
    cells = "".join(f'<s:mergeCell ref="{each}"/>' for each in references)
    return f"<s:mergeCells>{cells}</s:mergeCells>"


def sheet(*rows: tuple[str, ...]) -> str:
    """Rows of texts, from 1."""
    return "".join(row(*map(words, cells), number=number) for number, cells in enumerate(rows, start=1))


@pytest.mark.parametrize("state", ["hidden", "veryHidden"])
def test_a_hidden_sheet_says_so_in_its_places(state: str) -> None:
    document = document_of("x.xlsx", xlsx(row(words("price")), state=state))
    assert label(document, "price") == "Data (hidden) row 1"


@pytest.mark.parametrize(
    ("references", "text"),
    [
        (("A2:A4",), "Region\tQ\nNorth\tQ1\nNorth\tQ2\nNorth\tQ3\n\tQ4"),
        (("$A$2:$B$3",), "Region\tQ\nNorth\tQ1\nNorth\tQ2\n\tQ3\n\tQ4"),
        (("A1:B1",), "Region\tQ\nNorth\tQ1\n\tQ2\n\tQ3\n\tQ4"),
        (("C9:C12", "odd", "A2", ":", "A2:A", ""), "Region\tQ\nNorth\tQ1\n\tQ2\n\tQ3\n\tQ4"),
    ],
)
def test_a_label_that_spans_rows_stands_in_each_of_them(references: tuple[str, ...], text: str) -> None:
    rows = sheet(("Region", "Q"), ("North", "Q1"), ("", "Q2"), ("", "Q3"), ("", "Q4"))
    document = document_of("x.xlsx", xlsx(rows, after=merged(*references)))
    assert document.text == text
    assert label(document, "Q2") == "Data row 3"


def test_a_long_text_that_spans_rows_stands_in_the_first_only() -> None:
    text = text_of("x.xlsx", xlsx(sheet(("x" * 300, "a"), ("", "b")), after=merged("A1:A2")))
    assert text.count("x") == 300


def test_merged_cells_make_no_rows() -> None:
    rows = row(words("a"), words("b")) + row(words(""), words("c"), number=5)
    document = document_of("x.xlsx", xlsx(rows, after=merged("A1:A1048576")))
    assert document.text == "a\tb\na\tc"


def test_comments_follow_the_rows_with_their_cell_and_author() -> None:
    old = xml(
        "s:comments",
        "<s:authors><s:author>Ann</s:author></s:authors><s:commentList>"
        '<s:comment ref="B10" authorId="0"><s:text><s:r><s:t>Ann:</s:t></s:r><s:r><s:t>\nestimate</s:t></s:r></s:text></s:comment>'
        '<s:comment ref="A2" authorId="7"><s:text><s:t>first</s:t></s:text></s:comment>'
        '<s:comment ref="A3" authorId="0"><s:text><s:t>[Threaded comment] get Excel</s:t></s:text></s:comment>'
        "</s:commentList>",
    )
    new = xml(
        "tc:ThreadedComments",
        '<tc:threadedComment ref="A3" personId="{1}"><tc:text>why?</tc:text></tc:threadedComment>',
    )
    persons = xml("tc:personList", '<tc:person displayName="Bob" id="{1}"/>')
    book_links = [("worksheet", "worksheets/sheet1.xml"), ("person", "persons/person.xml")]
    more = {"xl/persons/person.xml": persons, "xl/_rels/workbook.xml.rels": links(book_links)}
    parts = {"comments1.xml": ("comments", old), "threads1.xml": (THREADED, new)}
    document = document_of("x.xlsx", xlsx(sheet(("a",)), parts=parts, more=more))
    assert document.text == (
        "a\nComment on A2: first\nComment on A3 (Bob): why?\nComment on B10 (Ann): estimate"
    )
    assert label(document, "estimate") == "Data comment B10"


def test_text_boxes_and_titles_of_charts_follow_the_rows() -> None:
    title = f"<c:title><c:tx><c:rich>{line('Growth')}</c:rich></c:tx></c:title>"
    drawing = xml("wsDr", f'<txBody>{line("see below")}</txBody><c:chart r:id="rId1"/><pic/>')
    more = {
        "xl/drawings/_rels/d.xml.rels": links([("chart", "../charts/chart1.xml")]),
        "xl/charts/chart1.xml": xml("c:chartSpace", f"<c:chart>{title}<c:ser/></c:chart>"),
    }
    reading = read("x.xlsx", xlsx(sheet(("a",)), parts={"drawings/d.xml": ("drawing", drawing)}, more=more))
    document = reading.documents[0]
    assert document.text == "a\nsee below\nChart: Growth"
    assert label(document, "Growth") == "Data drawing"
    assert [each.name for each in reading.skipped] == ["x.xlsx:images"]


def test_macros_and_objects_are_reported() -> None:
    made = xlsx(
        sheet(("a",)), parts={"embeddings/o.bin": ("oleObject", "x")}, more={"xl/vbaProject.bin": b"\0"}
    )
    assert {each.name for each in read("x.xlsm", made).skipped} == {"x.xlsm:objects", "x.xlsm:macros"}


def test_a_strict_workbook_reads_like_any_other() -> None:
    made = xlsx(sheet(("Region", "Q"), ("North", "Q1"), ("", "Q2")), after=merged("A2:A3"), is_strict=True)
    assert text_of("x.xlsx", made) == "Region\tQ\nNorth\tQ1\nNorth\tQ2"


def test_a_tab_or_a_line_end_in_a_cell_does_not_end_it() -> None:
    assert text_of("x.xlsx", xlsx(row(words("a\tb\nc"), words("d")))) == "a b c\td"


def test_numbers_keep_their_columns_below_a_header() -> None:
    rows = row(words("item"), words("price"), words("rate")) + row(
        words("pear"), "", value("0.075", 1), number=2
    )
    assert text_of("x.xlsx", xlsx(rows, formats=("0.0%",))) == "item\tprice\trate\npear\t\t7.5%"
