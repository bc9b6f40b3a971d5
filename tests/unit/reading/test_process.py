"""The process that reads, run in this one."""

from __future__ import annotations

import os
import socket
import threading

import pytest

from harlm.config import ContextSettings
from harlm.context.readers.in_process import InProcessReader
from harlm.reading import process
from harlm.reading.frames import FrameBuffer, UnreadFile
from harlm.reading.incoming import IncomingFile
from harlm.reading.limits import limits_of
from harlm.types import RawFile, ReadResult, Unread
from tests.support import making

FILES = [
    RawFile("a.html", b"<p>x" * 70_000),
    RawFile("b.pdf", b"%PDF-"),
    RawFile("c.xlsx", making.xlsx({"S": [["1"]]})),
]


@pytest.fixture(autouse=True)
def no_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harlm.reading.process.resource.setrlimit", lambda *_: None)


def served(files: list[RawFile]) -> bytes:
    """All that the process sends for files."""
    ours, theirs = socket.socketpair()
    stored = (
        os.memfd_create("test") if hasattr(os, "memfd_create") else os.open(".", os.O_TMPFILE | os.O_RDWR)
    )
    os.write(stored, b"".join(file.data for file in files))
    batch = {"files": [[file.name, len(file.data)] for file in files], "cpu_seconds": 9.0}
    serving = threading.Thread(target=process.serve, args=(batch, theirs.detach(), stored))
    serving.start()
    with ours:
        data = b"".join(iter(lambda: ours.recv(1 << 20), b""))
    serving.join()
    os.close(stored)
    return data


def test_what_it_sends_is_what_the_readers_read() -> None:
    buffer = FrameBuffer()
    buffer.add(served(FILES))
    for file, expected in zip(FILES, InProcessReader().read(FILES, lambda: None), strict=True):
        incoming = IncomingFile(file.name, limits_of(len(file.data), ContextSettings()))
        while incoming.result is None:
            frame = buffer.next()
            assert frame is not None
            incoming.take(frame)
        assert type(incoming.result) is type(expected)
        if isinstance(expected, ReadResult):
            assert isinstance(incoming.result, ReadResult)
            (ours,), (theirs,) = incoming.result.documents, expected.documents
            assert ours.text == theirs.text
            assert [ours.place(at) for at in (0, len(ours.text) - 1)] == [
                theirs.place(at) for at in (0, len(theirs.text) - 1)
            ]
        else:
            assert isinstance(incoming.result, Unread)


def test_it_ends_after_a_file_that_needed_too_much_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    def exhausted(name: str, data: bytes, brought: object) -> ReadResult:
        raise MemoryError

    monkeypatch.setattr(process, "read_file", exhausted)
    buffer = FrameBuffer()
    buffer.add(served(FILES))
    assert buffer.next() == UnreadFile(process.OUT_OF_MEMORY)
    assert buffer.next() is None


def test_a_parser_that_is_not_installed_is_no_reason_to_fail() -> None:
    process.prepare(["nowhere_to_be_found", "json"])
