"""Temporary folders, and the removal of those that a killed process left behind.

All temporary folders of this process lie in one folder, on which it holds a lock (``flock``) as long as it
exists. The kernel drops the lock when the process ends, in whatever way. So a folder that can be locked has no
owner, even if another process has the owner's id by now.
"""

from __future__ import annotations

import os
import secrets
import shutil
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from harlm.guest.worker.folders import remove
from harlm.patterns import lazy_pattern

if sys.platform != "win32":
    import fcntl

_NAME = lazy_pattern(r"harlm-process-[0-9a-f]{16}")
_ATTEMPTS = 10


class _ProcessFolder:
    """The locked folder of this process.

    Attributes:
        path: of the folder.
        folders: the paths of the folders in it.

    Raises:
        OSError: it cannot be made.
    """

    def __init__(self) -> None:
        self.folders: set[str] = set()
        for _ in range(_ATTEMPTS):
            self.path = Path(tempfile.gettempdir()) / f"harlm-process-{secrets.token_hex(8)}"
            self.path.mkdir(mode=0o700)
            try:
                self.descriptor = _locked(self.path)
            except (BlockingIOError, FileNotFoundError):
                continue  # a sweep was faster than the lock, and removes the folder
            except BaseException:
                with suppress(OSError):
                    self.path.rmdir()
                raise
            return
        raise BlockingIOError("temporary folders are removed as soon as they are made")

    def close(self) -> None:
        """Remove the folder, which is empty, and drop the lock."""
        with suppress(OSError):
            self.path.rmdir()
        self.forget()

    def forget(self) -> None:
        """Close the descriptor. In a forked process this does not drop the lock."""
        if self.descriptor is not None:
            os.close(self.descriptor)


_own: _ProcessFolder | None = None
_changing = threading.Lock()
_swept = False


def make_folder() -> str:
    """The path of a new empty folder, which only this user can open.

    Raises:
        OSError: it cannot be made.
    """
    global _own
    with _changing:
        own = _own or _ProcessFolder()
        try:
            path = own.path / secrets.token_hex(4)
            path.mkdir(mode=0o700)
        except BaseException:
            if not own.folders:
                own.close()
                _own = None
            raise
        own.folders.add(str(path))
        _own = own
        return str(path)


def remove_folder(path: str) -> None:
    """Remove a folder that ``make_folder`` made, with everything in it. Safe to call twice."""
    global _own
    if sys.platform == "win32":
        shutil.rmtree(path, ignore_errors=True)
    else:
        remove(path)
    with _changing:
        if _own is not None and path in _own.folders:
            _own.folders.remove(path)
            if not _own.folders:
                _own.close()
                _own = None


@contextmanager
def temporary_folder() -> Iterator[str]:
    """The path of a new empty folder, which is removed at the end of the block.

    Raises:
        OSError: it cannot be made.
    """
    path = make_folder()
    try:
        yield path
    finally:
        remove_folder(path)


def sweep() -> int:
    """Remove the temporary folders of this user's processes that have ended without removing them.

    Returns:
        how many were removed.
    """
    removed = 0
    with suppress(OSError), os.scandir(tempfile.gettempdir()) as entries:
        for entry in entries:
            if _NAME.fullmatch(entry.name):
                with suppress(OSError):
                    removed += _is_removed(Path(entry.path))
    return removed


def sweep_once() -> None:
    """Begin ``sweep`` in a thread, the first time that this process calls it."""
    global _swept
    if not _swept:
        _swept = True
        with suppress(RuntimeError):  # no thread can be started; the next process sweeps
            threading.Thread(target=sweep, name="harlm-sweep", daemon=True).start()


def _is_removed(path: Path) -> bool:
    """Remove the folder of a process that has ended. Returns whether it was one."""
    descriptor = _locked(path)
    if descriptor is None:
        return False
    try:
        if os.fstat(descriptor).st_uid != os.geteuid():
            return False
        for name in os.listdir(descriptor):  # noqa: PTH208 - of a descriptor
            with suppress(OSError):
                os.unlink(
                    name, dir_fd=descriptor
                )  # HARLM makes folders only, but cells of `s0` may write here
            remove(name, within=descriptor)
        path.rmdir()
    finally:
        os.close(descriptor)
    return True


def _locked(path: Path) -> int | None:
    """A descriptor of a folder, with the lock on it; ``None`` if folders have no locks here.

    Raises:
        BlockingIOError: another process holds the lock, or the folder was removed before it was locked.
        OSError: it is a link or no folder, or cannot be opened.
    """
    if sys.platform == "win32":
        return None
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        found = path.lstat() if path.exists() else None
        if found is None or not os.path.samestat(found, os.fstat(descriptor)):
            raise BlockingIOError(f"{path} was removed")
    except BlockingIOError:
        os.close(descriptor)
        raise
    except OSError:  # a file system without locks: neither this folder nor another is ever swept there
        os.close(descriptor)
        return None
    return descriptor


def _after_fork() -> None:
    """A forked process has no folder yet, and must not keep the lock of its parent."""
    global _own, _changing
    own, _own, _changing = _own, None, threading.Lock()
    if own is not None:
        own.forget()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
