from __future__ import annotations

import time

import pytest

from harlm.context.readers import read_document
from harlm.context.readers.table import separator_of
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


@pytest.mark.parametrize(
    ("name", "source", "word", "row"),
    [
        ("d.csv", 'id;city;note\n1;Aarhus;"a\nb"\n2;Cadiz;y\n', "Cadiz", 3),
        ("d.csv", 'id\tcity\n1\t"a\nb"\n2\tCadiz\n', "Cadiz", 3),
        ("d.csv", 'id|city\n1|"a\nb"\n2|Cadiz\n', "Cadiz", 3),
        ("d.csv", 'sep=;\nid;n\n"a\nb";1,5\nCadiz;2,5\n', "Cadiz", 4),
        ("d.csv", 'price;n\n1,5;"a\nb"\n2,5;Cadiz\n', "Cadiz", 3),
        ("d.csv", 'a,b\n"say ""hi""\nthere",1\nCadiz,2\n', "Cadiz", 3),
        ("d.csv", 'a,b\n5" disk,1\n7" disk,2\nCadiz,2\n', "Cadiz", 4),
        ("d.csv", 'a,b\n1,"open\n2,world\n3,he "said"\nCadiz,2\n', "Cadiz", 5),
        ("d.csv", 'a,b\n1,"never closed\n2,x\nCadiz,2\n', "Cadiz", 4),
        ("d.csv", 'a,"head\ning"\n1,2\nCadiz,2\n', "Cadiz", 3),
        ("d.csv", 'a,b\r\n1,"x\r\ny"\r\nCadiz,2\r\n', "Cadiz", 3),
        ("d.csv", 'a,b\n\n1,"x\n\n\ny"\nCadiz,2\n', "Cadiz", 4),
        ("d.csv", 'a,b\n1,"' + "x" * 200_000 + '\n"\nCadiz,2\n', "Cadiz", 3),
        ("d.tsv", 'id\tsaid\n1\t"Hello\n2\tworld\nCadiz\tso he "said"\n', "Cadiz", 4),
        ("d.tsv", 'id\tsaid\n1\t"\n2\t"\nCadiz\tx\n', "Cadiz", 4),
        ("d.tsv", 'id\tsaid\n1\t"Hello\n2\t"world\nCadiz\tx\n', "Cadiz", 4),
        ("d.tsv", 'id\tsaid\n"1\n1"\ta\nCadiz\tx\n', "Cadiz", 3),
    ],
)  # fmt: skip
def test_rows_are_those_of_a_spreadsheet(name: str, source: str, word: str, row: int) -> None:
    assert label(read(name, source.encode()), word) == f"row {row}"


@pytest.mark.parametrize(
    ("content", "separator"),
    [
        ("a,b\n1,2\n", ","), ("a;b\n1,5;2,5\n", ";"), ("a\tb\n1, 2\t3\n", "\t"), ("a|b\nc,d|e\n", "|"), ("word\n", ","),
        ("", ","), ('"a;b",c\n"d;e",f\n', ","), ("sep=|\na;b|c\n", "|"), ("a,b;c\n1;2\n3;4\n", ";"),
    ],
)  # fmt: skip
def test_the_separator_is_what_the_rows_agree_on(content: str, separator: str) -> None:
    assert separator_of(content) == separator


@pytest.mark.parametrize("piece", ['"', '""', ',"', ',"\n', '"\n', ',"""\n', ',""\n', '\t"a\n'])
@pytest.mark.parametrize("name", ["d.csv", "d.tsv"])
def test_no_table_takes_longer_than_its_size(name: str, piece: str) -> None:
    began = time.process_time()
    read(name, b"a,b\n" + piece.encode() * 200_000)
    assert time.process_time() - began < 3


def test_a_table_of_too_many_rows_has_lines_as_places(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harlm.context.readers.table.MOST_PARTS", 3)
    document = read_document("a.csv", b"a,b\n" * 5).documents[0]
    assert document.marks is None
    assert document.kind == "csv"
