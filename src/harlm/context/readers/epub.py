"""EPUB: a document for each chapter, in the order of the book; places are lines of the chapter's file."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from urllib.parse import unquote

from harlm.context.document_names import shown_name
from harlm.context.readers import html
from harlm.context.readers.zipped_xml import ADVICE, ZipPackage, parse_xml
from harlm.errors import ContextError
from harlm.types import Document, ReadResult, Skipped

_REFUSAL = "is not an EPUB book that can be opened; save it again with the program it came from"
_PAGES = frozenset({"application/xhtml+xml", "text/html", "application/x-dtbook+xml"})
_MOST_CHAPTERS = 10_000


def read(name: str, data: bytes) -> ReadResult:
    """The documents of all chapters that have text."""
    documents: list[Document] = []
    skipped: list[Skipped] = []
    with ZipPackage(data, _REFUSAL) as package:
        for chapter in _chapters(package):
            own = f"{name}/{shown_name(chapter)}"
            try:
                reading = html.read(own, package.member(chapter))
            except KeyError:
                skipped.append(Skipped(name=own, reason="a chapter that the book lacks", is_unread=True))
            except ContextError as error:
                if "no visible text" not in str(error):  # a page with a picture
                    raise
            else:
                documents += reading.documents
                skipped += reading.skipped
    if not documents:
        raise ContextError("contains no text")
    return ReadResult(tuple(documents), tuple(skipped))


def _chapters(package: ZipPackage) -> list[str]:
    """The members that the book shows, in order."""
    books: list[str] = []
    items: dict[str, str] = {}
    order: list[str] = []

    def container(tag: str, attributes: Mapping[str, str]) -> None:
        if tag == "rootfile":
            books.append(attributes.get("full-path", ""))

    def book(tag: str, attributes: Mapping[str, str]) -> None:
        if tag == "item" and attributes.get("media-type") in _PAGES:
            items[attributes.get("id", "")] = attributes.get("href", "")
        elif tag == "itemref":
            order.append(attributes.get("idref", ""))

    parse_xml(package.member("META-INF/container.xml"), container)
    if not books:
        raise ContextError(
            "is not an EPUB book that can be read; save it again with the program it came from"
        )
    parse_xml(package.member(books[0]), book)
    if len(order) > _MOST_CHAPTERS:
        raise ContextError(f"has more than {_MOST_CHAPTERS:,} chapters; {ADVICE}")
    folder = posixpath.dirname(books[0])
    return [
        posixpath.normpath(posixpath.join(folder, unquote(items[each])))
        for each in dict.fromkeys(order)
        if each in items
    ]
