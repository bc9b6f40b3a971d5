"""Which files wait for a reader, and which documents hold secrets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from harlm.config import ContextSettings
from harlm.context import load_paths
from harlm.context.readers.in_process import InProcessReader
from harlm.errors import ContextError
from harlm.types import Context, RawFile, ReadResult, Unread
from tests.support import making

KEY = "-----BEGIN RSA PRIVATE KEY-----\n" + "aB3+" * 32 + "\n-----END RSA PRIVATE KEY-----\n"


class Batches(InProcessReader):
    """Remembers what it was given."""

    def __init__(self) -> None:
        self.prepared: list[str] = []
        self.batches: list[list[str]] = []

    def prepare(self, file: RawFile) -> None:
        self.prepared.append(file.name)

    def read(self, files: Sequence[RawFile], check: Callable[[], None]) -> Sequence[ReadResult | Unread]:
        self.batches.append([file.name for file in files])
        return super().read(files, check)


def put(folder: Path, files: dict[str, str | bytes]) -> None:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())


def names(context: Context) -> list[str]:
    return [document.name for document in context.documents]


def test_foreign_formats_wait_for_a_batch_and_keep_their_place(tmp_path: Path) -> None:
    put(
        tmp_path, {"a.html": "<p>1", "b.txt": "2", "c.pdf": making.pdf(["3"]), "d.txt": "4", "e.html": "<p>5"}
    )
    reader = Batches()
    context = load_paths([tmp_path], ContextSettings(), reader=reader)
    assert [document.text for document in context.documents] == ["1", "2", "3", "4", "5"]
    assert reader.batches == [["a.html", "c.pdf", "e.html"]]
    assert reader.prepared == ["a.html"]


def test_batches_are_of_bounded_size(tmp_path: Path) -> None:
    put(tmp_path, {f"{number:03}.html": "<p>x" for number in range(600)})
    reader = Batches()
    assert names(load_paths([tmp_path], ContextSettings(), reader=reader)) == [
        f"{n:03}.html" for n in range(600)
    ]
    assert [len(batch) for batch in reader.batches] == [256, 256, 88]


def test_plain_text_and_tables_wait_for_nobody(tmp_path: Path) -> None:
    put(tmp_path, {"a.txt": "x", "b.py": "x", "c.csv": "a,b", "d.json": "{}", "e.tsv": "a\tb", "f.md": "x"})
    reader = Batches()
    load_paths([tmp_path], ContextSettings(), reader=reader)
    assert not reader.batches


def test_a_pdf_is_known_by_its_bytes(tmp_path: Path) -> None:
    put(tmp_path, {"report": making.pdf(["words"])})
    reader = Batches()
    assert load_paths([tmp_path], ContextSettings(), reader=reader).documents[0].kind == "pdf"
    assert reader.batches == [["report"]]


def test_a_named_file_that_the_reader_gives_up_is_an_error(tmp_path: Path) -> None:
    class Never(InProcessReader):
        def read(self, files: Sequence[RawFile], check: Callable[[], None]) -> Sequence[ReadResult | Unread]:
            return [Unread("takes more than 2 s to read; convert it to text first") for _ in files]

    put(tmp_path, {"a.html": "<p>x", "b.txt": "fine"})
    with pytest.raises(ContextError, match=r"a.html' takes more than 2 s to read; convert it to text first"):
        load_paths([tmp_path / "a.html"], ContextSettings(), reader=Never())
    context = load_paths([tmp_path], ContextSettings(), reader=Never())
    assert names(context) == ["b.txt"]
    assert context.skipped[0].reason == "takes more than 2 s to read; convert it to text first"


def test_a_file_with_a_secret_is_left_out_and_reported(tmp_path: Path) -> None:
    put(
        tmp_path,
        {
            "notes.txt": f"my key:\n{KEY}",
            "page.html": f"<pre>{KEY}</pre>",
            "ok.txt": "fine",
            "prod.env": "A=1",
        },
    )
    context = load_paths([tmp_path], ContextSettings())
    assert names(context) == ["ok.txt"]
    reasons = {each.name: each.reason for each in context.skipped}
    assert reasons["notes.txt"].startswith("holds what looks like a private key; add --include")
    assert reasons["page.html"].startswith("holds what looks like a private key")
    assert reasons["prod.env"].startswith("may hold secrets")


@pytest.mark.parametrize("name", ["notes.txt", "prod.env"])
def test_it_is_read_if_it_is_named_or_included(tmp_path: Path, name: str) -> None:
    put(tmp_path, {name: KEY, "ok.txt": "fine"})
    assert names(load_paths([tmp_path / name], ContextSettings())) == [name]
    assert names(load_paths([tmp_path], ContextSettings(include=(name,)))) == [name]
    assert names(load_paths([tmp_path], ContextSettings(include=("ok*",)))) == ["ok.txt"]


def test_secrets_in_an_archive_are_left_out_although_it_is_named(tmp_path: Path) -> None:
    put(tmp_path, {"b.zip": making.zipped({"x/.env": "A=1", "x/a.txt": KEY, "x/b.txt": "fine"})})
    context = load_paths([tmp_path / "b.zip"], ContextSettings())
    assert names(context) == ["b.zip/x/b.txt"]
    assert {each.name for each in context.skipped} == {"b.zip/x/.env", "b.zip/x/a.txt"}
    asked = load_paths([tmp_path / "b.zip"], ContextSettings(include=(".env",)))
    assert names(asked) == ["b.zip/x/.env", "b.zip/x/b.txt"]


def test_what_should_have_been_read_is_told_apart_from_what_is_left_out_on_purpose(tmp_path: Path) -> None:
    put(
        tmp_path,
        {
            "bad.pdf": b"%PDF-1.7 broken", "page.html": b"\x89PNG\r\n\x1a\n\0\0", "no-text.ipynb": '{"cells": []}',
            "photo.png": b"\x89PNG\r\n\x1a\n\0\0", "blank.txt": " \n", "keys.txt": KEY, ".hidden": "x", "ok.txt": "fine",
            "b.zip": making.zipped({"bad.pdf": "%PDF-1.7 broken", "photo.png": "\0\1", "blank.html": "", "ok.txt": "fine"}),
        },
    )  # fmt: skip
    context = load_paths([tmp_path, tmp_path / "b.zip"], ContextSettings())
    unread = {each.name.rpartition(f"{tmp_path.name}/")[2] for each in context.skipped if each.is_unread}
    assert unread == {"bad.pdf", "page.html", "no-text.ipynb", "b.zip/bad.pdf"}


def test_a_file_that_passes_a_limit_of_its_reader_is_unread(tmp_path: Path) -> None:
    class Refusing(Batches):
        def read(self, files: Sequence[RawFile], check: Callable[[], None]) -> Sequence[ReadResult | Unread]:
            return [Unread("holds more than 64 MB of text")] * len(files)

    put(tmp_path, {"a.html": "<p>x", "ok.txt": "fine"})
    (skipped,) = load_paths([tmp_path], ContextSettings(), reader=Refusing()).skipped
    assert skipped.is_unread


def test_a_compressed_file_that_is_named_is_read(tmp_path: Path) -> None:
    import gzip

    put(tmp_path, {"prod.env.gz": gzip.compress(KEY.encode())})
    assert names(load_paths([tmp_path / "prod.env.gz"], ContextSettings())) == ["prod.env"]


def test_every_file_is_a_chance_to_stop(tmp_path: Path) -> None:
    class Stopped(Exception):
        """What the check raises."""

    put(tmp_path, {f"{number}.txt": "x" for number in range(20)})
    calls = iter(range(30))

    def check() -> None:
        if next(calls, None) is None:
            raise Stopped

    with pytest.raises(Stopped):
        load_paths([tmp_path], ContextSettings(), check=check)
