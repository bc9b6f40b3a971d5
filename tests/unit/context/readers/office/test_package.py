from __future__ import annotations

import contextlib
import io
import os
import time
import zipfile
from collections.abc import Callable

import pytest

from harlm.context.readers import read_document
from harlm.errors import ContextError
from harlm.types import Document
from tests.support import making
from tests.support import office_files as office
from tests.support.hostile_documents import docx_of


def read(name: str, data: bytes) -> Document:
    (document,) = read_document(name, data).documents
    return document


def label(document: Document, text: str) -> str:
    return document.place(document.text.index(text)).label


def docx(body: str, *, padding: int = 0) -> bytes:
    """A Word file of this XML; padding that cannot be compressed allows it to unpack to more."""
    space = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
    document = f"<w:document {space}><w:body>{body}</w:body></w:document>"
    return making.zipped({"word/document.xml": document, "padding": os.urandom(padding)})


def xlsx(rows: str, *, strings: str = "", padding: int = 0) -> bytes:
    """A workbook whose one sheet, A, has rows of this XML."""
    plain = making.xlsx({"A": []})
    with zipfile.ZipFile(io.BytesIO(plain)) as book:
        members: dict[str, str | bytes] = {each: book.read(each) for each in book.namelist()}
    space = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    members["xl/worksheets/sheet1.xml"] = f"<worksheet {space}><sheetData>{rows}</sheetData></worksheet>"
    members["xl/sharedStrings.xml"] = f"<sst {space}>{strings}</sst>"
    return making.zipped(members | {"padding": os.urandom(padding)})


def nested(opening: str, times: int) -> str:
    """Elements in one another, so many times."""
    names = [each.partition(">")[0] for each in opening.split("<")[1:]]
    return opening * times + "".join(f"</{name}>" for name in reversed(names)) * times


def many_levels() -> tuple[str, str]:
    """Lists of many levels, each changed many times."""
    override = "".join(
        f'<w:lvlOverride w:ilvl="{n}">{office.level(n, "%1")}</w:lvlOverride>' for n in range(5_000)
    )
    use = f'<w:num w:numId="1"><w:abstractNumId w:val="0"/>{override}</w:num>'
    return office.numbering("".join(office.level(n, "%1" * 99, "upperRoman") for n in range(5_000)), use)


def pptx_of(kind: str, content: str) -> bytes:
    """A presentation whose slide has one chart or diagram of this content."""
    frame = '<c:chart r:id="rId1"/>' if kind == "chart" else '<dgm:relIds r:dm="rId1"/>'
    root = office.xml("c:chartSpace" if kind == "chart" else kind, content)
    return office.pptx([office.line("a") + frame], {1: {"part.xml": ("part", root)}})


def rows_of(count: int, stored: str = "1") -> str:
    return "".join(office.row(office.value(stored, 1), number=n) for n in range(1, count + 1))


def test_docx_has_paragraphs_headings_and_tables() -> None:
    document = read(
        "memo.docx",
        making.docx(["# Title", "The first line.", "The second."], [["name", "age"], ["Ada", "36"]]),
    )
    assert document.text == "# Title\nThe first line.\nThe second.\nname\tage\nAda\t36"
    assert label(document, "The second") == "paragraph 3"


def test_docx_keeps_a_table_in_a_table_in_its_cell() -> None:
    inner = "<w:tbl><w:tr><w:tc><w:p><w:t>in</w:t></w:p></w:tc></w:tr></w:tbl>"
    outer = f"<w:tc><w:p><w:t>a</w:t></w:p>{inner}<w:p/></w:tc><w:tc><w:p><w:t>b</w:t></w:p></w:tc>"
    assert read("x.docx", docx(f"<w:tbl><w:tr>{outer}</w:tr></w:tbl>")).text == "a in\tb"


def test_pptx_has_slides_in_order_with_notes() -> None:
    document = read("deck.pptx", making.pptx(["Opening", "Figures"], {2: "Say it slowly."}))
    assert document.text == "Opening\n\nFigures\nNotes: Say it slowly."
    assert label(document, "slowly") == "slide 2"
    assert document.place(document.text.index("slowly")).page == 2


def test_xlsx_has_rows_labelled_with_their_sheet() -> None:
    document = read(
        "book.xlsx", making.xlsx({"Prices": [["item", "price"], ["pear", 3.5]], "Stock": [["pear", 12]]})
    )
    assert document.text == "item\tprice\npear\t3.5\npear\t12"
    assert label(document, "3.5") == "Prices row 2"
    assert label(document, "12") == "Stock row 1"


def test_xlsx_shows_days_as_days() -> None:
    assert read("book.xlsx", making.xlsx({"A": [["due", 45000.0]]}, dates=True)).text == "due\t2023-03-15"


def test_xlsx_keeps_a_number_that_is_not_a_day() -> None:
    assert read("book.xlsx", making.xlsx({"A": [[1e300, 45000.0]]}, dates=True)).text == "1e+300\t2023-03-15"


def test_xlsx_leaves_out_columns_that_no_row_uses() -> None:
    document = read(
        "book.xlsx",
        xlsx(
            '<row r="2"><c r="C2"><v>1</v></c><c r="XFD2"><v>2</v></c></row>'
            '<row r="9"><c r="XFD9"><v>3</v></c></row>'
        ),
    )
    assert document.text == "1\t2\n\t3"
    assert label(document, "3") == "A row 9"


def test_xlsx_counts_rows_and_columns_that_do_not_say_which_they_are() -> None:
    document = read(
        "book.xlsx", xlsx("<row><c><v>1</v></c><c><v>2</v></c></row><row/><row><c><v>3</v></c></row>")
    )
    assert document.text == "1\t2\n3"
    assert label(document, "3") == "A row 3"


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("x.docx", lambda: docx("<w:p/>" * 3_000_000), "unpacks to more than"),
        ("x.docx", lambda: docx("<a/>" * 4_000_001, padding=100_000), "more than 4,000,000 tags"),
        ("x.docx", lambda: docx("<w:p/>" * 1_001), "1,000 paragraphs of text"),
        ("x.xlsx", lambda: xlsx("<row/>" * 1_002), "has a part with more than"),
        ("x.xlsx", lambda: xlsx('<row><c r="XFE1"><v>1</v></c></row>'), "more than 16,384 columns"),
        (
            "x.xlsx",
            lambda: xlsx(
                "<row>" + '<c t="s"><v>0</v></c>' * 100 + "</row>",
                strings="<si><t>" + "x" * 1_000_000 + "</t></si>",
            ),
            "67,108,864 characters",
        ),
    ],
)
def test_an_office_file_made_to_fill_the_memory_is_refused(
    name: str, data: Callable[[], bytes], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("reading", "office.package"):
        monkeypatch.setattr(f"harlm.context.readers.{module}.MOST_PARTS", 1_000)
    with pytest.raises(ContextError, match=f"{said}.*; save the part you need"):
        read_document(name, data())


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("x.xlsx", lambda: xlsx("".join('<row><c r="XFD1"><v>1</v></c></row>' for _ in range(25_000)))),
        ("x.xlsx", lambda: xlsx(f'<row><c r="{"A" * 250_000}1"/><c><v>1</v></c></row>')),
        ("x.xlsx", lambda: xlsx("<row><c><v>1</v></c></row>", strings="<si>" * 50_000 + "</si>" * 50_000)),
        ("x.docx", lambda: docx("<w:tbl><w:tr><w:tc>" * 25_000 + "</w:tc></w:tr></w:tbl>" * 25_000)),
        ("x.docx", lambda: docx("<w:p>" * 75_000 + "<w:t>x</w:t>" + "</w:p>" * 75_000)),
        (
            "x.docx",
            lambda: office.docx("<w:p>" + nested("<mc:AlternateContent><mc:Choice>", 25_000) + "</w:p>"),
        ),
        ("x.docx", lambda: office.docx(nested("<mc:AlternateContent><mc:Fallback>", 25_000))),
        ("x.docx", lambda: office.docx(nested("<w:p><w:r><w:txbxContent>", 17_500))),
        ("x.docx", lambda: office.docx(nested("<m:f><m:num>", 25_000))),
        ("x.docx", lambda: office.docx(office.item("a") * 12_500, {"numbering.xml": many_levels()})),
        ("x.pptx", lambda: office.pptx([nested("<p:grpSp>", 50_000)])),
        ("x.pptx", lambda: office.pptx([nested("<a:tbl><a:tr><a:tc><a:txBody><a:p>", 10_000)])),
        ("x.pptx", lambda: pptx_of("chart", nested("<c:title><a:p><c:ser><c:cat>", 12_500))),
        ("x.pptx", lambda: pptx_of("dgm:dataModel", nested("<dgm:ptLst><dgm:pt><dgm:t><a:p>", 12_500))),
        ("x.pptx", lambda: office.pptx([office.line("a")] * 500)),
        ("x.xlsx", lambda: office.xlsx(rows_of(12_500), after='<s:mergeCell ref="A1:A99999"/>' * 12_500)),
        ("x.xlsx", lambda: office.xlsx(rows_of(12_500, "1e-200"), formats=("# ??/??" + "%" * 200,))),
    ],
)
def test_an_office_file_made_to_take_time_takes_little(name: str, data: Callable[[], bytes]) -> None:
    made = data()
    started = time.process_time()
    with contextlib.suppress(ContextError):
        assert len(read(name, made).text) < 1_000_000
    assert time.process_time() - started < 5


def test_an_office_file_that_declares_entities_is_refused() -> None:
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaa">]><w:document/>'
    with pytest.raises(ContextError, match="declares XML entities"):
        read_document("x.docx", making.zipped({"word/document.xml": bomb}))


@pytest.mark.parametrize("name", ["x.docx", "x.pptx", "x.xlsx"])
@pytest.mark.parametrize(
    "data",
    [
        b"old binary format",
        making.zipped({"other": "x"}),
        making.zipped({"word/document.xml": "<a>", "xl/workbook.xml": "<", "ppt/presentation.xml": ""}),
    ],
)
def test_a_broken_office_file_says_so(name: str, data: bytes) -> None:
    with pytest.raises(ContextError, match="Office file"):
        read_document(name, data)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "iso-8859-1"])
@pytest.mark.parametrize("before", ["", "<!--" + "x" * 5000 + "-->", "<?p" + " " * 5000 + "?>", "\n" * 5000])
def test_a_document_type_is_refused_in_any_encoding_and_place(encoding: str, before: str) -> None:
    declared = before + '<!DOCTYPE w [<!ENTITY a "b">]>'
    with pytest.raises(ContextError, match="declares XML entities"):
        read_document("a.docx", docx_of("<w:p/>", declared, encoding))


def test_a_file_that_needs_a_password_says_so() -> None:
    data = b"\xd0\xcf\x11\xe0" + bytes(500) + "EncryptedPackage".encode("utf-16-le") + bytes(500)
    with pytest.raises(ContextError, match="needs a password; save it without one"):
        read_document("x.docx", data)


@pytest.mark.parametrize(
    "target",
    ["../custom/Sheet.xml", "/custom/sheet.XML", "..\\custom\\sheet.xml", "a/../../custom/./sheet.xml"],
)
@pytest.mark.parametrize("member", ["custom/sheet.xml", "Custom\\Sheet.xml"])
def test_a_part_is_found_however_its_name_is_written(target: str, member: str) -> None:
    sheet = office.xml("s:worksheet", f"<s:sheetData>{office.row(office.words('here'))}</s:sheetData>")
    more = {"xl/_rels/workbook.xml.rels": office.links([("worksheet", target)]), member: sheet}
    assert read("x.xlsx", office.xlsx("", more=more)).text == "here"


def test_a_relationship_to_the_outside_is_not_followed() -> None:
    listed = office.links([("worksheet", "http://127.0.0.1/x")]).replace(
        " Target=", ' TargetMode="External" Target='
    )
    with pytest.raises(ContextError, match="contains no values"):
        read_document("x.xlsx", office.xlsx("", more={"xl/_rels/workbook.xml.rels": listed}))


def test_parts_are_found_by_their_usual_names_if_no_relationship_names_them() -> None:
    made = office.docx(office.paragraph("T", '<w:pStyle w:val="U1"/>'))
    with zipfile.ZipFile(io.BytesIO(made)) as book:
        members: dict[str, str | bytes] = {"word/document.xml": book.read("word/document.xml")}
    members["word/styles.xml"] = office.styles(office.style("U1", "heading 1"))[1]
    assert read("x.docx", making.zipped(members)).text == "# T"


@pytest.mark.parametrize(
    ("suffixes", "data"),
    [
        ("docx docm dotx dotm", office.docx(office.paragraph("text"))),
        ("pptx pptm ppsx ppsm potx potm", office.pptx([office.line("text")])),
        ("xlsx xlsm xltx xltm", office.xlsx(office.row(office.words("text")))),
    ],
)
def test_templates_shows_and_files_with_macros_read_like_the_others(suffixes: str, data: bytes) -> None:
    assert {read(f"x.{suffix}", data).text for suffix in suffixes.split()} == {"text"}
