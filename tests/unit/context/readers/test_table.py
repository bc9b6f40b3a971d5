from __future__ import annotations

import pytest

from harlm.context.readers import read_document
from harlm.types import Document


def read(name: str, data: bytes) -> Document:
    (document,) = read_document(name, data).documents
    return document


def label(document: Document, text: str) -> str:
    return document.place(document.text.index(text)).label


def test_csv_rows_are_places_even_when_a_cell_holds_line_ends() -> None:
    document = read("d.csv", b'name,note\nAda,"two\nlines"\nBob,x\n')
    assert label(document, "Bob") == "row 3"
    assert document.place(document.text.index("Bob")).line == 4


def test_plain_csv_and_tsv() -> None:
    assert label(read("d.csv", b"a,b\n1,2\n"), "1,2") == "row 2"
    assert label(read("d.tsv", b'a\tb\n"1\n1"\t2\nx\ty'), "x") == "row 3"


def test_a_quoted_field_beyond_the_limit_of_csv_makes_lines_rows() -> None:
    document = read("d.csv", b'a,"' + b"x" * 200_000 + b'"\nlast,row\n')
    assert label(document, "last") == "row 2"


def test_only_a_tsv_is_cut_at_tabs() -> None:
    source = b'a\t"b\nc"\td\nlast\n'
    assert label(read("d.tsv", source), "last") == "row 2"
    assert label(read("d.csv", source), "last") == "row 3"


def test_a_table_of_too_many_rows_has_lines_as_places(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harlm.context.readers.table.MOST_PARTS", 3)
    document = read_document("a.csv", b"a,b\n" * 5).documents[0]
    assert document.marks is None
    assert document.kind == "csv"
