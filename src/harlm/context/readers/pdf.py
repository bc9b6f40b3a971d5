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
from harlm.context.readers.pdf_columns import (
    GAP,
    SAME_ROW,
    Piece,
    beside_gap,
    in_columns,
    may_go_on,
)
from harlm.context.readers.reading import MOST_TEXT, Parts
from harlm.errors import ContextError
from harlm.types import ReadResult, Skipped

_ONE_AT_A_TIME = threading.Lock()  # PDFium is not thread-safe
_FEWEST_RECTANGLES, _MOST_RECTANGLES = 6, 3_000  # of a page whose columns are looked for
_MOST_LETTERS, _MOST_IN_ALL = 30_000, 150_000  # of such a page, and of all such pages of a document
_SAMPLE = 8  # rows that are looked at first
_BLANKS = frozenset((0, 10, 13, 32, 0xA0))
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
    columns = _Columns()
    length = 0
    for number in range(1, len(book) + 1):
        with closing(book[number - 1]) as page:
            with closing(page.get_textpage()) as text_page:
                text = columns.text_of(text_page)
                if text is None:
                    text = text_page.get_text_range().replace("\r\n", "\n").replace("\r", "\n")
                text = text.replace("\0", "").strip("\n")
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


class _Columns:
    """Reads pages in which columns are drawn row by row. A document has only so much time for them."""

    def __init__(self) -> None:
        self._left = _MOST_IN_ALL

    def text_of(self, page: Any) -> str | None:
        """The text of a page column by column; ``None`` if it does not clearly have columns."""
        count, letters = page.count_rects(), page.count_chars()
        if not _FEWEST_RECTANGLES <= count <= _MOST_RECTANGLES or letters > min(self._left, _MOST_LETTERS):
            return None
        boxes = [page.get_rect(number) for number in range(count)]
        rough = [Piece(left, right, bottom, top - bottom, "") for left, bottom, right, top in boxes]
        rows = beside_gap(rough)
        if not rows:
            return None
        sample = rows[:: max(1, len(rows) // _SAMPLE)]
        for side in zip(*sample, strict=True):
            if not may_go_on([page.get_text_bounded(*boxes[number]) for number in side]):
                return None
        self._left -= letters
        return in_columns(list(_pieces(page)))


def _pieces(page: Any) -> Iterator[Piece]:
    """The parts of lines, in the order in which the page draws them."""
    import pypdfium2.raw as pdfium

    x, y = ctypes.c_double(), ctypes.c_double()
    left, right, bottom, top = (ctypes.c_double() for _ in range(4))
    unicode, origin = pdfium.FPDFText_GetUnicode, pdfium.FPDFText_GetCharOrigin
    box, size_of, raw = pdfium.FPDFText_GetCharBox, pdfium.FPDFText_GetFontSize, page.raw
    units: list[int] = []
    begin = end = base = size = 0.0
    for number in range(page.count_chars()):
        unit = unicode(raw, number)
        if unit in _BLANKS:
            units.append(32)
            continue
        origin(raw, number, x, y)
        box(raw, number, left, right, bottom, top)
        own = size_of(raw, number) or 1.0
        larger, gap = max(own, size), left.value - end
        if units and (abs(y.value - base) > SAME_ROW * larger or gap < -larger or gap >= GAP * larger):
            yield Piece(begin, end, base, size, _decoded(units))
            units = []
        if not units:
            begin, base, size = left.value, y.value, own
        end = right.value
        units.append(ord(MARK) if unit == _HYPHEN else unit)
    if units:
        yield Piece(begin, end, base, size, _decoded(units))


def _decoded(units: list[int]) -> str:
    """The text of UTF-16 units."""
    text = "".join(map(chr, units)).encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text.strip()
