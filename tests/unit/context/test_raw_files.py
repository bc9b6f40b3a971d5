"""Files whose names change their meaning, and files that never end."""

from __future__ import annotations

import io
import os
import socket
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from harlm.context import raw_files
from harlm.context.raw_files import (
    Identity,
    open_folder,
    read_found,
    read_named,
    read_rules,
    read_stream,
    real_path,
)
from harlm.errors import ContextError


class Stopped(Exception):
    """What a check raises in these tests."""


def never() -> None:
    """A check that lets reading continue."""


def identity(path: Path) -> Identity:
    status = path.stat()
    return status.st_dev, status.st_ino


@pytest.fixture
def odd(tmp_path: Path) -> dict[str, Path]:
    """One of each kind of file that is none."""
    os.mkfifo(tmp_path / "fifo")
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(str(tmp_path / "socket"))
    listening.close()
    return {
        "fifo": tmp_path / "fifo",
        "socket": tmp_path / "socket",
        "device": Path("/dev/zero"),
        "folder": tmp_path,
    }


@pytest.mark.parametrize("kind", ["fifo", "socket", "device", "folder"])
def test_what_is_no_file_is_refused_at_once(odd: dict[str, Path], kind: str) -> None:
    if kind != "fifo":  # one that the user names is read
        with pytest.raises(ContextError, match=r"is not a regular file|cannot be read"):
            read_named(str(odd[kind]), never)
    with pytest.raises(ContextError, match=r"has changed|cannot be read"):
        read_found(str(odd[kind]), (0, 0), 10, never)
    assert read_rules(odd[kind], 10) is None


def test_a_file_is_read_whole(tmp_path: Path) -> None:
    file = tmp_path / "a"
    for size in (0, 1, 5000, raw_files._PIECE - 1, raw_files._PIECE, raw_files._PIECE + 1):
        data = os.urandom(16) * (size // 16) + b"x" * (size % 16)
        file.write_bytes(data)
        assert read_named(str(file), never) == data
        assert read_found(str(file), identity(file), size, never) == data


def test_a_named_link_is_followed_and_a_found_one_is_not(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("inside")
    (tmp_path / "link").symlink_to("a")
    assert read_named(str(tmp_path / "link"), never) == b"inside"
    with pytest.raises(ContextError, match="cannot be read"):
        read_found(str(tmp_path / "link"), identity(tmp_path / "a"), 100, never)
    assert read_rules(tmp_path / "link", 10) is None


def test_another_file_at_the_path_is_not_read(tmp_path: Path) -> None:
    file = tmp_path / "a"
    file.write_text("first")
    seen = identity(file)
    (tmp_path / "b").write_text("second")
    (tmp_path / "b").rename(file)
    with pytest.raises(ContextError, match="has changed while the folder was read"):
        read_found(str(file), seen, 100, never)


def test_a_file_that_grew_beyond_the_limit_is_not_read(tmp_path: Path) -> None:
    file = tmp_path / "a"
    file.write_bytes(b"x" * 100)
    with pytest.raises(ContextError, match="has grown beyond"):
        read_found(str(file), identity(file), 99, never)


def test_the_target_of_a_link_must_lie_in_the_folder(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "out").write_text("outside")
    target = tmp_path / "out"
    with pytest.raises(ContextError, match="has changed"):
        read_found(str(target), identity(target), 100, never, f"{tmp_path}/in/")
    assert read_found(str(target), identity(target), 100, never, f"{tmp_path}/") == b"outside"


def test_a_folder_that_became_a_link_is_not_entered(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    (tmp_path / "real/deep").mkdir()
    for path in ("link", "link/deep"):
        with pytest.raises(OSError, match=r"."):
            open_folder(str(tmp_path / path), is_top=False)
    opened = open_folder(str(tmp_path / "real/deep"), is_top=False)
    assert opened is not None
    assert real_path(opened) == str(tmp_path / "real/deep")
    os.close(opened)


def test_only_the_first_bytes_of_an_ignore_file_are_read(tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_bytes(b"x" * 1000)
    assert read_rules(tmp_path / ".gitignore", 10) == b"x" * 10
    assert read_rules(tmp_path / "none", 10) is None


def test_a_stream_is_read_to_its_end() -> None:
    assert read_stream(io.BytesIO(b"all of it"), never) == b"all of it"
    reading, writing = os.pipe()

    def send() -> None:
        os.write(writing, b"x" * 300_000)
        os.close(writing)

    with os.fdopen(reading, "rb") as stream:
        sending = threading.Thread(target=send)
        sending.start()
        assert read_stream(stream, never) == b"x" * 300_000
        sending.join()


def test_a_stream_that_nobody_writes_to_can_be_left() -> None:
    calls = iter(range(3))

    def check() -> None:
        if next(calls, None) is None:
            raise Stopped

    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as stream, pytest.raises(Stopped):
        read_stream(stream, check)
    os.close(writing)


def test_a_large_file_is_read_in_pieces_between_which_reading_can_stop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(raw_files, "_PIECE", 10)

    def stop() -> None:
        raise Stopped

    (tmp_path / "a").write_bytes(b"x" * 100)
    with pytest.raises(Stopped):
        read_named(str(tmp_path / "a"), stop)


@pytest.mark.parametrize("name", ["fifo", "/dev/fd/{}", "/proc/self/fd/{}"])
def test_a_pipe_that_is_named_is_read_to_its_end(odd: dict[str, Path], name: str) -> None:
    reading, writing = os.pipe()
    path = str(odd["fifo"]) if name == "fifo" else name.format(reading)

    def write() -> None:
        descriptor = writing
        if name == "fifo":
            os.close(writing)
            descriptor = os.open(path, os.O_WRONLY)
        for _ in range(3):
            os.write(descriptor, b"some text\n" * 10_000)
        os.close(descriptor)

    with ThreadPoolExecutor() as threads:
        threads.submit(write)
        assert read_named(path, never) == b"some text\n" * 30_000
    os.close(reading)


def test_a_socket_of_this_process_is_read_by_its_name() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(b"text")
        theirs.shutdown(socket.SHUT_WR)
        assert read_named(f"/dev/fd/{ours.fileno()}", never) == b"text"


def test_a_pipe_that_nobody_writes_to_is_waited_for_until_the_check_ends_it(odd: dict[str, Path]) -> None:
    checks = iter(range(3))

    def check() -> None:
        if next(checks, None) is None:
            raise Stopped

    with pytest.raises(Stopped):
        read_named(str(odd["fifo"]), check)


def test_a_stream_without_an_end_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(raw_files, "_MOST_OF_STREAM", 1 << 20)
    endless = subprocess.Popen(["yes"], stdout=subprocess.PIPE)
    assert endless.stdout is not None
    with endless.stdout, pytest.raises(ContextError, match=r"gives more than 1 MB; save the text to a file"):
        read_named(f"/dev/fd/{endless.stdout.fileno()}", never)
    endless.wait()


@pytest.mark.parametrize("path", ["/dev/fd/999999", "/dev/fd/99999999999", "/dev/fd/x"])
def test_a_descriptor_that_is_not_open_cannot_be_read(path: str) -> None:
    with pytest.raises(ContextError, match="cannot be read"):
        read_named(path, never)
