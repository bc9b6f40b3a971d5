"""Readers of installed packages, in this process and in the confined one."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from harlm.context.readers import has_format, is_foreign, modules_of, read_document, read_file
from harlm.context.readers.brought import BroughtReader, brought_readers, from_wire, to_wire
from harlm.errors import ContextError
from harlm.loading import load
from tests.support import making
from tests.support.installed import install, site

__all__ = ["site"]

CODE = """\
from harlm.types import Document, ReadResult

def read(name, data):
    if b"fails" in data:
        raise ValueError("a strange byte")
    return ReadResult((Document(name=name, text=data.decode().upper(), kind="acme"),))

def read_text(name, data):
    return data.decode()
"""


@pytest.fixture
def acme(site: Path) -> None:
    points = {
        "acme": "read",
        "wrong": "read_text",
        "gone": "nowhere",
        "txt": "read_text",
        "pdf": "read_text",
        "py": "read_text",
    }
    install(site, "brings_readers", CODE, {"readers": points})


def test_it_reads_files_with_its_suffix_in_the_confined_process(acme: None, tmp_path: Path) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "a.acme").write_text("quiet")
    (folder / "b.ACME").write_text("fails")
    (folder / "c.txt").write_text("as it is")
    (folder / "d.wrong").write_text("x")
    (folder / "e.gone").write_text("x")
    context = load(folder)
    assert {each.name: (each.text, each.kind) for each in context.documents} == {
        "a.acme": ("QUIET", "acme"),
        "c.txt": ("as it is", "text"),
    }
    reasons = {each.name: each.reason for each in context.skipped}
    assert (
        "is not a .acme file for the package brings_readers that can be read (ValueError" in reasons["b.ACME"]
    )
    assert "'wrong' of the package brings_readers returned a str" in reasons["d.wrong"]
    assert (
        "'gone' of the package brings_readers, which cannot be imported (AttributeError" in reasons["e.gone"]
    )
    assert "brings_readers" not in sys.modules, "this process does not import readers"


def test_it_reads_members_of_an_archive(acme: None, tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(making.zipped({"x/a.acme": "quiet"}))
    assert [each.text for each in load(tmp_path / "a.zip").documents] == ["QUIET"]


def test_what_harlm_reads_itself_stays_its_own(acme: None) -> None:
    readers = brought_readers()
    assert read_document("a.txt", b"quiet", readers).documents[0].text == "quiet"
    assert read_document("a.py", b"quiet = 1", readers).documents[0].kind == "code"
    assert not is_foreign("a.py", b"x")
    assert "brings_readers" not in modules_of("a.pdf", b"%PDF-1.4")


def test_its_files_are_foreign_and_have_a_format(acme: None) -> None:
    assert is_foreign("a.acme", b"x")
    assert has_format("a.ACME", b"x")
    assert modules_of("a.acme", b"x") == ("brings_readers",)
    assert read_file("a.acme", b"quiet", brought_readers()).documents[0].text == "QUIET"


def test_without_a_package_the_suffix_is_text(site: Path) -> None:
    assert not is_foreign("a.acme", b"x")
    assert read_document("a.acme", b"quiet", brought_readers()).documents[0].text == "quiet"


def test_two_packages_with_one_suffix_are_both_named(site: Path) -> None:
    install(site, "one_reader", CODE, {"readers": {"acme": "read"}})
    install(site, "two_reader", CODE, {"readers": {".acme": "read"}})
    with pytest.raises(
        ContextError, match=r"has readers in (one_reader and two_reader|two_reader and one_reader)"
    ):
        read_document("a.acme", b"x", brought_readers())


def test_readers_arrive_as_they_were_told() -> None:
    readers = {".acme": BroughtReader(".acme", "acme-package", "acme.parts:read")}
    assert from_wire(to_wire(readers)) == readers
    assert (readers[".acme"].module, readers[".acme"].package) == ("acme.parts", "acme")
