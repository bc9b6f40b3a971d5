"""What the readers of mail share: which of two texts is shown, how long headers are cut, how attachments are read."""

from __future__ import annotations

from harlm.context.document_names import shown_name
from harlm.errors import ContextError
from harlm.types import ReadResult, Skipped

MOST_PARTS = 1_000
LONGEST_HEADER = 10_000  # characters
STUB, TIMES = 500, 4  # a plain text that is at most so long, and the page beside it so many times longer
SIGNATURES = frozenset({"pgp-signature", "pkcs7-signature", "x-pkcs7-signature"})
SIGNATURE = "the signature of a message"
_LONGEST_NAME = 200
_SUFFIXES = {
    "html": ".html",
    "csv": ".csv",
    "pdf": ".pdf",
    "json": ".json",
    "plain": ".txt",
    "calendar": ".ics",
}


def too_many_parts() -> ContextError:
    """The error for a message with more than ``MOST_PARTS`` parts."""
    return ContextError(f"has more than {MOST_PARTS:,} parts; save the one you need as text")


def notes_of_header(name: str, header: str, value: str) -> list[Skipped]:
    """The note on a header of which only the first ``LONGEST_HEADER`` characters are read, if it is longer."""
    if len(value) <= LONGEST_HEADER:
        return []
    reason = f"only the first {LONGEST_HEADER:,} characters of this header are read"
    return [Skipped(name=f"{name}:{header.title()}", reason=reason)]


def is_page_shown(size: int, page: str) -> bool:
    """Whether a page is read in place of the plain text beside it.

    Args:
        size: the length of the plain text, without its blanks.
        page: what the page shows.
    """
    return not size or (size <= STUB and len("".join(page.split())) > TIMES * size)


def file_name(name: str) -> str:
    """The name of an attached file as documents have it."""
    return shown_name(name[:_LONGEST_NAME]).replace("/", "_")


def attachment_name(message: str, file: str, subtype: str) -> str:
    """The name of the document of an attachment.

    Args:
        message: the name of the message.
        file: the name of the attached file, or an empty text.
        subtype: what follows the slash in its content type.
    """
    return f"{message}/{file or 'attachment' + _SUFFIXES.get(subtype, '')}"


def read_attachment(name: str, data: bytes) -> ReadResult:
    """The documents in an attached file, or why there are none."""
    from harlm.context.readers import (
        has_format,
        is_archive,
        read_document,
    )  # which choose the readers of mail

    if is_archive(name):
        return _left_out(name, "an archive in a message; save it to read it")
    try:
        return read_document(name, data)
    except ContextError as error:
        is_unread = has_format(name, data)
        reason = str(error) if is_unread else "a mail attachment that is not text; save it to read it"
        return _left_out(name, reason, is_unread=is_unread)


def _left_out(name: str, reason: str, *, is_unread: bool = False) -> ReadResult:
    return ReadResult((), (Skipped(name=name, reason=reason, is_unread=is_unread),))
