from __future__ import annotations

import time

import pytest

from harlm.context.readers import read_document
from harlm.errors import ContextError
from harlm.types import Document


def read(name: str, data: bytes) -> Document:
    (document,) = read_document(name, data).documents
    return document


def test_mail_has_its_headers_and_reports_attachments() -> None:
    mail = (
        b"From: ada@example.org\r\nTo: bob@example.org\r\nSubject: Hello\r\nMIME-Version: 1.0\r\n"
        b'Content-Type: multipart/mixed; boundary="B"\r\n\r\n'
        b"--B\r\nContent-Type: text/html\r\n\r\n<p>The code is 7.</p>\r\n"
        b'--B\r\nContent-Type: application/pdf\r\nContent-Disposition: attachment; filename="a.pdf"\r\n'
        b"\r\nx\r\n--B--\r\n"
    )
    reading = read_document("m.eml", mail)
    assert (
        reading.documents[0].text
        == "From: ada@example.org\nTo: bob@example.org\nSubject: Hello\n\nThe code is 7."
    )
    assert reading.skipped[0].name == "m.eml/a.pdf"


@pytest.mark.parametrize(
    ("header", "shown"), [("From: @", "From: "), ("To: a:b;<", "To: a:b;<"), ("Cc: a@b,\n  <c", "Cc: ")]
)
def test_a_header_that_cannot_be_parsed_is_shown_as_it_was_sent(header: str, shown: str) -> None:
    document = read("m.eml", f"{header}\nSubject: Hello\n\nThe code is 7.".encode())
    assert document.text.startswith(shown)
    assert document.text.endswith("Subject: Hello\n\nThe code is 7.")


def test_a_message_without_headers_and_text_is_an_error() -> None:
    with pytest.raises(ContextError, match="is not a mail message that can be read; save it as plain text"):
        read_document("m.eml", b"\n\n  \n")


def test_plain_text_is_preferred_to_html() -> None:
    mail = (
        b'Subject: Hi\r\nMIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary="B"\r\n\r\n'
        b"--B\r\nContent-Type: text/html\r\n\r\n<p>rich</p>\r\n"
        b"--B\r\nContent-Type: text/plain\r\n\r\nplain\r\n--B--\r\n"
    )
    assert read("m.eml", mail).text == "Subject: Hi\n\nplain"


def test_a_text_in_an_unknown_encoding_is_read_as_utf_8() -> None:
    mail = "Subject: Hi\nMIME-Version: 1.0\nContent-Type: text/plain; charset=nonsense\n\ngrün".encode()
    assert read("m.eml", mail).text == "Subject: Hi\n\ngrün"


@pytest.mark.parametrize(
    "header",
    [
        b"To: " + b"a@b," * 50_000,
        b"Cc: " + b"<" * 200_000,
        b"From: " + b"(" * 200_000,
        b"Subject: " + b"=?utf-8?q?a?= " * 9000,
    ],
    ids=lambda header: header[:8].decode(),
)
def test_a_long_header_is_read_in_part_and_reported(header: bytes) -> None:
    began = time.process_time()
    reading = read_document("a.eml", header + b"\n\nbody")
    assert time.process_time() - began < 5
    assert reading.documents[0].text.endswith("body")
    assert "only the first 10,000 characters" in reading.skipped[0].reason


def test_too_many_parts_or_headers_are_refused() -> None:
    many = b"Content-Type: multipart/mixed; boundary=x\n\n" + b"--x\n\na\n" * 2000
    with pytest.raises(ContextError, match="more than 1,000 parts"):
        read_document("a.eml", many)
    with pytest.raises(ContextError, match="more than 10,000 header lines"):
        read_document("a.eml", b"X: y\n" * 11_000 + b"\nbody")
