"""The texts of a context in one file."""

from __future__ import annotations

import errno
import os
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harlm.sandbox.process.context_file import nameless_file, write_texts
from harlm.types import Document

TEXTS = st.text(st.characters() | st.sampled_from("\ud800\udfff"), max_size=50)


@given(st.lists(TEXTS, max_size=5))
def test_each_text_is_read_back_by_its_size(texts: list[str]) -> None:
    documents = [Document(name=f"{number}.txt", text=text) for number, text in enumerate(texts)]
    with nameless_file() as file:
        extents = write_texts(documents, file)
        data = os.pread(file, 10_000, 0)
    at = 0
    for document, extent in zip(documents, extents, strict=True):
        piece = data[at : at + extent.size]
        at += extent.size
        assert piece.decode("utf-8", "surrogatepass") == document.text
        assert (extent.name, extent.ascii) == (document.name, document.text.isascii())
    assert at == len(data)


def test_a_text_in_many_pieces_is_written_whole() -> None:
    text = "é" * 3_000_000
    with nameless_file() as file:
        (extent,) = write_texts([Document(name="x", text=text)], file)
        assert extent.size == os.fstat(file).st_size == 6_000_000


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no sealed files")
def test_the_file_cannot_be_changed_after_it_is_written() -> None:
    with nameless_file() as file:
        write_texts([Document(name="x", text="text")], file)
        with pytest.raises(PermissionError):
            os.pwrite(file, b"T", 0)
        with pytest.raises(PermissionError):
            os.ftruncate(file, 0)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no files in memory")
def test_without_files_in_memory_the_file_is_on_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> int:
        raise OSError(errno.ENOSYS, "not here")

    monkeypatch.setattr(os, "memfd_create", refused)
    with nameless_file() as file:
        write_texts([Document(name="x", text="text")], file)
        assert os.pread(file, 10, 0) == b"text"
        assert os.fstat(file).st_nlink == 0


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no files in memory")
def test_too_few_descriptors_are_an_error_and_no_reason_to_use_the_disk(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refused(*_: object) -> int:
        raise OSError(errno.EMFILE, "too many open files")

    monkeypatch.setattr(os, "memfd_create", refused)
    with pytest.raises(OSError, match="too many open files"), nameless_file():
        pass
