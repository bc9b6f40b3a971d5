"""EML: the main headers, then the text; places are lines of that text. Attachments are reported, not read."""

from __future__ import annotations

from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import EmailPolicy

from harlm.context.document_names import shown_name
from harlm.context.readers import html
from harlm.errors import ContextError
from harlm.types import Document, ReadResult, Skipped

_HEADERS = ("From", "To", "Cc", "Date", "Subject")
_MOST_PARTS, _MOST_HEADERS = 1_000, 10_000
_LONGEST_HEADER = 10_000  # characters; the parser of addresses takes time and memory beyond proportion
_LONGEST_NAME = 200


def read(name: str, data: bytes) -> ReadResult:
    """One document of the headers and the text."""
    tally = _Tally()
    message = BytesParser(tally.message, policy=policy.default).parsebytes(data)  # type: ignore[arg-type] # a factory
    assert isinstance(message, EmailMessage)
    headers = [f"{header}: {value}" for header in _HEADERS if (value := _header(message, header, tally))]
    body = _body(message)
    if not headers and not body.strip():
        raise ContextError("is not a mail message that can be read; save it as plain text")
    skipped = [
        Skipped(
            name=f"{name}/{shown_name((part.get_filename() or 'attachment')[:_LONGEST_NAME])}",
            reason="a mail attachment; save it to read it",
        )
        for part in message.iter_attachments()
    ]
    skipped += [
        Skipped(
            name=f"{name}:{header}",
            reason=f"only the first {_LONGEST_HEADER:,} characters of this header are read",
        )
        for header in tally.cut
    ]
    text = "\n".join(headers) + "\n\n" + body
    return ReadResult((Document(name=name, text=text, kind="mail"),), tuple(skipped))


class _Tally:
    """Counts what a hostile message has too much of.

    Attributes:
        cut: the names of headers that were read in part.
    """

    def __init__(self) -> None:
        self.cut: list[str] = []
        self.headers = 0
        self._parts = 0

    def message(self, policy: EmailPolicy) -> EmailMessage:
        """A new message or part.

        Raises:
            ContextError: there are too many.
        """
        self._parts += 1
        if self._parts > _MOST_PARTS:
            raise ContextError(f"has more than {_MOST_PARTS:,} parts; save the one you need as text")
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


def _header(message: EmailMessage, name: str, tally: _Tally) -> str:
    """A header in decoded form, or as it was sent if its parser fails or would take long."""
    sent = next((str(value) for key, value in message.raw_items() if key.lower() == name.lower()), "")
    if len(sent) > _LONGEST_HEADER:
        tally.cut.append(name)
        return " ".join(sent[:_LONGEST_HEADER].split())
    try:
        return str(message[name] or "")
    except Exception:  # noqa: BLE001 - a malformed address raises IndexError, AttributeError and others
        return " ".join(sent.split())


def _body(message: EmailMessage) -> str:
    part = message.get_body(("plain", "html"))
    if part is None:
        return ""
    try:
        content = str(part.get_content())
    except (LookupError, UnicodeError, KeyError):
        raw = part.get_payload(decode=True)
        content = raw.decode("utf-8", "replace") if isinstance(raw, bytes) else ""
    if part.get_content_subtype() == "html":
        content = html.parse(content).document("", "html").text
    return content.replace("\r\n", "\n")
