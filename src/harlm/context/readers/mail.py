"""EML: the main headers, then the text; places are lines of that text. Attachments are reported, not read."""

from __future__ import annotations

from email import policy
from email.message import EmailMessage
from email.parser import BytesParser

from harlm.context.document_names import shown_name
from harlm.context.readers import html
from harlm.errors import ContextError
from harlm.types import Document, ReadResult, Skipped

_HEADERS = ("From", "To", "Cc", "Date", "Subject")


def read(name: str, data: bytes) -> ReadResult:
    """One document of the headers and the text."""
    message = BytesParser(policy=policy.default).parsebytes(data)
    assert isinstance(message, EmailMessage)
    headers = [f"{header}: {value}" for header in _HEADERS if (value := _header(message, header))]
    body = _body(message)
    if not headers and not body.strip():
        raise ContextError("is not a mail message that can be read; save it as plain text")
    skipped = tuple(
        Skipped(
            name=f"{name}/{shown_name(part.get_filename() or 'attachment')}",
            reason="a mail attachment; save it to read it",
        )
        for part in message.iter_attachments()
    )
    text = "\n".join(headers) + "\n\n" + body
    return ReadResult((Document(name=name, text=text, kind="mail"),), skipped)


def _header(message: EmailMessage, name: str) -> str:
    """A header in decoded form, or as it was sent if its parser fails."""
    try:
        return str(message[name] or "")
    except Exception:  # noqa: BLE001 - a malformed address raises IndexError, AttributeError and others
        sent = (value for key, value in message.raw_items() if key.lower() == name.lower())
        return " ".join(str(next(sent)).split())


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
