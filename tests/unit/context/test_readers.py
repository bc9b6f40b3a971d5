from __future__ import annotations

import contextlib
import io
import json
import os
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from harlm.context.readers import read_document
from harlm.errors import ContextError
from harlm.types import Document
from tests.support import making


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


def test_pdf_pages_are_places_and_pages_without_text_are_reported() -> None:
    reading = read_document("report.pdf", making.pdf(["Retention is 90 days.", "", "Backups run nightly."]))
    (document,) = reading.documents
    assert document.kind == "pdf"
    assert label(document, "Retention") == "p1"
    assert label(document, "Backups") == "p3"
    assert [each.name for each in reading.skipped] == ["report.pdf:p2"]


def test_a_pdf_is_known_by_its_first_bytes() -> None:
    assert read("noname", making.pdf(["Hello there."])).kind == "pdf"


@pytest.mark.parametrize(
    ("data", "said"), [(b"%PDF-1.4 broken", "is not a PDF"), (making.pdf([""]), "has no text")]
)
def test_a_pdf_that_cannot_be_used_says_why(data: bytes, said: str) -> None:
    with pytest.raises(ContextError, match=said):
        read_document("x.pdf", data)


def test_docx_has_paragraphs_headings_and_tables() -> None:
    document = read(
        "memo.docx",
        making.docx(["# Title", "The first line.", "The second."], [["name", "age"], ["Ada", "36"]]),
    )
    assert document.text == "# Title\nThe first line.\nThe second.\nname\tage\nAda\t36"
    assert label(document, "The second") == "paragraph 3"


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


def test_xlsx_keeps_a_number_that_is_no_day() -> None:
    assert read("book.xlsx", making.xlsx({"A": [[1e300, 45000.0]]}, dates=True)).text == "1e+300\t2023-03-15"


def test_docx_keeps_a_table_in_a_table_in_its_cell() -> None:
    inner = "<w:tbl><w:tr><w:tc><w:p><w:t>in</w:t></w:p></w:tc></w:tr></w:tbl>"
    outer = f"<w:tc><w:p><w:t>a</w:t></w:p>{inner}<w:p/></w:tc><w:tc><w:p><w:t>b</w:t></w:p></w:tc>"
    assert read("x.docx", docx(f"<w:tbl><w:tr>{outer}</w:tr></w:tbl>")).text == "a in\tb"


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
    for module in ("reading", "office"):
        monkeypatch.setattr(f"harlm.context.readers.{module}.MOST_PARTS", 1_000)
    with pytest.raises(ContextError, match=f"{said}.*; save the part you need"):
        read_document(name, data())


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("x.xlsx", lambda: xlsx("".join('<row><c r="XFD1"><v>1</v></c></row>' for _ in range(100_000)))),
        ("x.xlsx", lambda: xlsx(f'<row><c r="{"A" * 1_000_000}1"/><c><v>1</v></c></row>')),
        ("x.xlsx", lambda: xlsx("<row><c><v>1</v></c></row>", strings="<si>" * 200_000 + "</si>" * 200_000)),
        ("x.docx", lambda: docx("<w:tbl><w:tr><w:tc>" * 100_000 + "</w:tc></w:tr></w:tbl>" * 100_000)),
        ("x.docx", lambda: docx("<w:p>" * 300_000 + "<w:t>x</w:t>" + "</w:p>" * 300_000)),
    ],
)
def test_an_office_file_made_to_take_time_takes_little(name: str, data: Callable[[], bytes]) -> None:
    made = data()
    started = time.process_time()
    with contextlib.suppress(ContextError):
        assert len(read(name, made).text) < 1_000_000
    assert time.process_time() - started < 20


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


def test_html_shows_what_a_reader_sees_with_the_lines_of_the_file() -> None:
    source = "<html><head><title>T</title><style>x{}</style></head>\n<body>\n<h2>Head</h2>\n<p>One &amp;\n two.</p><ul><li>item</ul>\n<script>no()</script><pre>a\n  b</pre></body>"
    document = read("page.html", source.encode())
    assert document.text == "T\n## Head\nOne & two.\n- item\na\n  b"
    assert document.place(document.text.index("One")).line == 4
    assert document.place(document.text.index("  b")).line == 6


def test_html_in_its_declared_encoding() -> None:
    assert read("p.html", '<meta charset="iso-8859-1"><p>grün'.encode("iso-8859-1")).text == "grün"


def test_html_with_a_section_that_no_one_knows_is_read() -> None:
    assert read("p.html", b"<p>one</p><![foo[x]]><![if !mso]><p>two</p><![endif]>").text == "one\ntwo"


@pytest.mark.parametrize("charset", ["undefined", "hex", "nonsense", "utf-16", "idna"])
def test_html_that_declares_an_encoding_it_cannot_have_is_read(charset: str) -> None:
    assert read("p.html", f'<meta charset="{charset}"><p>grün'.encode()).text == "grün"


def test_a_notebook_has_cells_with_their_output() -> None:
    cells = [
        {"cell_type": "markdown", "source": ["# Intro\n", "text"]},
        {
            "cell_type": "code",
            "source": "1 + 1",
            "outputs": [{"data": {"text/plain": ["2"]}}, {"text": "printed"}],
        },
    ]
    document = read("n.ipynb", json.dumps({"cells": cells}).encode())
    assert document.text == "# Intro\ntext\n\n1 + 1\n# output:\n2\n# output:\nprinted"
    assert label(document, "printed") == "cell 2"


@pytest.mark.parametrize("data", [b"{", b"[]", b'{"cells": 3}', b'{"cells": []}'])
def test_a_broken_notebook_says_so(data: bytes) -> None:
    with pytest.raises(ContextError):
        read_document("n.ipynb", data)


def test_halves_of_characters_in_a_notebook_become_one_character_each() -> None:
    document = read("n.ipynb", b'{"cells": [{"source": "a\\ud800b"}]}')
    assert document.text == "a\ufffdb"


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        (
            "x.docx",
            making.zipped({"word/document.xml": "<a>"}).replace(b"\x08\x00", b"\x63\x00"),
            "an Office file",
        ),
        (
            "x.docx",
            making.zipped({"word/document.xml": b"<?xml version='1.0' encoding='x'?><a/>"}),
            "an Office file",
        ),
        ("x.ipynb", b'{"cells": ' + b"[" * 100_000, "a notebook"),
    ],
)
def test_whatever_a_parser_raises_says_that_the_file_is_broken(name: str, data: bytes, said: str) -> None:
    with pytest.raises(ContextError, match=f"is not {said} that can be read .*; save it again"):
        read_document(name, data)


def test_a_reader_that_fails_in_a_way_of_its_own_says_what_it_could_not_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(_: str) -> None:
        raise AssertionError("unknown \x1b status\nkeyword")

    monkeypatch.setattr("harlm.context.readers.html.parse", fail)
    with pytest.raises(ContextError) as caught:
        read_document("x.html", b"<p>x")
    assert "is not an HTML page that can be read (AssertionError: unknown %1B status keyword)" in str(
        caught.value
    )


def test_csv_rows_are_places_even_when_a_cell_holds_line_ends() -> None:
    document = read("d.csv", b'name,note\nAda,"two\nlines"\nBob,x\n')
    assert label(document, "Bob") == "row 3"
    assert document.place(document.text.index("Bob")).line == 4


def test_plain_csv_and_tsv() -> None:
    assert label(read("d.csv", b"a,b\n1,2\n"), "1,2") == "row 2"
    assert label(read("d.tsv", b'a\tb\n"1\n1"\t2\nx\ty'), "x") == "row 3"


def test_mail_has_its_headers_and_reports_attachments() -> None:
    mail = (
        b"From: ada@example.org\r\nTo: bob@example.org\r\nSubject: Hello\r\nMIME-Version: 1.0\r\n"
        b'Content-Type: multipart/mixed; boundary="B"\r\n\r\n--B\r\nContent-Type: text/html\r\n\r\n<p>The code is 7.</p>\r\n'
        b'--B\r\nContent-Type: application/pdf\r\nContent-Disposition: attachment; filename="a.pdf"\r\n\r\nx\r\n--B--\r\n'
    )
    reading = read_document("m.eml", mail)
    assert (
        reading.documents[0].text
        == "From: ada@example.org\nTo: bob@example.org\nSubject: Hello\n\nThe code is 7."
    )
    assert reading.skipped[0].name == "m.eml/a.pdf"


@pytest.mark.parametrize(
    ("header", "shown"), [("From: @", "From: "), ("To: a:b;<", "To: a:b;<"), ("Cc: a@b,\n  <c", "Cc: ")]
)
def test_a_header_that_cannot_be_parsed_is_shown_as_it_was_sent(header: str, shown: str) -> None:
    document = read("m.eml", f"{header}\nSubject: Hello\n\nThe code is 7.".encode())
    assert document.text.startswith(shown)
    assert document.text.endswith("Subject: Hello\n\nThe code is 7.")


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.py", "code"),
        ("Makefile", "code"),
        ("a.md", "markdown"),
        ("a.jsonl", "json"),
        ("a.log", "log"),
        ("a", "text"),
    ],
)
def test_kinds_follow_names(name: str, kind: str) -> None:
    assert read(name, b"some text").kind == kind


@pytest.mark.parametrize(
    ("data", "said"), [(b"", "is empty"), (b" \n ", "only blanks"), (b"\x00\x01\x02", "binary")]
)
def test_what_is_no_text_says_so(data: bytes, said: str) -> None:
    with pytest.raises(ContextError, match=said):
        read_document("a.txt", data)


def test_no_reader_opens_a_file() -> None:
    folder = Path(making.__file__).parents[2] / "src/harlm/context/readers"
    for path in folder.glob("*.py"):
        source = path.read_text(encoding="utf-8")
        assert "open(" not in source.replace("zipfile.open(", "").replace("archive.open(", "").replace(
            "tarfile.open(", ""
        ).replace("gzip.open(", "").replace("_zip.open(", ""), path
