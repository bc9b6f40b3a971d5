"""Mail: the main headers, then every text that a mail program shows; places are lines of the file.

Messages inside a message, and attachments in a format that can be read, are documents of their own; other attachments
are reported.
"""

from __future__ import annotations

import binascii
from collections import Counter
from collections.abc import Sequence
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import EmailPolicy

from harlm.context.decode import decode_labelled
from harlm.context.readers import html
from harlm.context.readers.mail_headers import decoded_words
from harlm.context.readers.mail_lines import MailSource, MailText, lines_of_quoted
from harlm.context.readers.mail_parts import (
    LONGEST_HEADER,
    MOST_PARTS,
    SIGNATURE,
    SIGNATURES,
    STUB,
    attachment_name,
    file_name,
    is_page_shown,
    notes_of_header,
    read_attachment,
    too_many_parts,
)
from harlm.errors import ContextError
from harlm.patterns import lazy_pattern
from harlm.types import Document, ReadResult, Skipped

_HEADERS = frozenset({"from", "to", "cc", "date", "subject"})
_MOST_HEADERS = 10_000
_MOST_MESSAGES = 20_000  # of one mailbox
_ENVELOPE = lazy_pattern(rb"(?:\A|(?<=\n\n)|(?<=\n\r\n))From \S(?=[^\n]*\d\d:\d\d)[^\n]*+\n")
_ENCODINGS = frozenset({"quoted-printable", "base64", "x-uuencode", "uuencode", "uue", "x-uue"})


def read(name: str, data: bytes) -> ReadResult:
    """A document of the headers and the text, one for each message inside, and those of attachments."""
    reading = _Reading(name, data)
    if not reading.documents or all(not document.text.strip() for document in reading.documents):
        raise ContextError("is not a mail message that can be read; save it as plain text")
    return ReadResult(tuple(reading.documents), tuple(reading.skipped))


def read_mailbox(name: str, data: bytes) -> ReadResult:
    """The documents of every message in a mailbox, ``mbox/1``, ``mbox/2``, …"""
    starts = [found.end() for found in _ENVELOPE.finditer(data)]
    if not starts:
        return read(name, data)
    if len(starts) > _MOST_MESSAGES:
        raise ContextError(f"has more than {_MOST_MESSAGES:,} messages; split it into smaller ones")
    documents: list[Document] = []
    skipped: list[Skipped] = []
    line = at = 0
    for number, (start, end) in enumerate(zip(starts, [*starts[1:], len(data)], strict=True), start=1):
        line += data.count(b"\n", at, start)
        at = start
        message = data[start : end if end == len(data) else data.rfind(b"\n", start, end - 1)]
        reading = _Reading(f"{name}/{number}", message, first_line=line + 1)
        documents += reading.documents
        skipped += reading.skipped
    return ReadResult(tuple(documents), tuple(skipped))


class _Reading:
    """Reads one message with all that is in it.

    Attributes:
        documents: what was read.
        skipped: what was left out.
    """

    def __init__(self, name: str, data: bytes, *, first_line: int = 1) -> None:
        self.documents: list[Document] = []
        self.skipped: list[Skipped] = []
        self._tally = _Tally()
        self._source = MailSource(data, first_line)
        self._forwarded: Counter[str] = Counter()
        self._attachments: list[tuple[str, bytes]] = []
        self._read_message(name, self._parsed(data))
        for attachment in self._attachments:
            reading = read_attachment(*attachment)
            self.documents += reading.documents
            self.skipped += reading.skipped

    def _parsed(self, data: bytes) -> EmailMessage:
        message = BytesParser(self._tally.message, policy=policy.default).parsebytes(data)  # type: ignore[arg-type] # a factory
        assert isinstance(message, EmailMessage)
        return message

    def _read_message(self, name: str, message: EmailMessage) -> None:
        text = MailText()
        lines = self._source.header_lines(_HEADERS)
        seen = set()
        for header, value in message.raw_items():
            key = header.lower()
            if key in _HEADERS and key not in seen:
                seen.add(key)
                text.add(
                    f"{key.title()}: {self._header(name, header, str(value))}\n",
                    lines.get(key, self._source.line),
                )
        place = len(self.documents)
        self._read_part(name, message, text)
        if not text.is_blank:
            self.documents.insert(place, text.document(name))

    def _header(self, name: str, header: str, value: str) -> str:
        self.skipped += notes_of_header(name, header, value)
        return decoded_words(value[:LONGEST_HEADER])

    def _read_part(self, name: str, part: EmailMessage, text: MailText | None) -> None:
        """Read a part of a message.

        Args:
            name: the name of the message.
            part: the part.
            text: takes what the part shows; ``None`` for a text that another part says as well.
        """
        kind = part.get_content_type()
        children = _children(part)
        if not part.is_multipart():
            self._read_leaf(name, part, text)
        elif kind == "message/delivery-status":
            self._read_headers(children, text)
        elif kind.startswith("message/"):
            self._forwarded[name] += 1
            for inner in children:
                self._read_message(f"{name}/forwarded {self._forwarded[name]}", self._inner(part, inner))
        else:
            chosen = _chosen(children) if kind == "multipart/alternative" else children
            for child in children:
                self._read_part(name, child, text if child in chosen else None)

    def _read_headers(self, blocks: list[EmailMessage], text: MailText | None) -> None:
        """Read a report that consists of headers."""
        if text is None:
            return
        for block in blocks:
            text.end_block()
            for header, value in block.raw_items():
                text.add(f"{header}: {decoded_words(str(value)[:LONGEST_HEADER])}\n", self._source.line)

    def _inner(self, part: EmailMessage, inner: EmailMessage) -> EmailMessage:
        """The message in a part, which some programs encode although they must not."""
        if str(part.get("content-transfer-encoding", "")).strip().lower() != "base64":
            return inner
        body = inner.get_payload()
        return self._parsed(_base64(body)) if isinstance(body, str) else inner

    def _read_leaf(self, name: str, part: EmailMessage, text: MailText | None) -> None:
        """Read a part that holds no others."""
        encoding = str(part.get("content-transfer-encoding", "")).strip().lower()
        data, sent = part.get_payload(decode=True), part.get_payload()
        if isinstance(data, bytes) and encoding not in _ENCODINGS:
            sent = data.decode("ascii", "surrogateescape")  # as it stands in the file
        body = sent if isinstance(sent, str) else ""
        line = self._source.find(body)
        if not isinstance(data, bytes) or not data.strip():
            return
        subtype, file = part.get_content_subtype(), _file_name(part)
        is_shown = part.get_content_disposition() != "attachment" and part.get_content_maintype() == "text"
        if is_shown and (subtype in ("plain", "html", "enriched") or not file):
            if text is not None:
                self._add_text(name, data, part, text, self._lines(encoding, body, line))
        elif subtype in SIGNATURES:
            self.skipped.append(Skipped(name=f"{name}/{file or 'signature'}", reason=SIGNATURE))
        else:
            self._attachments.append((attachment_name(name, file, subtype), data))

    def _lines(self, encoding: str, body: str, line: int | None) -> Sequence[int]:
        """For each line of the decoded body, its line in the file."""
        if line is None:
            return [self._source.line]
        if encoding == "quoted-printable":
            return [line + number for number in lines_of_quoted(body)]
        return [line] if encoding in _ENCODINGS else range(line, line + body.count("\n") + 1)

    def _add_text(
        self, name: str, data: bytes, part: EmailMessage, text: MailText, lines: Sequence[int]
    ) -> None:
        is_page = part.get_content_subtype() == "html"
        label = _label(part)
        found = html.decode_page(data, label) if is_page else decode_labelled(data, label)
        if found is None:
            self.skipped.append(Skipped(name=name, reason="a text that is binary is left out"))
            return
        notes = found.notes
        text.end_block()
        if is_page:
            page = html.parse(found.text)
            notes = (*notes, *([html.HIDDEN] if page.hides_text else ()))
            text.add_document(page.text.document(name, "html"), lines)
        else:
            text.add_lines(found.text, lines)
        self.skipped += [Skipped(name=name, reason=note) for note in notes]


class _Tally:
    """Counts what a hostile message has too much of."""

    def __init__(self) -> None:
        self.headers = 0
        self._parts = 0

    def message(self, policy: EmailPolicy) -> EmailMessage:
        """A new message or part.

        Raises:
            ContextError: there are too many.
        """
        self._parts += 1
        if self._parts > MOST_PARTS:
            raise too_many_parts()
        return _CountedMessage(self, policy)


class _CountedMessage(EmailMessage):
    """A message whose headers are counted as they are parsed."""

    def __init__(self, tally: _Tally, policy: EmailPolicy) -> None:
        super().__init__(policy)
        self._tally = tally

    def set_raw(self, name: str, value: str) -> None:
        """See ``email.message.Message.set_raw``."""
        self._tally.headers += 1
        if self._tally.headers > _MOST_HEADERS:
            raise ContextError(f"has more than {_MOST_HEADERS:,} header lines; save it as plain text")
        super().set_raw(name, value)


def _chosen(parts: list[EmailMessage]) -> list[EmailMessage]:
    """Of parts that say the same, those to read: plain text, unless it is a stub beside a page, or else the last page."""
    plain = [part for part in parts if part.get_content_type() == "text/plain"]
    pages = [part for part in parts if _page_in(part) is not None]
    if not pages:
        return plain or parts
    words = b"".join(_data(part) for part in plain).split()
    size = sum(map(len, words))
    if size > STUB:
        return plain
    page = _page_in(pages[-1])
    found = html.decode_page(_data(page), _label(page)) if page is not None else None
    shown = html.parse(found.text).text.document("", "html").text if found else ""
    return pages[-1:] if is_page_shown(size, shown) else plain


def _children(part: EmailMessage) -> list[EmailMessage]:
    children = part.get_payload()
    return (
        [child for child in children if isinstance(child, EmailMessage)] if isinstance(children, list) else []
    )


def _page_in(part: EmailMessage) -> EmailMessage | None:
    """The first HTML text in a part."""
    return next((each for each in part.walk() if each.get_content_type() == "text/html"), None)


def _data(part: EmailMessage) -> bytes:
    data = part.get_payload(decode=True)
    return data if isinstance(data, bytes) else b""


def _label(part: EmailMessage) -> str | None:
    """The encoding that a part declares."""
    try:
        return part.get_content_charset()
    except Exception:  # noqa: BLE001 - a malformed parameter raises LookupError, UnicodeError and others
        return None


def _file_name(part: EmailMessage) -> str:
    """The name of the file that a part is, or an empty text."""
    try:
        name = part.get_filename() or ""
    except Exception:  # noqa: BLE001 - as for a charset
        name = ""
    return file_name(decoded_words(name))


def _base64(text: str) -> bytes:
    try:
        return binascii.a2b_base64(text)
    except ValueError:
        return text.encode("ascii", "replace")
