from __future__ import annotations

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


def test_a_pdf_without_any_text_says_what_to_do() -> None:
    with pytest.raises(ContextError, match="text in images is not read; run text recognition"):
        read_document("scan.pdf", making.pdf(["", ""]))
