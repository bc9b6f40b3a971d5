from __future__ import annotations

import pytest

from harlm.context.readers import read_document
from harlm.errors import ContextError
from tests.support import making

CONTAINER = '<container><rootfiles><rootfile full-path="OEBPS/book.opf"/></rootfiles></container>'
BOOK = (
    '<package xmlns="p"><manifest><item id="a" href="one.xhtml" media-type="application/xhtml+xml"/>'
    '<item id="b" href="text/two%20x.xhtml" media-type="application/xhtml+xml"/><item id="c" href="c.png" media-type="image/png"/>'
    '<item id="d" href="cover.xhtml" media-type="application/xhtml+xml"/><item id="e" href="gone.xhtml" media-type="text/html"/></manifest>'
    '<spine><itemref idref="d"/><itemref idref="b"/><itemref idref="a"/><itemref idref="a"/><itemref idref="c"/><itemref idref="e"/></spine></package>'
)


def test_chapters_are_documents_in_the_order_of_the_book() -> None:
    page = '<?xml version="1.0" encoding="utf-8"?>\n<!DOCTYPE html>\n<html><body>\n<h1>{}</h1></body></html>'
    reading = read_document(
        "b.epub",
        making.zipped(
            {
                "META-INF/container.xml": CONTAINER, "OEBPS/book.opf": BOOK, "OEBPS/one.xhtml": page.format("Größe"),
                "OEBPS/text/two x.xhtml": page.format("First"), "OEBPS/cover.xhtml": "<img src='c.png'/>",
            }
        ),
    )  # fmt: skip
    assert [(document.name, document.text) for document in reading.documents] == [
        ("b.epub/OEBPS/text/two x.xhtml", "# First"), ("b.epub/OEBPS/one.xhtml", "# Größe")
    ]  # fmt: skip
    assert reading.documents[0].place(0).line == 4
    assert [skipped.name for skipped in reading.skipped] == ["b.epub/OEBPS/gone.xhtml"]


@pytest.mark.parametrize(
    "members",
    [{"x": "y"}, {"META-INF/container.xml": "<container/>"}, {"META-INF/container.xml": CONTAINER}, {"META-INF/container.xml": "<a>"},
     {"META-INF/container.xml": CONTAINER, "OEBPS/book.opf": '<!DOCTYPE a [<!ENTITY x "y">]><a/>'}, {"META-INF/container.xml": CONTAINER, "OEBPS/book.opf": "<a/>"}],
)  # fmt: skip
def test_a_broken_book_is_an_error(members: dict[str, str]) -> None:
    with pytest.raises(ContextError):
        read_document("b.epub", making.zipped(members))


def test_what_is_no_zip_is_no_book() -> None:
    with pytest.raises(ContextError, match="is not an EPUB book that can be opened"):
        read_document("b.epub", b"no")
