"""EML: the headers that matter, then the text; places are lines of the text made here. Attachments are reported."""

from __future__ import annotations

from email import policy
from email.message import EmailMessage
from email.parser import BytesParser

from harlm.context.readers import html
from harlm.context.readers.reading import Reading
from harlm.errors import ContextError
from harlm.types import Document, Skipped

_HEADERS = ("From", "To", "Cc", "Date", "Subject")


def read(name: str, data: bytes) -> Reading:
    """One document."""
    message = BytesParser(policy=policy.default).parsebytes(data)
    assert isinstance(message, EmailMessage)
    headers = [f"{header}: {message[header]}" for header in _HEADERS if message[header]]
    body = _body(message)
    if not headers and not body.strip():
        raise ContextError("is not a mail message that can be read")
    skipped = tuple(
        Skipped(
            name=f"{name}/{part.get_filename() or 'attachment'}",
            reason="a mail attachment; save it to read it",
        )
        for part in message.iter_attachments()
    )
    text = "\n".join(headers) + "\n\n" + body
    return Reading((Document(name=name, text=text, kind="mail"),), skipped)


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
