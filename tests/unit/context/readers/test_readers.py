from __future__ import annotations

from pathlib import Path

import pytest

from harlm.context.readers import read_document
from harlm.errors import ContextError
from harlm.types import Document
from tests.support import making


def read(name: str, data: bytes) -> Document:
    (document,) = read_document(name, data).documents
    return document


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        (
            "x.docx",
            making.zipped({"word/document.xml": "<a>"}).replace(b"\x08\x00", b"\x63\x00"),
            "an Office file",
        ),
        (
            "x.docx",
            making.zipped({"word/document.xml": b"<?xml version='1.0' encoding='x'?><a/>"}),
            "an Office file",
        ),
        ("x.ipynb", b'{"cells": ' + b"[" * 100_000, "a notebook"),
    ],
)
def test_any_error_of_a_parser_says_that_the_file_is_broken(name: str, data: bytes, said: str) -> None:
    with pytest.raises(ContextError, match=f"is not {said} that can be read .*; save it again"):
        read_document(name, data)


def test_an_error_of_a_parser_is_shown_on_one_line_without_control_characters(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(_: str) -> None:
        raise AssertionError("unknown \x1b status\nkeyword")

    monkeypatch.setattr("harlm.context.readers.html.parse", fail)
    with pytest.raises(ContextError) as caught:
        read_document("x.html", b"<p>x")
    assert "is not an HTML page that can be read (AssertionError: unknown %1B status keyword)" in str(
        caught.value
    )


def test_no_reader_opens_a_file() -> None:
    folder = Path(making.__file__).parents[2] / "src/harlm/context/readers"
    for path in folder.glob("*.py"):
        source = path.read_text(encoding="utf-8")
        assert "open(" not in source.replace("zipfile.open(", "").replace("archive.open(", "").replace(
            "tarfile.open(", ""
        ).replace("gzip.open(", "").replace("_zip.open(", "").replace("def _open(self, start", "").replace(
            "_ole._open(", ""
        ), path
