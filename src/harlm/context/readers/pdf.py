"""PDF, read with PDFium: the text of each page; places are pages."""

from __future__ import annotations

import threading
from contextlib import closing

from harlm.context.readers.reading import Parts
from harlm.errors import ContextError
from harlm.types import ReadResult, Skipped

_ONE_AT_A_TIME = threading.Lock()  # PDFium is not thread-safe


def read(name: str, data: bytes) -> ReadResult:
    """One document. Pages without text (scans) are reported, since images are not read."""
    import pypdfium2  # 70 ms to import, for PDFs only

    parts = Parts("page", separator="\n\n")
    blank: list[int] = []
    with _ONE_AT_A_TIME:
        try:
            with closing(pypdfium2.PdfDocument(data)) as book:
                for number in range(1, len(book) + 1):
                    with closing(book[number - 1]) as page, closing(page.get_textpage()) as text_page:
                        text = text_page.get_text_range().replace("\r\n", "\n").replace("\r", "\n")
                    text = text.replace("\ufffe", "-").replace("\0", "")  # U+FFFE is PDFium's soft hyphen
                    parts.add(text.strip("\n"))
                    if not text.strip():
                        blank.append(number)
        except pypdfium2.PdfiumError as error:
            hint = "needs a password" if "assword" in str(error) else "is not a PDF that can be opened"
            raise ContextError(f"{hint} ({error})") from error
    if parts.is_blank:
        raise ContextError(
            "has no text on any page: it contains only images, and text in images is not read; "
            "run text recognition (OCR) on it first"
        )
    skipped = tuple(
        Skipped(name=f"{name}:p{number}", reason="no text on this page (an image?)") for number in blank
    )
    return ReadResult((parts.document(name, "pdf"),), skipped)
