from __future__ import annotations

import io
import struct
import warnings
import zipfile
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harlm.context.readers import read_archive
from harlm.context.readers.member_names import encoding_of, member_names, tar_name


def zip_of(names: dict[bytes, bytes], *, extra: bytes = b"") -> bytes:
    """A zip whose names have these bytes and no mark of UTF-8."""
    stored = {}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for number, (name, content) in enumerate(names.items()):
            plain = f"{number:03}" + "x" * (len(name) - 3) if len(name) >= 3 else name.decode("ascii")
            stored[plain] = name
            info = zipfile.ZipInfo(plain)
            info.extra = extra
            archive.writestr(info, content)
    data = buffer.getvalue()
    for plain, name in stored.items():
        data = data.replace(plain.encode(), name)
    return data


def read_names(data: bytes) -> list[str]:
    return [document.name.removeprefix("a.zip/") for document in read_archive("a.zip", data).documents]


@pytest.mark.parametrize(
    ("encoding", "names"),
    [
        ("utf-8", ["Überblick.txt"]),
        ("utf-8", ["日本語/資料.txt", "plain.txt"]),
        ("utf-8", ["Обзор.txt", "naïve.txt"]),
        ("cp437", ["Überblick.txt", "Größe.txt"]),
        ("cp437", ["résumé.txt", "señor.txt", "Ångström.txt"]),
        ("cp1252", ["Überblick.txt", "Größe.txt"]),
        ("cp1252", ["résumé.txt", "naïve.txt", "cão.txt"]),
        ("cp932", ["日本語の資料.txt"]),
        ("cp932", ["データ.csv", "メモ.txt"]),
        ("cp932", ["会議議事録.txt", "readme.txt"]),
        ("gb18030", ["中文文件.txt", "报告.txt"]),
        ("cp866", ["Обзор.txt", "отчёт.txt"]),
        ("ascii", ["a.txt", "b/c.txt"]),
    ],
)
def test_names_are_read_in_the_encoding_that_their_letters_speak_for(encoding: str, names: list[str]) -> None:
    data = zip_of({name.encode(encoding): b"x" for name in names})
    assert sorted(read_names(data)) == sorted(names)


def test_names_of_two_encodings_are_told_apart() -> None:
    data = zip_of({"Überblick.txt".encode(): b"x", "Größe.txt".encode("cp437"): b"x"})
    assert sorted(read_names(data)) == ["Größe.txt", "Überblick.txt"]


def test_a_name_with_the_mark_is_taken_as_it_is() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("Überblick.txt", "x")
    assert read_names(buffer.getvalue()) == ["Überblick.txt"]


@pytest.mark.parametrize(("is_right", "shown"), [(True, "ж.txt"), (False, "abcd.txt")])
def test_the_field_of_info_zip_names_a_member(is_right: bool, shown: str) -> None:
    name = b"abcd.txt"
    field = b"\1" + struct.pack("<I", zlib.crc32(name) ^ (not is_right)) + "ж.txt".encode()
    info = zipfile.ZipInfo("abcd.txt")
    info.extra = struct.pack("<HH", 0x7075, len(field)) + field
    assert member_names([info]) == [shown]


@given(st.binary(max_size=60))
def test_any_field_is_a_name_or_none(extra: bytes) -> None:
    info = zipfile.ZipInfo("a.txt")
    info.extra = extra
    (name,) = member_names([info])
    assert name


@given(st.binary(max_size=400))
def test_any_bytes_have_an_encoding(names: bytes) -> None:
    names.decode(encoding_of(names), "replace")


def test_no_name_is_lost() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        data = zip_of({bytes([0x61, 0x62, byte]): b"x" for byte in range(0x80, 0x100)})
    assert len(read_names(data)) == 128


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("é.txt".encode("cp1252"), "é.txt"),
        ("é.txt".encode(), "é.txt"),
        ("日本語の資料".encode("cp932"), "日本語の資料"),
        (b"a", "a"),
    ],
)
def test_names_of_a_tar_are_read_likewise(raw: bytes, shown: str) -> None:
    assert tar_name(raw.decode("utf-8", "surrogateescape")) == shown
