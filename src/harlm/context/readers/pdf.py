"""PDF, read with PDFium: the text of each page, its filled-in form fields and its comments; places are pages."""

from __future__ import annotations

import ctypes
import logging
import threading
from collections.abc import Iterator
from contextlib import closing
from typing import Any

from harlm.context.document_names import shown_name
from harlm.context.readers.hyphens import MARK, with_hyphens
from harlm.context.readers.pdf_columns import Piece, has_gaps, in_columns
from harlm.context.readers.reading import MOST_TEXT, Parts
from harlm.errors import ContextError
from harlm.types import ReadResult, Skipped

_ONE_AT_A_TIME = threading.Lock()  # PDFium is not thread-safe
_MOST_RECTANGLES, _MOST_LETTERS = 3_000, 30_000  # of a page whose columns are looked for
_SILENT = logging.NullHandler()
_HYPHEN = 2  # what PDFium has in the place of a letter for a hyphen at a line end


def read(name: str, data: bytes) -> ReadResult:
    """One document. Pages without text (scans) and attachments are reported, since they are not read."""
    import pypdfium2  # 70 ms to import, for PDFs only

    skipped: list[Skipped] = []
    with _ONE_AT_A_TIME:
        try:
            with closing(pypdfium2.PdfDocument(data)) as book:
                pages = list(_pages(name, book, skipped))
        except pypdfium2.PdfiumError as error:
            hint = "needs a password" if "assword" in str(error) else "is not a PDF that can be opened"
            raise ContextError(f"{hint} ({error})") from error
    parts = Parts("page", separator="\n\n")
    for page in with_hyphens(pages):
        parts.add(page)
    if parts.is_blank:
        raise ContextError(
            "has no text on any page: it contains only images, and text in images is not read; "
            "run text recognition (OCR) on it first"
        )
    return ReadResult((parts.document(name, "pdf"),), tuple(skipped))


def _pages(name: str, book: Any, skipped: list[Skipped]) -> Iterator[str]:
    """The text of each page."""
    from harlm.context.readers.pdf_marks import attached_files, marks_of

    _prepare_form(name, book, skipped)
    form = book.formenv
    files = attached_files(book)
    length = 0
    for number in range(1, len(book) + 1):
        with closing(book[number - 1]) as page:
            with closing(page.get_textpage()) as text_page:
                text = _text_of(text_page).replace("\0", "").strip("\n")
            marks = marks_of(page, form)
        files += marks.files
        if marks.hidden or marks.is_cut:
            what = "too many fields and comments" if marks.is_cut else "hidden fields or comments"
            skipped.append(Skipped(name=f"{name}:p{number}", reason=f"has {what}, which are not read"))
        text = "\n\n".join(filter(None, (text, "\n".join(marks.lines))))
        if not text.strip():
            skipped.append(Skipped(name=f"{name}:p{number}", reason="no text on this page (an image?)"))
        length += len(text)
        if length > MOST_TEXT:
            raise ContextError(f"contains more than {MOST_TEXT:,} characters; save the pages you need")
        yield text
    for file in dict.fromkeys(files):
        reason = "attached to a PDF, and not read; save it to a file and name it"
        skipped.append(Skipped(name=f"{name}/{shown_name(file)[:200]}", reason=reason))


def _prepare_form(name: str, book: Any, skipped: list[Skipped]) -> None:
    """Have PDFium know the form fields of a document; a form of another kind is reported."""
    import pypdfium2

    try:
        kind = book.get_formtype()
        if kind == pypdfium2.raw.FORMTYPE_XFA_FULL:
            reason = "is an XFA form, whose fields are not read; print it to a PDF"
            skipped.append(Skipped(name=name, reason=reason, is_unread=True))
        elif kind != pypdfium2.raw.FORMTYPE_NONE:
            logging.getLogger("pypdfium2").addHandler(_SILENT)  # it warns of XFA, which we report ourselves
            book.init_forms()
    except pypdfium2.PdfiumError as error:
        reason = f"has a form that cannot be read ({error})"
        skipped.append(Skipped(name=name, reason=reason, is_unread=True))


def _text_of(page: Any) -> str:
    """The text of a page, in reading order where its columns are drawn row by row."""
    count = page.count_rects()
    if 0 < count <= _MOST_RECTANGLES and page.count_chars() <= _MOST_LETTERS:
        boxes = map(page.get_rect, range(count))
        rough = [Piece(left, right, bottom, top - bottom, "") for left, bottom, right, top in boxes]
        if has_gaps(rough) and (text := in_columns(list(_pieces(page)))) is not None:
            return text
    text = page.get_text_range()
    return str(text).replace("\r\n", "\n").replace("\r", "\n")


def _pieces(page: Any) -> Iterator[Piece]:
    """The parts of lines, in the order in which the page draws them."""
    import pypdfium2.raw as pdfium

    x, y = ctypes.c_double(), ctypes.c_double()
    units: list[int] = []
    left = right = base = size = 0.0
    for number in range(page.count_chars()):
        unit = pdfium.FPDFText_GetUnicode(page, number)
        if unit in (0, 10, 13, 32, 0xA0):
            units.append(32)
            continue
        pdfium.FPDFText_GetCharOrigin(page, number, x, y)
        begin, _, end, _ = page.get_charbox(number)
        own = pdfium.FPDFText_GetFontSize(page, number) or 1.0
        following = Piece(begin, end, y.value, own, "")
        before = Piece(left, right, base, size, "")
        is_new_row = abs(y.value - base) > 0.6 * max(own, size) or begin < left - own
        if units and (is_new_row or following.is_beside(before)):
            yield Piece(left, right, base, size, _decoded(units))
            units = []
        if not units:
            left, base, size = begin, y.value, own
        right = end
        units.append(ord(MARK) if unit == _HYPHEN else unit)
    if units:
        yield Piece(left, right, base, size, _decoded(units))


def _decoded(units: list[int]) -> str:
    """The text of UTF-16 units."""
    text = "".join(map(chr, units)).encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return " ".join(text.split(" ")).strip()
