from __future__ import annotations

import json
from pathlib import Path

import pytest

from harlm.context.readers import read_document
from harlm.errors import ContextError
from harlm.types import Document
from tests import making


def read(name: str, data: bytes) -> Document:
    (document,) = read_document(name, data).documents
    return document


def label(document: Document, text: str) -> str:
    return document.place(document.text.index(text)).label


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
    folder = Path(making.__file__).parents[1] / "src/harlm/context/readers"
    for path in folder.glob("*.py"):
        source = path.read_text(encoding="utf-8")
        assert "open(" not in source.replace("zipfile.open(", "").replace("archive.open(", "").replace(
            "tarfile.open(", ""
        ).replace("gzip.open(", "").replace("_zip.open(", ""), path
