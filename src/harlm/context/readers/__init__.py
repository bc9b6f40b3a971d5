"""One reader a format: bytes in, documents out. This file knows which reader a name asks for; the readers know their
format only, and refuse to open files.

A reader raises ``ContextError`` for what is broken, and reports what it leaves out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import PurePosixPath

from harlm.context.readers import archive, html, mail, notebook, office, pdf, table, text
from harlm.context.readers.reading import Reading
from harlm.errors import ContextError
from harlm.types import Document, Skipped

_BY_SUFFIX: Mapping[str, Callable[[str, bytes], Reading]] = {
    ".pdf": pdf.read,
    ".docx": office.read_docx,
    ".docm": office.read_docx,
    ".pptx": office.read_pptx,
    ".pptm": office.read_pptx,
    ".xlsx": office.read_xlsx,
    ".xlsm": office.read_xlsx,
    ".ipynb": notebook.read,
    ".html": html.read,
    ".htm": html.read,
    ".xhtml": html.read,
    ".csv": table.read,
    ".tsv": table.read,
    ".eml": mail.read,
}

__all__ = ["Reading", "is_archive", "read_archive", "read_document"]


def read_document(name: str, data: bytes) -> Reading:
    """The documents in one file that is not an archive.

    Args:
        name: what the document will be called; its suffix chooses the reader.
        data: the whole file.

    Raises:
        ContextError: the file is empty, broken, or not text.
    """
    if not data:
        raise ContextError("is empty")
    if data.startswith(b"%PDF-"):
        return pdf.read(name, data)
    return _BY_SUFFIX.get(PurePosixPath(name).suffix.lower(), text.read)(name, data)


def is_archive(name: str) -> bool:
    """Whether the name is that of a zip, a tar or a gzipped file."""
    return name.lower().endswith(archive.SUFFIXES)


def read_archive(name: str, data: bytes) -> Reading:
    """The documents of all members of an archive. Nothing is written to disk, and no member's name is opened.

    Raises:
        ContextError: the archive is broken, encrypted, or grows beyond its limits.
    """
    skipped: list[Skipped] = []
    documents: list[Document] = []
    for member, content in archive.members(name, data, skipped):
        if is_archive(member):
            skipped.append(archive.left_out(member, "an archive inside an archive"))
            continue
        try:
            reading = read_document(member, content)
        except ContextError as error:
            skipped.append(archive.left_out(member, str(error)))
            continue
        documents.extend(reading.documents)
        skipped.extend(reading.skipped)
    return Reading(documents=tuple(documents), skipped=tuple(skipped))
