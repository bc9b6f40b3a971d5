from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from harlm.config import ContextSettings
from harlm.context import load, load_paths
from harlm.errors import ContextError
from harlm.types import Context, Document
from tests.support import making


def test_a_str_is_the_text_itself_even_when_it_looks_like_a_path(tmp_path: Path) -> None:
    context = load(str(tmp_path))
    assert context.shape == "text"
    assert context.documents[0].text == str(tmp_path)


def test_lists_and_dicts_are_documents() -> None:
    assert [d.name for d in load(["one", "two"]).documents] == ["<item 1>", "<item 2>"]
    context = load({"a": "one", "b": {"n": 1}})
    assert [(d.name, d.text) for d in context.documents] == [("a", "one"), ("b", '{\n "n": 1\n}')]
    assert context.shape == "documents"


def test_blank_items_keep_their_place() -> None:
    assert [d.text for d in load(["", "two"]).documents] == ["", "two"]


def test_a_context_is_taken_as_it_is() -> None:
    context = Context.of_text("x")
    assert load(context) is context


def test_paths_are_read(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("one")
    assert load(tmp_path / "a.txt").shape == "text"
    (tmp_path / "b.txt").write_text("two")
    assert load([tmp_path / "a.txt", tmp_path / "b.txt"]).shape == "documents"


def test_lone_surrogates_become_one_character_each() -> None:
    assert load("a\ud800b").documents[0].text == "a\ufffdb"
    assert [d.text for d in load(["a\ud800", {"k": "\udfff"}]).documents] == [
        "a\ufffd",
        '{\n "k": "\ufffd"\n}',
    ]
    assert load({"k\ud800": "v"}).documents[0].name == "k\ufffd"
    dirty = Context(
        documents=(Document(name="n\udcff", text="\ud800", kind="code"), Document(name="m", text="x"))
    )
    first, second = load(dirty).documents
    assert (first.name, first.text, first.kind) == ("n%FF", "\ufffd", "code")
    assert second is dirty.documents[1]


def test_a_large_text_is_checked_in_pieces_and_not_copied() -> None:
    text = "grün " * 1_000_000
    assert load(text).documents[0].text is text
    assert load(text + "\udc80").documents[0].text == text + "\ufffd"


def test_every_key_is_a_document_under_a_name_that_can_be_shown() -> None:
    context = load({1: "one", "1": "two", "a\nb\x1b": "three", "x/a.tar.gz": "four"})
    assert [d.name for d in context.documents] == ["1", "1 (2)", "a%0Ab%1B", "x/a.tar.gz"]


def test_members_of_one_name_are_told_apart(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as archive:
        archive.writestr("x/../a.txt", "one")
        archive.writestr("x/a.txt", "two")
    context = load_paths([tmp_path / "b.zip"], ContextSettings())
    assert [d.name for d in context.documents] == ["b.zip/x/a.txt", "b.zip/x/a (2).txt"]


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("a.txt", b"", "a.txt' is empty; give"),
        ("a.txt", b"\0\1", "a.txt' is binary, not text; convert it"),
        ("a.txt", b" ", "a.txt' contains only blanks; give"),
        ("a.docx", b"PK", "a.docx' is not an Office file that can be opened .*; save it"),
        ("a.eml", b"", "a.eml' is empty; give"),
    ],
)
def test_an_error_about_a_named_file_says_what_to_do(
    tmp_path: Path, name: str, data: bytes, said: str
) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(ContextError, match=said):
        load_paths([tmp_path / name], ContextSettings())


@pytest.mark.parametrize("value", ["", "  \n", [], {}, ["", " "], 7, None, object()])
def test_a_value_that_is_not_a_context_is_an_error(value: object) -> None:
    with pytest.raises(ContextError):
        load(value)


def test_values_that_are_neither_text_nor_json_say_so() -> None:
    with pytest.raises(ContextError, match="neither text nor JSON"):
        load([object()])


def test_standard_input_is_one_document() -> None:
    context = load_paths(["-"], ContextSettings(), stdin=io.BytesIO(b"piped"))
    assert (context.documents[0].name, context.documents[0].text) == ("<stdin>", "piped")


@pytest.mark.parametrize(("data", "said"), [(b"", "is empty"), (b"\x00\x01", "binary")])
def test_standard_input_that_is_not_text_is_an_error(data: bytes, said: str) -> None:
    with pytest.raises(ContextError, match=f"standard input .*{said}"):
        load_paths(["-"], ContextSettings(), stdin=io.BytesIO(data))


def test_a_named_file_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "x.bin").write_bytes(b"\x00\x01\x02")
    with pytest.raises(ContextError, match=r"x.bin' is binary"):
        load_paths([tmp_path / "x.bin"], ContextSettings())


def test_a_file_in_a_folder_that_cannot_be_read_is_reported(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("fine")
    (tmp_path / "b.pdf").write_bytes(b"%PDF-broken")
    context = load_paths([tmp_path], ContextSettings())
    assert [d.name for d in context.documents] == ["a.txt"]
    assert context.skipped[0].name == "b.pdf"
    assert "is not a PDF" in context.skipped[0].reason


def test_an_empty_folder_says_what_was_left_out(tmp_path: Path) -> None:
    with pytest.raises(ContextError, match="holds no text that can be read"):
        load_paths([tmp_path], ContextSettings())
    (tmp_path / "a.png").write_bytes(b"\x89PNG\0")
    with pytest.raises(ContextError, match=r"left out: a.png: binary"):
        load_paths([tmp_path], ContextSettings())


def test_an_archive_that_is_named_is_read(tmp_path: Path) -> None:
    (tmp_path / "b.zip").write_bytes(making.zipped({"x/a.txt": "hello", "b.txt": "there"}))
    assert [d.name for d in load_paths([tmp_path / "b.zip"], ContextSettings()).documents] == [
        "b.zip/x/a.txt",
        "b.zip/b.txt",
    ]


def test_the_order_is_always_the_same(tmp_path: Path) -> None:
    for number in range(30):
        (tmp_path / f"{number}.txt").write_text(str(number))
    first = load_paths([tmp_path], ContextSettings())
    assert first.digest == load_paths([tmp_path], ContextSettings()).digest
