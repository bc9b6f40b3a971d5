"""What stands on a page of a PDF beside its text: values of form fields, comments, attached files."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pypdfium2.raw as pdfium

_MOST = 5_000  # annotations of one page
_LONGEST = 1 << 20  # bytes of one string
_PASSWORD = 1 << 13  # flag of a text field
_UNSEEN = pdfium.FPDF_ANNOT_FLAG_HIDDEN | pdfium.FPDF_ANNOT_FLAG_NOVIEW
_TICKS = (pdfium.FPDF_FORMFIELD_CHECKBOX, pdfium.FPDF_FORMFIELD_RADIOBUTTON)
_VALUES = (pdfium.FPDF_FORMFIELD_TEXTFIELD, pdfium.FPDF_FORMFIELD_COMBOBOX, pdfium.FPDF_FORMFIELD_LISTBOX)
_NO_COMMENTS = (pdfium.FPDF_ANNOT_POPUP, pdfium.FPDF_ANNOT_LINK, pdfium.FPDF_ANNOT_WIDGET)


@dataclass(slots=True)
class PageMarks:
    """What is marked on one page.

    Attributes:
        lines: the filled-in fields and the comments, one each.
        files: the names of attached files.
        hidden: how many fields and comments are not shown, and so not read.
        is_cut: whether there are more than are looked at.
    """

    lines: list[str] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    hidden: int = 0
    is_cut: bool = False


def marks_of(page: Any, form: Any) -> PageMarks:
    """The marks on a page.

    Args:
        page: the page, of ``pypdfium2``.
        form: the handle of the document's form, or ``None``.
    """
    marks = PageMarks()
    count = pdfium.FPDFPage_GetAnnotCount(page)
    marks.is_cut = count > _MOST
    for number in range(min(count, _MOST)):
        with _annotation(page, number) as annotation:
            if annotation:
                _add(marks, annotation, form)
    marks.lines = list(dict.fromkeys(marks.lines))  # a field can have several boxes
    return marks


def attached_files(book: Any) -> list[str]:
    """The names of the files that are attached to a document."""
    count = min(pdfium.FPDFDoc_GetAttachmentCount(book), _MOST)
    return [_file_name(pdfium.FPDFDoc_GetAttachment(book, number)) for number in range(count)]


@contextmanager
def _annotation(page: Any, number: int) -> Iterator[Any]:
    annotation = pdfium.FPDFPage_GetAnnot(page, number)
    try:
        yield annotation
    finally:
        if annotation:
            pdfium.FPDFPage_CloseAnnot(annotation)


def _add(marks: PageMarks, annotation: Any, form: Any) -> None:
    kind = pdfium.FPDFAnnot_GetSubtype(annotation)
    if kind == pdfium.FPDF_ANNOT_FILEATTACHMENT:
        marks.files.append(_file_name(pdfium.FPDFAnnot_GetFileAttachment(annotation)))
    if kind == pdfium.FPDF_ANNOT_WIDGET:
        line = "" if form is None else _field(annotation, form)
    elif kind in _NO_COMMENTS:
        return
    else:
        line = _comment(annotation, is_text=kind == pdfium.FPDF_ANNOT_FREETEXT)
    if line and pdfium.FPDFAnnot_GetFlags(annotation) & _UNSEEN:
        marks.hidden += 1
    elif line:
        marks.lines.append(line)


def _field(annotation: Any, form: Any) -> str:
    """A filled-in field with its label; nothing for an empty one."""
    kind = pdfium.FPDFAnnot_GetFormFieldType(form, annotation)
    if kind in _TICKS:
        if not pdfium.FPDFAnnot_IsChecked(form, annotation):
            return ""
        value = _string(pdfium.FPDFAnnot_GetFormFieldExportValue, form, annotation)
    elif kind in _VALUES:
        is_text = kind == pdfium.FPDF_FORMFIELD_TEXTFIELD
        if is_text and pdfium.FPDFAnnot_GetFormFieldFlags(form, annotation) & _PASSWORD:
            return ""
        value = _string(pdfium.FPDFAnnot_GetFormFieldValue, form, annotation)
    else:
        return ""
    if not value:
        return ""
    label = _string(pdfium.FPDFAnnot_GetFormFieldAlternateName, form, annotation)
    if not label:
        label = _string(pdfium.FPDFAnnot_GetFormFieldName, form, annotation).rpartition(".")[2]
    return f"{label.rstrip(':')}: {value}" if label else value


def _comment(annotation: Any, *, is_text: bool) -> str:
    """A comment with its author; text that stands on the page as it is."""
    said = _string(pdfium.FPDFAnnot_GetStringValue, annotation, b"Contents")
    if not said or is_text:
        return said
    author = _string(pdfium.FPDFAnnot_GetStringValue, annotation, b"T")
    return f"Comment by {author}: {said}" if author else f"Comment: {said}"


def _file_name(attachment: Any) -> str:
    return (_string(pdfium.FPDFAttachment_GetName, attachment) if attachment else "") or "a file"


def _string(function: Callable[..., int], *arguments: Any) -> str:
    """The text that a function of PDFium writes into a buffer; nothing if it is too long."""
    size = function(*arguments, None, 0)
    if size <= 2 or size > _LONGEST:
        return ""
    buffer = ctypes.create_string_buffer(size)
    function(*arguments, ctypes.cast(buffer, ctypes.POINTER(pdfium.FPDF_WCHAR)), size)
    text = buffer.raw.decode("utf-16-le", "replace").partition("\0")[0]
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()
