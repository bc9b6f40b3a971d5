from __future__ import annotations

import pytest

from harlm.context.readers.mail_parts import (
    LONGEST_HEADER,
    attachment_name,
    file_name,
    is_page_shown,
    notes_of_header,
    read_attachment,
)


@pytest.mark.parametrize(
    ("size", "page", "is_shown"),
    [(0, "", True), (10, "x" * 40, False), (10, "x " * 41, True), (501, "x" * 9000, False)],
)
def test_a_page_is_read_where_the_plain_text_is_a_stub(size: int, page: str, is_shown: bool) -> None:
    assert is_page_shown(size, page) is is_shown


def test_a_long_header_is_told() -> None:
    assert notes_of_header("m.eml", "to", "x" * LONGEST_HEADER) == []
    (note,) = notes_of_header("m.eml", "to", "x" * (LONGEST_HEADER + 1))
    assert note.name == "m.eml:To"


def test_names_of_attachments_are_short_and_name_no_folder() -> None:
    assert file_name("a/b\x1b.txt").startswith("a_b")
    assert len(file_name("x" * 500)) == 200
    assert attachment_name("m.eml", "", "csv") == "m.eml/attachment.csv"
    assert attachment_name("m.eml", "a.txt", "csv") == "m.eml/a.txt"


@pytest.mark.parametrize(
    ("name", "data", "reason", "is_unread"),
    [
        ("m/a.zip", b"PK", "an archive in a message", False),
        ("m/a.png", b"\x89PNG\0", "a mail attachment that is not text", False),
        ("m/a.pdf", b"%PDF-x", "is not a PDF", True),
    ],
)
def test_what_is_not_read_is_told(name: str, data: bytes, reason: str, is_unread: bool) -> None:
    reading = read_attachment(name, data)
    assert not reading.documents
    assert reading.skipped[0].reason.startswith(reason)
    assert reading.skipped[0].is_unread is is_unread


def test_what_is_text_is_a_document() -> None:
    assert read_attachment("m/a.txt", b"words").documents[0].text == "words"
