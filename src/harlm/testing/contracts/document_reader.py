"""What every ``DocumentReader`` must do: the part that reads all files in foreign formats, whatever protects from them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from harlm.protocols import DocumentReader
from harlm.testing.contracts.missing import missing
from harlm.types import RawFile, ReadResult, Unread

SAMPLES = (
    RawFile("a.html", "<h1>Grün</h1>\n<p>one &amp; two</p>".encode()),
    RawFile("e.eml", b"From: a@b\nSubject: hi\n\nbody"),
    RawFile("f.ipynb", b'{"cells": [{"source": "x = 1"}, {"source": ["y"]}]}'),
    RawFile("r.rtf", rb"{\rtf1\ansi one\par two}"),
)
BROKEN = RawFile("bad.pdf", b"%PDF-broken")


class _Stopped(Exception):
    pass


def never() -> None:
    """A check that lets reading continue."""


class DocumentReaderContract:
    """The laws of ``harlm.protocols.DocumentReader``."""

    @pytest.fixture
    def reader(self) -> Iterator[DocumentReader]:
        """The reader to test; override it, and close the reader after ``yield``."""
        raise missing(self, "reader")

    def test_files_are_read_in_order_under_their_names(self, reader: DocumentReader) -> None:
        read = reader.read(SAMPLES, never)
        assert len(read) == len(SAMPLES)
        for file, result in zip(SAMPLES, read, strict=True):
            assert isinstance(result, ReadResult)
            assert [each.name for each in result.documents] == [file.name]
            assert all(each.place(at).label for each in result.documents for at in range(len(each.text)))

    def test_a_file_that_cannot_be_read_is_a_reason_and_does_not_affect_the_others(
        self,
        reader: DocumentReader,
    ) -> None:
        good = RawFile("good.html", b"<p>fine")
        read = reader.read([good, BROKEN, good], never)
        assert isinstance(read[1], Unread)
        assert read[1].reason
        assert [isinstance(each, ReadResult) for each in read] == [True, False, True]

    def test_a_check_that_raises_ends_the_reading(self, reader: DocumentReader) -> None:
        def stop() -> None:
            raise _Stopped

        with pytest.raises(_Stopped):
            reader.read(SAMPLES, stop)

    def test_it_can_be_prepared_closed_twice_and_used_for_many_batches(self, reader: DocumentReader) -> None:
        reader.prepare(SAMPLES[0])
        for number in range(5):
            (read,) = reader.read([RawFile(f"{number}.html", b"<p>%d" % number)], never)
            assert isinstance(read, ReadResult)
            assert read.documents[0].text == str(number)
        assert not reader.read([], never)
        reader.close()
        reader.close()

    def test_a_name_that_is_not_utf_8_does_no_harm(self, reader: DocumentReader) -> None:
        (read,) = reader.read([RawFile("a%FF\ufffd.html", b"<p>x")], never)
        assert isinstance(read, ReadResult)
        assert read.documents[0].name == "a%FF\ufffd.html"
