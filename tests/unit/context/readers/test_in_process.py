"""Beside the contract suite: the reader that protects from nothing."""

from __future__ import annotations

from harlm.context.readers.in_process import InProcessReader
from harlm.types import RawFile, Unread


def test_a_broken_file_is_a_reason() -> None:
    (read,) = InProcessReader().read([RawFile("a.docx", b"PK")], lambda: None)
    assert isinstance(read, Unread)
    assert "is not an Office file" in read.reason
