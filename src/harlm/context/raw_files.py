"""Opens and reads files whose names may have changed their meaning since they were found. Waits for no device, and
for a pipe only if the user named it; never follows a link that was not there before.
"""

from __future__ import annotations

import os
import select
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import BinaryIO

from harlm.errors import ContextError
from harlm.open_flags import BINARY, DIRECTORY, NOFOLLOW, NONBLOCK
from harlm.patterns import lazy_pattern

Identity = tuple[int, int]
"""The device and the inode of a file."""

_FLAGS = os.O_RDONLY | NONBLOCK | BINARY
_PIECE = 1 << 24  # bytes between two checks
_PIPE_PIECE = 1 << 20
_TICK_MS = 20
_MOST_OF_STREAM = 1 << 30  # bytes: one that never ends must not fill the memory
_OWN = lazy_pattern(r"/dev/stdin|/(?:dev|proc/self)/fd/([0-9]{1,9})")

CHANGED = "has changed while the folder was read; try again"
NOT_A_FILE = "is not a regular file; give a file, a folder, a pipe or - for standard input"


def read_named(path: str, check: Callable[[], None]) -> bytes:
    """The bytes of a file that the user named, whatever its size, or of a pipe; links are followed.

    Raises:
        ContextError: it is a folder, a device or a socket, or cannot be read.
    """
    with _own_descriptor(path) or _opened(path, _FLAGS) as (file, status):
        if stat.S_ISREG(status.st_mode):
            return _all_of(file, status.st_size, None, check)
        if is_stream(file, status):
            return _all_of_stream(file, check)
        raise ContextError(NOT_A_FILE)


def is_stream(descriptor: int, status: os.stat_result) -> bool:
    """Whether a text can be read from something until its other end closes: a pipe, a socket, a terminal."""
    mode = status.st_mode
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode) or (stat.S_ISCHR(mode) and os.isatty(descriptor))


def _own_descriptor(path: str) -> AbstractContextManager[tuple[int, os.stat_result]] | None:
    """A stream of this process that has a name, as ``<(…)`` of a shell passes it; ``None`` for any other path.

    It is not opened by name, since that fails for a socket, and on some systems for a pipe.
    """
    named = _OWN.fullmatch(path)
    if named is None:
        return None
    descriptor = int(named[1] or 0)
    try:
        status = os.fstat(descriptor)
    except (OSError, OverflowError):
        return None
    return nullcontext((descriptor, status)) if is_stream(descriptor, status) else None


def read_found(path: str, identity: Identity, most: int, check: Callable[[], None], root: str = "") -> bytes:
    """The bytes of a file that a walk found.

    Args:
        path: where it was found; links on the way have been resolved.
        identity: what the walk saw there.
        most: the most bytes that it may have.
        check: is called between pieces.
        root: for the target of a link, the folder that it must lie in, with a slash at its end.

    Raises:
        ContextError: there is another file, it has grown beyond ``most``, or it cannot be read.
    """
    with _opened(path, _FLAGS | NOFOLLOW) as (file, status):
        if (status.st_dev, status.st_ino) != identity or not stat.S_ISREG(status.st_mode):
            raise ContextError(CHANGED)
        if root and not f"{real_path(file) or os.path.realpath(path)}/".startswith(root):
            raise ContextError(CHANGED)
        return _all_of(file, status.st_size, most, check)


@contextmanager
def _opened(path: str, flags: int) -> Iterator[tuple[int, os.stat_result]]:
    """An open descriptor and its status; an error of the system while it is read is a ``ContextError``."""
    try:
        file = os.open(path, flags)
        try:
            yield file, os.fstat(file)
        finally:
            os.close(file)
    except OSError as error:
        raise ContextError(f"cannot be read ({error.strerror}); check its permissions") from error


def open_folder(path: str, *, is_top: bool) -> int | None:
    """A descriptor of a folder, for ``os.scandir``; ``None`` on systems that list folders by name only.

    Args:
        path: its real path.
        is_top: whether the user named it, and it was not found in another folder.

    Raises:
        OSError: it cannot be opened, or the path leads elsewhere by now.
    """
    if os.scandir not in os.supports_fd:
        return None
    folder = os.open(path, _FLAGS | DIRECTORY | NOFOLLOW)
    real = real_path(folder)
    if not is_top and real is not None and real != path:
        os.close(folder)
        raise OSError(0, "it has changed while the folder was read")
    return folder


def real_path(descriptor: int) -> str | None:
    """Where an open file lies; ``None`` if the system does not tell."""
    try:
        if sys.platform == "darwin":
            import fcntl

            return os.fsdecode(fcntl.fcntl(descriptor, fcntl.F_GETPATH, bytes(1024)).rstrip(b"\0"))
        return os.readlink(f"/proc/self/fd/{descriptor}")  # noqa: PTH115 - one system call
    except OSError:
        return None


def read_rules(path: Path, most: int, *, follow: bool = False) -> bytes | None:
    """The first ``most`` bytes of an ignore file or of a file of settings.

    Args:
        path: where it may be.
        most: the most bytes that are read.
        follow: whether it may be a link, as settings in a home folder often are.

    Returns:
        ``None`` if it is not a regular file, or cannot be read.
    """
    try:
        file = os.open(path, _FLAGS if follow else _FLAGS | NOFOLLOW)
        try:
            status = os.fstat(file)
            return os.read(file, min(most, status.st_size + 1)) if stat.S_ISREG(status.st_mode) else None
        finally:
            os.close(file)
    except (OSError, ValueError):
        return None


def first_bytes(path: str, identity: Identity, most: int) -> bytes:
    """The first bytes of a file that a walk found; links on the way to it have been resolved.

    Raises:
        OSError: it cannot be read, or there is another file.
    """
    file = os.open(path, _FLAGS | NOFOLLOW)
    try:
        status = os.fstat(file)
        if (status.st_dev, status.st_ino) != identity or not stat.S_ISREG(status.st_mode):
            raise OSError(0, "it has changed while the folder was read")
        return os.read(file, most)
    finally:
        os.close(file)


def read_stream(stream: BinaryIO, check: Callable[[], None]) -> bytes:
    """All bytes of a stream, such as a pipe whose other end may never write."""
    try:
        descriptor = stream.fileno()
        waiting = select.poll()
    except (OSError, AttributeError):  # not a file of the system; Windows
        return stream.read()
    return _all_of_stream(descriptor, check, waiting)


def _all_of_stream(descriptor: int, check: Callable[[], None], waiting: select.poll | None = None) -> bytes:
    """All bytes that arrive until the other end closes. A named pipe without a writer is waited for.

    Raises:
        ContextError: there are too many, or they cannot be read.
    """
    waiting = waiting or select.poll()
    waiting.register(descriptor, select.POLLIN | select.POLLHUP)
    pieces: list[bytes] = []
    read = 0
    while True:
        check()
        if not waiting.poll(_TICK_MS):
            continue
        try:
            piece = os.read(descriptor, _PIPE_PIECE)
        except BlockingIOError:
            continue
        if not piece:
            return b"".join(pieces)
        pieces.append(piece)
        read += len(piece)
        if read > _MOST_OF_STREAM:
            raise ContextError(
                f"gives more than {_MOST_OF_STREAM >> 20:,} MB; save the text to a file, and name that"
            )


def _all_of(file: int, size: int, most: int | None, check: Callable[[], None]) -> bytes:
    """All bytes of an open file."""
    pieces: list[bytes] = []
    if size < _PIECE and (most is None or size <= most):
        data = os.read(file, size + 1)
        if len(data) <= size:
            return data
        pieces.append(data)
    read = sum(map(len, pieces))
    while piece := os.read(file, _PIECE):
        check()
        pieces.append(piece)
        read += len(piece)
        if most is not None and read > most:
            raise ContextError(
                f"has grown beyond {most >> 20} MB while the folder was read; name it to read it"
            )
    return b"".join(pieces)
