"""Outlook messages (``.msg``): the main headers and the text, as those of mail are read; places are lines of the text.

Messages inside a message, and attachments in a format that can be read, are documents of their own; other attachments
are reported.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from email.utils import format_datetime

from harlm.context.decode import Decoded, decode_labelled
from harlm.context.readers import html, rtf
from harlm.context.readers.code_pages import label_of
from harlm.context.readers.mail_headers import decoded_words, internet_headers
from harlm.context.readers.mail_parts import (
    LONGEST_HEADER,
    MOST_PARTS,
    SIGNATURE,
    SIGNATURES,
    attachment_name,
    file_name,
    is_page_shown,
    notes_of_header,
    read_attachment,
    too_many_parts,
)
from harlm.context.readers.mapi import Folder, MapiFile
from harlm.context.readers.rtf_packed import unpacked
from harlm.errors import ContextError
from harlm.types import Document, ReadResult, Skipped

_SUBJECT, _SENDER, _AUTHOR = 0x0037, (0x0C1A, 0x5D01, 0x0C1F), (0x0042, 0x5D02, 0x0065)
_RECIPIENT = (0x3001, 0x39FE, 0x3003)  # the name, the address on the internet, the address of any kind
_RECIPIENT_KIND, _KINDS = 0x0C15, {"To": (1, 0x0E04), "Cc": (2, 0x0E03)}
_TIMES = (0x0039, 0x0E06)  # sent, received
_INTERNET_HEADERS, _BODY, _PAGE, _RTF = 0x007D, 0x1000, 0x1013, 0x1009
_PAGE_OF_BODY, _PAGE_OF_MESSAGE = 0x3FDE, 0x3FFD
_FILE_NAMES, _FILE_TYPE, _FILE, _FILE_METHOD = (0x3707, 0x3704, 0x3001), 0x370E, 0x3701, 0x3705
_LINKS = frozenset({2, 3, 4, 7})  # ways to attach a file by its place


def read(name: str, data: bytes) -> ReadResult:
    """A document of the headers and the text, one for each message inside, and those of attachments."""
    reading = _Reading(name, MapiFile(data))
    if all(not document.text.strip() for document in reading.documents):
        raise ContextError("is not an Outlook message that can be read; save it as .eml or plain text")
    return ReadResult(tuple(reading.documents), tuple(reading.skipped))


class _Reading:
    """Reads one message with all that is in it.

    Attributes:
        documents: what was read.
        skipped: what was left out.
    """

    def __init__(self, name: str, file: MapiFile) -> None:
        self.documents: list[Document] = []
        self.skipped: list[Skipped] = []
        self._parts = 0
        self._attachments: list[tuple[str, bytes]] = []
        message = file.message()
        if message is not None:
            self._read_message(name, message)
        for attachment in self._attachments:
            reading = read_attachment(*attachment)
            self.documents += reading.documents
            self.skipped += reading.skipped
        for fault in file.faults:
            reason = f"is damaged, and some of its text may be missing ({fault})"
            self.skipped.append(Skipped(name=name, reason=reason, is_unread=True))

    def _read_message(self, name: str, message: Folder) -> None:
        self._count()
        label = label_of(message.number(_PAGE_OF_MESSAGE))
        message.labels = (label_of(message.number(_PAGE_OF_BODY)) or label, label)
        headers = "".join(f"{key}: {value}\n" for key, value in self._headers(name, message))
        body = self._body(name, message).rstrip("\n")
        text = f"{headers}\n{body}" if headers and body else headers.rstrip("\n") or body
        if text.strip():
            self.documents.append(Document(name=name, text=text, kind="mail"))
        forwarded: Counter[str] = Counter()
        for attachment in message.folders("__attach_version1.0_#"):
            self._count()
            self._read_part(name, attachment, forwarded)

    def _count(self) -> None:
        self._parts += 1
        if self._parts > MOST_PARTS:
            raise too_many_parts()

    def _headers(self, name: str, message: Folder) -> Iterator[tuple[str, str]]:
        """The main headers: as they came over the internet, else as Outlook keeps them."""
        sent = internet_headers(_text(message, _INTERNET_HEADERS))
        subject = _text(message, _SUBJECT).removeprefix("\x01")
        people = message.folders("__recip_version1.0_#")
        for key, value in (
            ("From", sent.get("from") or _person(message, _AUTHOR) or _person(message, _SENDER)),
            *((key, sent.get(key.lower()) or _people(message, people, key)) for key in _KINDS),
            ("Date", sent.get("date") or _date(message)),
            ("Subject", subject or sent.get("subject", "")),
        ):
            self.skipped += notes_of_header(name, key, value)
            if shown := decoded_words(value[:LONGEST_HEADER]):
                yield key, shown

    def _body(self, name: str, message: Folder) -> str:
        """The text: plain, unless that is a stub beside a page; else what the page or the RTF shows."""
        plain = _decoded(message, _BODY)
        size = len("".join(plain.text.split()))
        source = message.data(_PAGE)
        page = _decoded(message, _PAGE) if source is None else html.decode_page(source, message.labels[0])
        if page is not None and page.text.strip():
            shown = html.parse(page.text)
            text = shown.text.document(name, "html").text
            if text.strip() and is_page_shown(size, text):
                self._tell(name, *page.notes, *([html.HIDDEN] if shown.hides_text else ()))
                return text
        if size:
            self._tell(name, *plain.notes)
            return plain.text
        return self._rtf(name, message.data(_RTF) or b"")

    def _rtf(self, name: str, packed: bytes) -> str:
        if not packed:
            return ""
        try:
            reading = rtf.read(name, unpacked(packed))
        except ContextError as error:
            if str(error) != rtf.NO_TEXT:
                reason = f"the text of a message is left out: {error}"
                self.skipped.append(Skipped(name=name, reason=reason, is_unread=True))
            return ""
        self.skipped += reading.skipped
        return reading.documents[0].text

    def _tell(self, name: str, *notes: str) -> None:
        self.skipped += [Skipped(name=name, reason=note) for note in notes]

    def _read_part(self, name: str, part: Folder, forwarded: Counter[str]) -> None:
        """Read what is attached to a message."""
        if (inner := part.message(_FILE)) is not None:
            forwarded[name] += 1
            self._read_message(f"{name}/forwarded {forwarded[name]}", inner)
            return
        file = file_name(next(filter(None, (_text(part, each) for each in _FILE_NAMES)), ""))
        kind, _, subtype = _text(part, _FILE_TYPE).lower().partition("/")
        data = part.data(_FILE)
        attached = attachment_name(name, file, subtype)
        if subtype in SIGNATURES:
            self._tell(f"{name}/{file or 'signature'}", SIGNATURE)
        elif data is None and part.has_object(_FILE):
            self._tell(attached, "an object of another program in a message; save it to read it")
        elif data is None or part.number(_FILE_METHOD) in _LINKS:
            self._tell(attached, "a link to a file, which the message does not hold; name that file")
        elif data.strip():  # a signed message is attached to itself, as mail
            self._attachments.append((f"{attached}.eml" if kind == "multipart" else attached, data))


def _text(folder: Folder, number: int) -> str:
    return _decoded(folder, number).text


def _decoded(folder: Folder, number: int) -> Decoded:
    """A text with a newline for every line end; an empty one if it is missing or binary."""
    value = folder.text(number)
    if isinstance(value, str):
        return Decoded(value.replace("\r\n", "\n").replace("\r", "\n").replace("\0", ""))
    label = folder.labels[0 if number in (_BODY, _PAGE) else 1]
    return (decode_labelled(value, label) if value else None) or Decoded("")


def _person(folder: Folder, numbers: tuple[int, int, int]) -> str:
    """A name and an address, as mail writes them; addresses of Exchange are no addresses for people."""
    name, *addresses = (" ".join(_text(folder, number).split()) for number in numbers)
    address = next((each for each in addresses if "@" in each), "")
    if not address or name.strip("'\"").lower() == address.lower():
        return address or name
    return f"{name} <{address}>" if name else address


def _people(message: Folder, people: Sequence[Folder], key: str) -> str:
    """The recipients of a kind, up to a few more characters than a header has."""
    wanted, shown = _KINDS[key]
    names: list[str] = []
    length = 0
    for person in people:
        if person.number(_RECIPIENT_KIND) == wanted:
            names.append(_person(person, _RECIPIENT))
            length += len(names[-1]) + 2
            if length > LONGEST_HEADER + 2:
                break
    return ", ".join(filter(None, names)) or _text(message, shown)


def _date(message: Folder) -> str:
    moment = next(filter(None, map(message.time, _TIMES)), None)
    return format_datetime(moment) if moment is not None else ""
