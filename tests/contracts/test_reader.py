"""The contract of readers of formats, run over ours."""

from __future__ import annotations

import pytest

from harlm.context.readers import read_document
from harlm.testing.contracts import ReaderContract, ReaderSample
from harlm.testing.contracts.reader import Read
from tests.support import making, outlook_files

SAMPLES: dict[str, ReaderSample] = {
    each.name.rpartition(".")[2]: each
    for each in (
        ReaderSample(
            name="a.html",
            data=b"<h1>Head</h1><p>one &amp; two",
            words=("Head", "one & two"),
            broken=b"<p> </p>",
        ),
        ReaderSample(
            name="b.pdf", data=making.pdf(["first page", "second"]), words=("first page",), broken=b"%PDF-"
        ),
        ReaderSample(
            name="c.docx", data=making.docx(["# Head", "text"], [["a", "b"]]), words=("text",), broken=b"x"
        ),
        ReaderSample(
            name="d.xlsx", data=making.xlsx({"Sheet": [["name"], ["size"]]}), words=("size",), broken=b"x"
        ),
        ReaderSample(name="e.eml", data=b"From: a@b\nSubject: hi\n\nbody", words=("body",), broken=b"\n\n"),
        ReaderSample(name="f.ipynb", data=b'{"cells": [{"source": "x = 1"}]}', words=("x = 1",), broken=b"{"),
        ReaderSample(name="g.csv", data=b'a,b\n"1\n2",3\n', words=("3",), broken=b"\0\1\2"),
        ReaderSample(name="h.rtf", data=rb"{\rtf1\ansi one\par two}", words=("one",), broken=b"{\\rtf"),
        ReaderSample(name="i.msg", data=outlook_files.msg({0x37: "hi", 0x1000: "body"}), words=("body",)),
        ReaderSample(name="j.txt", data="Grün\n".encode(), words=("Grün",), broken=b"\0\1\2\xff"),
    )
}


class TestReaders(ReaderContract):
    @pytest.fixture
    def read(self) -> Read:
        return read_document

    @pytest.fixture(params=SAMPLES)
    def sample(self, request: pytest.FixtureRequest) -> ReaderSample:
        return SAMPLES[request.param]
