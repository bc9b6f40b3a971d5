from __future__ import annotations

import gzip
import io
import tarfile
from pathlib import Path

import pytest

from harlm.context.readers import archive, read_archive
from harlm.errors import ContextError
from tests.support import making
from tests.support.hostile_documents import zip_with_entries


def tarred(members: dict[str, bytes], mode: str = "w:gz", links: tuple[str, ...] = ()) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as tar:  # type: ignore[call-overload]
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
        for name in links:
            info = tarfile.TarInfo(name)
            info.type, info.linkname = tarfile.SYMTYPE, "/etc/passwd"
            tar.addfile(info)
    return buffer.getvalue()


def test_members_of_a_zip_are_documents_below_its_name() -> None:
    reading = read_archive(
        "b.zip", making.zipped({"docs/a.md": "# A", "docs/pic.png": b"\x89PNG\x00", "docs/": ""})
    )
    assert [(d.name, d.kind) for d in reading.documents] == [("b.zip/docs/a.md", "markdown")]
    assert [each.name for each in reading.skipped] == ["b.zip/docs/pic.png"]


@pytest.mark.parametrize(
    ("name", "mode"),
    [("b.tar", "w"), ("b.tar.gz", "w:gz"), ("b.tgz", "w:gz"), ("b.tar.xz", "w:xz"), ("b.tar.bz2", "w:bz2")],
)
def test_tars_of_all_kinds(name: str, mode: str) -> None:
    reading = read_archive(name, tarred({"a.txt": b"hello"}, mode, links=("evil",)))
    assert reading.documents[0].name == f"{name}/a.txt"
    assert reading.skipped[0].reason == "a link or device in an archive"


def test_a_gzipped_file_is_the_file() -> None:
    reading = read_archive("server.log.gz", gzip.compress(b"GET / 200\n"))
    assert (reading.documents[0].name, reading.documents[0].kind) == ("server.log", "log")


def test_names_cannot_lead_out_of_an_archive() -> None:
    reading = read_archive(
        "b.zip", making.zipped({"../../etc/passwd": "x", "/abs.txt": "y", "C:\\w.txt": "z"})
    )
    assert [d.name for d in reading.documents] == ["b.zip/etc/passwd", "b.zip/abs.txt", "b.zip/C:/w.txt"]


def test_names_of_members_can_be_shown() -> None:
    reading = read_archive("b.tar", tarred({"a\n\x1b.txt": b"x"}, "w"))
    assert reading.documents[0].name == "b.tar/a%0A%1B.txt"


def test_any_error_of_the_standard_library_says_that_the_archive_is_broken(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(**_: object) -> None:
        raise TypeError("of a header")

    monkeypatch.setattr(tarfile, "open", fail)
    with pytest.raises(
        ContextError, match=r"not an archive that can be read \(TypeError: of a header\); unpack"
    ):
        read_archive("b.tar.gz", b"x")


def test_an_archive_inside_is_reported() -> None:
    reading = read_archive("b.zip", making.zipped({"in.zip": making.zipped({"a": "x"}), "a.txt": "x"}))
    assert reading.skipped[0].reason == "an archive inside an archive"


def test_a_bomb_is_stopped_by_its_ratio() -> None:
    bomb = making.zipped({"zeros.txt": b"0" * (40 << 20)})
    with pytest.raises(ContextError, match="unpacks to more than"):
        read_archive("bomb.zip", bomb)
    with pytest.raises(ContextError, match="unpacks to more than"):
        read_archive("bomb.gz", gzip.compress(b"0" * (40 << 20)))


def test_a_bomb_is_stopped_by_its_members(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MAX_MEMBERS", 3)
    with pytest.raises(ContextError, match="more than 3 files"):
        read_archive("b.zip", making.zipped({f"{n}.txt": "x" for n in range(5)}))


def test_a_bomb_is_stopped_by_its_total(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MAX_BYTES", 10)
    with pytest.raises(ContextError, match="unpacks to more than 10 bytes"):
        read_archive("b.tar", tarred({"a.txt": b"x" * 20}, "w"))


@pytest.mark.parametrize("name", ["b.zip", "b.tar.gz", "b.tar", "b.gz"])
def test_a_broken_archive_says_so(name: str) -> None:
    with pytest.raises(ContextError, match="is not an archive that can be read"):
        read_archive(name, b"not an archive at all" * 50)


def test_an_encrypted_member_is_reported() -> None:
    data = bytearray(making.zipped({"a.txt": "secret", "b.txt": "open"}))
    central = data.index(b"PK\x01\x02")
    data[6] |= 1
    data[central + 8] |= 1
    reading = read_archive("b.zip", bytes(data))
    assert [each.reason for each in reading.skipped] == ["encrypted"]
    assert [d.name for d in reading.documents] == ["b.zip/b.txt"]


def test_nothing_is_written_anywhere(tmp_path: Path) -> None:
    read_archive("b.zip", making.zipped({"../x.txt": "x"}))
    assert list(tmp_path.iterdir()) == []
    assert list(Path.cwd().iterdir()) == []


def test_headers_and_members_without_content_count(monkeypatch: pytest.MonkeyPatch) -> None:
    long_name = tarfile.TarInfo("x" * (12 << 20))
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz", format=tarfile.GNU_FORMAT) as tar:
        tar.addfile(long_name)
    with pytest.raises(ContextError, match="unpacks to more than"):
        read_archive("b.tar.gz", buffer.getvalue())
    monkeypatch.setattr(archive, "MAX_MEMBERS", 3)
    with pytest.raises(ContextError, match="more than 3 files"):
        read_archive("b.tar.gz", tarred({}, links=("a", "b", "c", "d")))
    with pytest.raises(ContextError, match="more than 3 files"):
        read_archive("b.zip", making.zipped({f"{n}/": "" for n in range(4)}))


def test_a_list_of_members_is_counted_before_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object) -> None:
        raise AssertionError("the list was read")

    monkeypatch.setattr("harlm.context.readers.archive.zipfile.ZipFile", never)
    with pytest.raises(ContextError, match="more than 20,000 files"):
        read_archive("b.zip", zip_with_entries(20_001))


def test_the_name_of_a_member_has_a_bound() -> None:
    reading = read_archive("b.tar", tarred({"a/" * 3000 + "x.txt": b"x"}, "w"))
    assert len(reading.documents[0].name) < 1100
