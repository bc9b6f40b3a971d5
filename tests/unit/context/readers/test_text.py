from __future__ import annotations

import pytest

from harlm.context.readers import read_document
from harlm.context.readers.text import kind_of
from harlm.errors import ContextError
from harlm.types import Document


def read(name: str, data: bytes) -> Document:
    (document,) = read_document(name, data).documents
    return document


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.py", "code"),
        ("Makefile", "code"),
        ("a.md", "markdown"),
        ("a.jsonl", "json"),
        ("a.log", "log"),
        ("a", "text"),
    ],
)
def test_kinds_follow_names(name: str, kind: str) -> None:
    assert read(name, b"some text").kind == kind


@pytest.mark.parametrize(
    ("data", "said"), [(b"", "is empty"), (b" \n ", "only blanks"), (b"\x00\x01\x02", "binary")]
)
def test_a_file_that_is_not_text_is_an_error(data: bytes, said: str) -> None:
    with pytest.raises(ContextError, match=said):
        read_document("a.txt", data)


def test_a_text_keeps_its_lines_and_loses_other_line_ends() -> None:
    document = read("a.txt", b"one\r\ntwo\r\nthree\n")
    assert document.text == "one\ntwo\nthree\n"
    assert document.place(document.text.index("three")).label == "3"


@pytest.mark.parametrize("name", ["src/Main.JAVA", "docker/Dockerfile", "x.PY"])
def test_code_is_recognised_in_any_case_and_folder(name: str) -> None:
    assert kind_of(name) == "code"
