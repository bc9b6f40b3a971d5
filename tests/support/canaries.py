"""The canaries: listeners, files and a process outside the sandbox that a hostile cell must not touch, and
the checks that show whether one was touched.

Every user may use them, so only the sandbox keeps a cell away from them, and not the mode of a file.
"""

from __future__ import annotations

import itertools
import os
import secrets
import shutil
import socket
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests.support.processes import descendants, state

KEY: Final = "sk-canary-env-0001"
"""The value of ``KEY`` in the environment of this process and of the decoy."""

_MEMORY: Final = b"sk-canary-mem"
_SECRET: Final = "a canary sits here\n"
_LEFTOVERS: Final = ("/tmp", "/dev/shm", "/var/tmp", "/etc")
_DECOY: Final = (
    "import sys; kept = bytes(reversed(b'mem-yranac-ks')); print(id(kept) + bytes.__basicsize__ - 1, flush=True); "
    "sys.stdin.read()"
)
"""Holds the string in its memory only, prints its address (CPython), and ends with the process that started
it.
"""

_Entry = tuple[int, int, int, int, int, bytes]
_Files = dict[str, _Entry]


class _Decoy:
    """A process of this user that holds a key."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-S", "-c", _DECOY],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={"KEY": KEY}, start_new_session=True,
        )  # fmt: skip
        assert self._process.stdout is not None
        self.pid = self._process.pid
        self.address = int(self._process.stdout.readline())
        self._environment = self._read_environment()

    def tripped(self) -> str | None:
        """What was done to it; ``None`` for nothing."""
        if self._process.poll() is not None:
            return f"the decoy ended with {self._process.returncode}"
        if state(self.pid) in ("T", "t"):
            return "the decoy was stopped"
        if self._read_environment() != self._environment:
            return "the decoy's environment was changed"
        if self._read_memory() != _MEMORY:
            return "the decoy's memory was changed"
        return None

    def _read_environment(self) -> bytes:
        return Path(f"/proc/{self.pid}/environ").read_bytes()

    def _read_memory(self) -> bytes:
        with Path(f"/proc/{self.pid}/mem").open("rb", buffering=0) as memory:
            memory.seek(self.address)
            return memory.read(len(_MEMORY))

    def close(self) -> None:
        """Kill it and wait for it."""
        self._process.kill()
        self._process.communicate()


class _Listeners:
    """Sockets on which nothing must arrive."""

    def __init__(self, folder: Path) -> None:
        abstract = f"harlm-canary-{secrets.token_hex(8)}"
        self._streams = {
            "port": _bound(socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", 0)),
            "port2": _bound(socket.AF_INET, socket.SOCK_STREAM, (_second_loopback(), 0)),
            "abstract": _bound(socket.AF_UNIX, socket.SOCK_STREAM, f"\0{abstract}"),
            "unix_path": _bound(socket.AF_UNIX, socket.SOCK_STREAM, str(folder / "stream")),
        }
        self._datagrams = {
            "uport": _bound(socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", 0)),
            "abstract_dgram": _bound(socket.AF_UNIX, socket.SOCK_DGRAM, f"\0{abstract}-datagrams"),
            "unix_dgram": _bound(socket.AF_UNIX, socket.SOCK_DGRAM, str(folder / "datagrams")),
        }
        for path in folder.iterdir():
            path.chmod(0o777)

    def define(self) -> dict[str, str | int]:
        """The address of each."""
        return {what: _place(each) for what, each in (*self._streams.items(), *self._datagrams.items())}

    def tripped(self) -> list[str]:
        """Those that were reached since the last call."""
        return [
            *(f"a connection to {what}" for what, each in self._streams.items() if _connections(each)),
            *(f"a datagram to {what}" for what, each in self._datagrams.items() if _datagrams(each)),
        ]

    def close(self) -> None:
        """Close them all."""
        for each in (*self._streams.values(), *self._datagrams.values()):
            each.close()


class Canaries:
    """All canaries of one test.

    Responsibilities: put them in place, give their addresses, report which were touched, replace those.

    Args:
        base: an empty folder, which the caller removes.
    """

    def __init__(self, base: Path) -> None:
        self._folder = base / "files"
        self._secret = self._folder / "secret.txt"
        sockets = base / "sockets"
        for folder in (base, self._folder, sockets):
            folder.mkdir(exist_ok=True)
            folder.chmod(0o755)
        self._folder.chmod(0o777)
        self._listeners = _Listeners(sockets)
        self._files = self._laid_out()
        _remove_leftovers()
        self._decoy = _Decoy()

    @property
    def define(self) -> dict[str, str | int]:
        """The addresses that a cell gets as ``CANARY``. They change when the decoy is replaced."""
        return {
            "dir": str(self._folder),
            "file": str(self._secret),
            "host_pid": os.getpid(),
            "decoy_pid": self._decoy.pid,
            "decoy_addr": self._decoy.address,
            **self._listeners.define(),
        }

    def tripped(self) -> list[str]:
        """What was touched since the last call. Everything is put back in place."""
        found = [*self._listeners.tripped(), *self._changes(), *_remove_leftovers()]
        if (trip := self._decoy.tripped()) is not None:
            found.append(trip)
            self._decoy.close()
            self._decoy = _Decoy()
        return found

    def _changes(self) -> list[str]:
        before, now = self._files, _files(self._folder)
        if before == now:
            return []
        changes = [
            f"{name} in the folder {'is new' if name not in before else 'is gone' if name not in now else 'was changed'}"
            for name in sorted({*before, *now})
            if before.get(name) != now.get(name)
        ]
        self._files = self._laid_out()
        return changes

    def _laid_out(self) -> _Files:
        """Put the folder in its first state, and list it."""
        for path in self._folder.iterdir():
            _remove(path)
        self._secret.write_text(_SECRET, encoding="utf-8")
        self._secret.chmod(0o666)
        return _files(self._folder)

    def close(self) -> None:
        """End the decoy and the listeners."""
        self._decoy.close()
        self._listeners.close()
        _remove_leftovers()


@contextmanager
def canaries() -> Iterator[Canaries]:
    """Canaries for one block. During the block this process has a key in its environment."""
    before = os.environ.get("KEY")
    with tempfile.TemporaryDirectory(prefix="canaries-", ignore_cleanup_errors=True) as base:
        os.environ["KEY"] = KEY
        standing = Canaries(Path(base))
        try:
            yield standing
        finally:
            standing.close()
            if before is None:
                del os.environ["KEY"]
            else:
                os.environ["KEY"] = before


def _bound(family: int, kind: int, address: tuple[str, int] | str) -> socket.socket:
    bound = socket.socket(family, kind)
    bound.bind(address)
    bound.setblocking(False)
    if kind == socket.SOCK_STREAM:
        bound.listen(64)
    return bound


def _second_loopback() -> str:
    """127.0.0.2, which stands for another machine; 127.0.0.1 on systems without it (macOS)."""
    with socket.socket() as tried:
        try:
            tried.bind(("127.0.0.2", 0))
        except OSError:
            return "127.0.0.1"
    return "127.0.0.2"


def _place(bound: socket.socket) -> str | int:
    """The port, path or abstract name of a socket."""
    address = bound.getsockname()
    if isinstance(address, tuple):
        return int(address[1])
    return address[1:].decode() if isinstance(address, bytes) else str(address)


def _connections(bound: socket.socket) -> int:
    """The number of connections that have arrived; they are closed."""
    for count in itertools.count():
        try:
            bound.accept()[0].close()
        except BlockingIOError:
            return count
    raise AssertionError


def _datagrams(bound: socket.socket) -> int:
    """The number of datagrams that have arrived; they are dropped."""
    for count in itertools.count():
        try:
            bound.recv(1)
        except BlockingIOError:
            return count
    raise AssertionError


def _files(folder: Path) -> _Files:
    """Everything in a folder and the folder itself, in a form that differs after any change."""
    found: _Files = {".": _entry(folder)}
    for path in folder.rglob("*"):
        found[str(path.relative_to(folder))] = _entry(path)
    return found


def _entry(path: Path) -> _Entry:
    seen = path.lstat()
    content = path.read_bytes()[:4096] if stat.S_ISREG(seen.st_mode) else b""
    return seen.st_mode, seen.st_nlink, seen.st_uid, seen.st_size, seen.st_mtime_ns, content


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _remove_leftovers() -> list[str]:
    """The files that cells have left in folders that are open to all, found by the name that all cells use.
    They are removed.
    """
    found = []
    for folder in map(Path, _LEFTOVERS):
        for path in folder.glob("*x_abuse*"):
            found.append(f"{path} was left behind")
            _remove(path)
    return found


__all__ = ["KEY", "Canaries", "canaries", "descendants"]
