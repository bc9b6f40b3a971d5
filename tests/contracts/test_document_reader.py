"""The contract of ``DocumentReader``, for the confined process and for this one, which read the same."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from harlm.config import ContextSettings
from harlm.context.readers.in_process import InProcessReader
from harlm.protocols import DocumentReader
from harlm.reading.reader import ConfinedReader
from harlm.testing.contracts import DocumentReaderContract
from harlm.testing.contracts.document_reader import never
from harlm.types import RawFile, ReadResult
from tests.support import making, outlook_files

SAMPLES = [
    RawFile("a.html", "<h1>Grün</h1>\n<p>one &amp; two</p>".encode()),
    RawFile("b.pdf", making.pdf(["first page", "second page"])),
    RawFile("c.docx", making.docx(["# Head", "text"], [["a", "b"]])),
    RawFile("d.zip", making.zipped({"x/a.txt": "hello", "t.csv": 'a,b\n"1\n2",3\n', "p.png": b"\x89PNG\0"})),
    RawFile("e.eml", b"From: a@b\nSubject: hi\n\nbody"),
    RawFile(
        "e.msg", outlook_files.msg({0x37: "hi", 0x1000: "body"}, attached=[{0x3701: b"a,b", 0x3707: "t.csv"}])
    ),
    RawFile("f.ipynb", b'{"cells": [{"source": "x = 1"}, {"source": ["y"]}]}'),
    RawFile("g.log.gz", __import__("gzip").compress(b"GET /\n")),
    RawFile("i.zip", making.zipped({"ok.txt": "fine", "bad.pdf": "%PDF-broken", "photo.png": "\0\1"})),
    RawFile("h.xlsx", making.xlsx({"Sheet": [["name", "size"], ["a", "1"]]})),
]


class TestDocumentReaders(DocumentReaderContract):
    @pytest.fixture(params=["confined", "in process"])
    def reader(self, request: pytest.FixtureRequest) -> Iterator[DocumentReader]:
        made: DocumentReader = (
            ConfinedReader(ContextSettings()) if request.param == "confined" else InProcessReader()
        )
        yield made
        made.close()

    def test_files_are_read_in_order_with_their_text_places_and_what_was_left_out(
        self, reader: DocumentReader
    ) -> None:
        expected = InProcessReader().read(SAMPLES, never)
        read = reader.read(SAMPLES, never)
        assert len(read) == len(SAMPLES)
        for ours, theirs in zip(read, expected, strict=True):
            assert isinstance(ours, ReadResult)
            assert isinstance(theirs, ReadResult)
            assert ours.skipped == theirs.skipped
            for mine, its in zip(ours.documents, theirs.documents, strict=True):
                assert (mine.name, mine.text, mine.kind) == (its.name, its.text, its.kind)
                assert [mine.place(at) for at in range(len(mine.text))] == [
                    its.place(at) for at in range(len(its.text))
                ]
