from __future__ import annotations

import bz2
import gzip
import io
import lzma
import random
import stat
import tarfile
import zipfile
from collections.abc import Callable
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


def with_wrong_sum(data: bytes, content: bytes) -> bytes:
    """A zip one of whose stored members has another content than its check sum says."""
    at = data.index(content)
    return data[:at] + bytes([content[0] ^ 1]) + data[at + 1 :]


def stored(members: dict[str, str]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        for name, content in members.items():
            file.writestr(zipfile.ZipInfo(name), content)
    return buffer.getvalue()


def read(data: bytes, name: str = "b.zip") -> tuple[list[str], dict[str, str]]:
    reading = read_archive(name, data)
    documents = [document.name.removeprefix(f"{name}/") for document in reading.documents]
    return documents, {each.name.removeprefix(f"{name}/"): each.reason for each in reading.skipped}


@pytest.mark.parametrize("broken", ["a.txt", "b.txt", "c.txt"])
def test_a_damaged_member_is_reported_and_the_others_are_read(broken: str) -> None:
    texts = {"a.txt": "first of all", "b.txt": "second thing", "c.txt": "third one"}
    names, reasons = read(with_wrong_sum(stored(texts), texts[broken].encode()))
    assert names == [name for name in texts if name != broken]
    assert reasons == {broken: f"cannot be read (BadZipFile: Bad CRC-32 for file '{broken}')"}


@pytest.mark.parametrize("method", [1, 6, 97, 98, 255])
def test_a_member_packed_in_an_unknown_way_is_reported(method: int) -> None:
    data = bytearray(stored({"a.txt": "packed", "b.txt": "plain"}))
    for at in (8, data.index(b"PK\x01\x02") + 10):
        data[at : at + 2] = method.to_bytes(2, "little")
    names, reasons = read(bytes(data))
    assert names == ["b.txt"]
    assert "compression" in reasons["a.txt"]


def test_a_damaged_deflated_member_is_reported() -> None:
    data = bytearray(making.zipped({"a.txt": "x" * 3000, "b.txt": "fine"}))
    at = data.index(b"a.txt") + 5
    data[at : at + 4] = b"\xff\xff\xff\xff"
    names, reasons = read(bytes(data))
    assert names == ["b.txt"]
    assert reasons["a.txt"].startswith("cannot be read (")
    assert all(each.is_unread for each in read_archive("b.zip", bytes(data)).skipped)


def test_a_zip_whose_list_disagrees_with_a_member() -> None:
    data = stored({"a.txt": "one", "b.txt": "two"}).replace(b"a.txt", b"z.txt", 1)
    names, reasons = read(data)
    assert names == ["b.txt"]
    assert "directory" in reasons["a.txt"]


@pytest.mark.parametrize(
    ("kind", "is_read"),
    [(stat.S_IFLNK, False), (stat.S_IFIFO, False), (stat.S_IFCHR, False), (stat.S_IFREG, True), (0, True)],
)
@pytest.mark.parametrize("system", [0, 3])
def test_links_and_devices_in_a_zip_are_left_out_as_in_a_tar(kind: int, is_read: bool, system: int) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        info = zipfile.ZipInfo("link.txt")
        info.create_system, info.external_attr = system, (kind | 0o777) << 16
        file.writestr(info, "a.txt")
        file.writestr("a.txt", "hello")
    names, reasons = read(buffer.getvalue())
    if is_read or system == 0:
        assert names == ["link.txt", "a.txt"]
    else:
        assert (names, reasons) == (["a.txt"], {"link.txt": "a link or device in an archive"})


NOISE = {
    "app/main.py": "x = 1",
    "app/.env": "A=1",
    "app/.git/config": "[core]",
    "app/node_modules/m/index.js": "x",
    "app/node_modules/m/package.json": "{}",
    "__MACOSX/app/._main.py": "x",
    "app/.gitignore": "*.log\nout/\n",
    "app/a.log": "x",
    "app/out/b.txt": "x",
    "app/venv/pyvenv.cfg": "x",
    "app/venv/x.py": "x",
    "app/.DS_Store": "x",
    "app/cube.obj": "v 0 0 0",
    "app/lib.obj": "\0\1\2",
}


@pytest.mark.parametrize("name", ["b.zip", "b.tar.gz"])
def test_the_noise_of_a_repository_is_left_out_as_in_a_folder(name: str) -> None:
    data = stored(NOISE) if name == "b.zip" else tarred({each: text.encode() for each, text in NOISE.items()})
    names, reasons = read(data, name)
    assert names == ["app/main.py", "app/.env", "app/.gitignore", "app/cube.obj"], (
        "names of secrets: see test_reading"
    )
    assert reasons == {
        "app/.git/": "version control (1 file)",
        "app/node_modules/": "installed packages (2 files)",
        "__MACOSX/": "what macOS adds to archives (1 file)",
        "app/a.log": "ignored by .gitignore or .harlmignore",
        "app/out/": "ignored by .gitignore or .harlmignore (1 file)",
        "app/venv/": "a virtual environment (2 files)",
        "app/.DS_Store": "a system file",
        "app/lib.obj": "binary",
    }


def test_an_ignore_file_of_a_tar_may_stand_last() -> None:
    assert read(tarred({"a.log": b"x", "b.txt": b"x", ".gitignore": b"*.log\n"}), "b.tar.gz")[0] == [
        "b.txt",
        ".gitignore",
    ]


@pytest.mark.parametrize("mode", ["w", "w:gz"])
def test_a_tar_that_is_cut_off_is_read_as_far_as_it_goes(mode: str) -> None:
    noise = random.Random(1).randbytes(300_000).hex().encode()
    data = tarred({"a.txt": b"first", "b.txt": noise, "c.txt": b"last"}, mode)
    names, reasons = read(data[: len(data) // 2], "b.tar")
    assert names == ["a.txt"]
    assert reasons["b.tar"].startswith("is damaged, and its members after the first 1 cannot be read (")


def test_a_damaged_header_of_a_tar_is_reported() -> None:
    data = bytearray(tarred({"a.txt": b"first", "b.txt": b"second", "c.txt": b"third"}, "w"))
    data[1024 + 148 : 1024 + 156] = b"77777777"
    names, reasons = read(bytes(data), "b.tar")
    assert names == ["a.txt"]
    assert reasons["b.tar"].startswith("is damaged, and its members after the first 1 cannot be read (")


def test_a_pointer_of_git_lfs_is_no_archive_and_no_member() -> None:
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'4d' * 32}\nsize 12345\n"
    with pytest.raises(ContextError, match="a pointer of git LFS"):
        read_archive("b.zip", pointer.encode())
    names, reasons = read(stored({"data.csv": pointer, "a.txt": "x"}))
    assert (names, list(reasons)) == (["a.txt"], ["data.csv"])


@pytest.mark.parametrize(
    ("name", "pack"), [("a.csv.gz", gzip.compress), ("a.csv.bz2", bz2.compress), ("a.csv.xz", lzma.compress)]
)
def test_a_single_compressed_file_is_the_file(name: str, pack: Callable[[bytes], bytes]) -> None:
    assert read_archive(name, pack(b"a,b\n1,2\n")).documents[0].name == "a.csv"
    with pytest.raises(ContextError, match="unpacks to more than"):
        read_archive(name, pack(b"0" * (40 << 20)))
    with pytest.raises(ContextError, match="is not an archive that can be read"):
        read_archive(name, b"something else")


@pytest.mark.parametrize("count", [0, 1, 2])
def test_a_rule_file_in_a_zip_counts_against_the_limit(monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    monkeypatch.setattr(archive, "MAX_BYTES", 100)
    data = stored({f"{number}/.gitignore": "#" * 40 for number in range(count)} | {"a.txt": "x"})
    if count < 2:
        assert read(data)[0][-1] == "a.txt"
    else:
        with pytest.raises(ContextError, match="unpacks to more than 100 bytes"):
            read(data)
