"""Readers: one for each format, from bytes to documents. This module chooses the reader by the file's name.

Readers do not open files, and do not depend on the process that they run in. A reader raises ``ContextError`` for
a broken file, and reports what it leaves out.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import lru_cache
from importlib import import_module

from harlm.context.ignore import has_binary_name
from harlm.context.readers import archive, text
from harlm.context.readers.brought import BroughtReaders, brought_readers
from harlm.context.readers.reading import shown_error
from harlm.context.readers.sniffing import is_lfs_pointer, looks_like_text
from harlm.errors import ContextError
from harlm.types import Document, ReadResult, Skipped, without_surrogates

_BY_SUFFIX: Mapping[str, tuple[str, str]] = {
    ".pdf": ("pdf", "read"),
    ".docx": ("office", "read_docx"),
    ".docm": ("office", "read_docx"),
    ".dotx": ("office", "read_docx"),
    ".dotm": ("office", "read_docx"),
    ".pptx": ("office", "read_pptx"),
    ".pptm": ("office", "read_pptx"),
    ".ppsx": ("office", "read_pptx"),
    ".ppsm": ("office", "read_pptx"),
    ".potx": ("office", "read_pptx"),
    ".potm": ("office", "read_pptx"),
    ".xlsx": ("office", "read_xlsx"),
    ".xlsm": ("office", "read_xlsx"),
    ".xltx": ("office", "read_xlsx"),
    ".xltm": ("office", "read_xlsx"),
    ".ipynb": ("notebook", "read"),
    ".html": ("html", "read"),
    ".htm": ("html", "read"),
    ".xhtml": ("html", "read"),
    ".csv": ("table", "read"),
    ".tsv": ("table", "read"),
    ".eml": ("mail", "read"),
    ".mht": ("mail", "read"),
    ".mhtml": ("mail", "read"),
    ".mbox": ("mail", "read_mailbox"),
    ".msg": ("outlook", "read"),
    ".rtf": ("rtf", "read"),
    ".odt": ("odf", "read"),
    ".ods": ("odf", "read"),
    ".odp": ("odf", "read"),
    ".epub": ("epub", "read"),
}
"""The module and function that read each suffix.

Imported on first use, since most contexts need only one or two.
"""

_HEAD = 1 << 12  # bytes by which a member of an archive is judged
_OWN = frozenset({"text", "table"})
"""Readers of text as it is: linear, bounded, and without a parser of others."""

OWN_SUFFIXES = frozenset(
    {"", ".txt", *_BY_SUFFIX, *text.SUFFIXES, *(f".{each.rpartition('.')[2]}" for each in archive.SUFFIXES)}
)
"""The suffixes whose readers no other package replaces."""

_PARSERS: Mapping[str, tuple[str, ...]] = {
    "pdf": ("pypdfium2", f"{__name__}.pdf_marks"),
    "html": ("turbohtml",),
    "mail": ("turbohtml",),
    "outlook": ("olefile", "turbohtml"),
    "notebook": ("turbohtml",),
    "epub": ("turbohtml",),
}
"""The packages that a reader imports when it is used."""

_FORMAT_NAMES: Mapping[str, str] = {
    "pdf": "a PDF",
    "office": "an Office file",
    "notebook": "a notebook",
    "html": "an HTML page",
    "table": "a table",
    "mail": "a mail message",
    "outlook": "an Outlook message",
    "rtf": "an RTF file",
    "odf": "an OpenDocument file",
    "epub": "an EPUB book",
    "text": "a text file",
}

_NONE: BroughtReaders = {}
_OLE2 = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # how the files of old Office programs and of Outlook begin
_POINTER = "is a pointer of git LFS, not the file itself; run git lfs pull"

__all__ = [
    "OWN_SUFFIXES",
    "has_format",
    "has_own_reader",
    "is_archive",
    "is_foreign",
    "is_lfs_pointer",
    "looks_like_text",
    "modules_of",
    "read_archive",
    "read_document",
    "read_file",
]


def is_foreign(name: str, data: bytes) -> bool:
    """Whether a file has a format whose parser may have faults or take long: any format but plain text and tables.

    Args:
        name: the name of the file.
        data: its contents, or their first bytes.
    """
    suffix = _suffix(name, data)
    return is_archive(name) or _BY_SUFFIX.get(suffix, ("text", ""))[0] not in _OWN or _is_brought(suffix)


def has_format(name: str, data: bytes) -> bool:
    """Whether a file should have more than plain text in it, so that a user wants to know if it cannot be read.

    Args:
        name: the name of the file.
        data: its contents, or their first bytes.
    """
    suffix = _suffix(name, data)
    return bool(data) and (is_archive(name) or suffix in _BY_SUFFIX or _is_brought(suffix))


def has_own_reader(name: str) -> bool:
    """Whether another installed package brings a reader for files of this name."""
    return _is_brought(_suffix(name, b""))


def _is_brought(suffix: str) -> bool:
    return suffix not in OWN_SUFFIXES and suffix in brought_readers()


def modules_of(name: str, data: bytes) -> tuple[str, ...]:
    """The modules that reading a file imports, if they are not those of an archive's members."""
    if is_archive(name):
        of_others = (each.module for each in brought_readers().values() if each.target)
        return ("pathspec.patterns.gitignore.spec", *of_others)
    suffix = _suffix(name, data)
    if _is_brought(suffix):
        return (brought_readers()[suffix].module,)
    module, _ = _BY_SUFFIX.get(suffix, ("text", ""))
    return (f"{__name__}.{module}", *_PARSERS.get(module, ()))


def read_file(name: str, data: bytes, brought: BroughtReaders = _NONE) -> ReadResult:
    """The documents in one file, an archive or not. See ``read_archive`` and ``read_document``."""
    return read_archive(name, data, brought) if is_archive(name) else read_document(name, data, brought)


def read_document(name: str, data: bytes, brought: BroughtReaders = _NONE) -> ReadResult:
    """The documents in one file that is not an archive.

    Args:
        name: the name that the document will have; its suffix chooses the reader.
        data: the contents of the file.
        brought: the readers of other packages, by suffix.

    Raises:
        ContextError: the file is empty, broken, or not text.
    """
    if not data:
        raise ContextError("is empty; give a file with some text")
    if is_lfs_pointer(data):
        raise ContextError(_POINTER)
    suffix = _suffix(name, data)
    foreign = None if suffix in OWN_SUFFIXES else brought.get(suffix)
    try:
        reading = _reader(suffix)(name, data) if foreign is None else foreign.read(name, data)
    except (ContextError, MemoryError):
        raise
    except Exception as error:  # parsers of ten formats raise any kind of error for a broken file
        module, _ = _BY_SUFFIX.get(suffix, ("text", ""))
        what = (
            _FORMAT_NAMES[module]
            if foreign is None
            else f"a {suffix} file for the package {foreign.distribution}"
        )
        raise ContextError(
            f"is not {what} that can be read ({shown_error(error)}); "
            "save it again with the program it came from, or save it as plain text"
        ) from error
    documents = tuple(map(_sendable, reading.documents))
    same = all(map(operator.is_, documents, reading.documents))
    return reading if same else replace(reading, documents=documents)


def _suffix(name: str, data: bytes) -> str:
    if data.startswith(b"%PDF-"):
        return ".pdf"
    if data.startswith(b"{\\rtf"):  # Word saves it as .doc too
        return ".rtf"
    dot = name.rfind(".")  # as ``splitext``, which takes five times as long
    suffix = name[dot:].lower() if dot > name.rfind("/") + 1 else ""
    return "" if suffix == ".msg" and not data.startswith(_OLE2) else suffix  # programs keep text in .msg too


def _sendable(document: Document) -> Document:
    """``document`` without lone surrogates, which escapes in JSON and old encodings can produce."""
    text = without_surrogates(document.text)
    return document if text is document.text else replace(document, text=text)


@lru_cache(maxsize=64)
def _reader(suffix: str) -> Callable[[str, bytes], ReadResult]:
    if suffix not in _BY_SUFFIX:
        return text.read
    module, function = _BY_SUFFIX[suffix]
    read: Callable[[str, bytes], ReadResult] = getattr(import_module(f"{__name__}.{module}"), function)
    return read


def is_archive(name: str) -> bool:
    """Whether the name is that of a zip, a tar or a gzipped file."""
    return name.lower().endswith(archive.SUFFIXES)


def read_archive(name: str, data: bytes, brought: BroughtReaders = _NONE) -> ReadResult:
    """The documents of all members of an archive.

    Nothing is written to disk, and no member's name is used as a path.

    Raises:
        ContextError: the archive is broken, or exceeds the limits in ``archive``.
    """
    if is_lfs_pointer(data):
        raise ContextError(_POINTER)
    skipped: list[Skipped] = []
    documents: list[Document] = []
    for member, content in archive.members(name, data, skipped):
        if is_archive(member):
            skipped.append(Skipped(name=member, reason="an archive inside an archive"))
            continue
        if has_binary_name(member) and not looks_like_text(content[:_HEAD]):
            skipped.append(Skipped(name=member, reason="binary" if content else "empty"))
            continue
        try:
            reading = read_document(member, content, brought)
        except ContextError as error:
            skipped.append(Skipped(name=member, reason=str(error), is_unread=has_format(member, content)))
            continue
        documents.extend(reading.documents)
        skipped.extend(reading.skipped)
    return ReadResult(documents=tuple(documents), skipped=tuple(skipped))
