"""The contract of ``DocumentReader``, for the confined process and for this one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from harlm.config import ContextSettings
from harlm.context.readers.in_process import InProcessReader
from harlm.protocols import DocumentReader
from harlm.reading.reader import ConfinedReader
from harlm.types import RawFile, ReadResult, Unread
from tests.support import making, outlook_files


class Stopped(Exception):
    """What a check raises in these tests."""


def never() -> None:
    """A check that lets reading continue."""


@pytest.fixture(params=["confined", "in process"])
def reader(request: pytest.FixtureRequest) -> Iterator[DocumentReader]:
    made: DocumentReader = (
        ConfinedReader(ContextSettings()) if request.param == "confined" else InProcessReader()
    )
    yield made
    made.close()


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


def test_files_are_read_in_order_with_their_text_places_and_what_was_left_out(reader: DocumentReader) -> None:
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


def test_a_file_that_cannot_be_read_is_a_reason_and_does_not_affect_the_others(
    reader: DocumentReader,
) -> None:
    good = RawFile("good.html", b"<p>fine")
    read = reader.read([good, RawFile("bad.pdf", b"%PDF-broken"), good], never)
    assert isinstance(read[1], Unread)
    assert "is not a PDF" in read[1].reason
    assert [isinstance(each, ReadResult) for each in read] == [True, False, True]


def test_a_check_that_raises_ends_the_reading(reader: DocumentReader) -> None:
    def stop() -> None:
        raise Stopped

    with pytest.raises(Stopped):
        reader.read(SAMPLES, stop)


def test_it_can_be_prepared_closed_twice_and_used_for_many_batches(reader: DocumentReader) -> None:
    reader.prepare(SAMPLES[0])
    for number in range(5):
        (read,) = reader.read([RawFile(f"{number}.html", b"<p>%d" % number)], never)
        assert isinstance(read, ReadResult)
        assert read.documents[0].text == str(number)
    assert not reader.read([], never)
    reader.close()
    reader.close()


def test_a_name_that_is_not_utf_8_does_no_harm(reader: DocumentReader) -> None:
    (read,) = reader.read([RawFile("a%FF\ufffd.html", b"<p>x")], never)
    assert isinstance(read, ReadResult)
    assert read.documents[0].name == "a%FF\ufffd.html"
