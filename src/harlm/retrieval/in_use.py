"""Which indexes of a file are in use, in any process: each is locked as long as it is.

The kernel releases a lock when its process ends, however it ends.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path

from harlm.open_flags import BINARY, NOFOLLOW

if sys.platform != "win32":
    import fcntl


class Use:
    """The use of one index, until it is closed."""

    def __init__(self, descriptor: int | None) -> None:
        self._descriptor = descriptor

    def close(self) -> None:
        """End the use. Safe to call twice."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)


def hold(file: Path, key: str) -> Use:
    """Begin to use an index; without effect if no lock can be made."""
    lock = _lock_of(file, key)
    with suppress(OSError):
        lock.parent.mkdir(mode=0o700, exist_ok=True)
        opened = os.open(lock, os.O_RDWR | os.O_CREAT | NOFOLLOW | BINARY, 0o600)
        if sys.platform != "win32":
            with suppress(OSError):
                fcntl.flock(opened, fcntl.LOCK_SH | fcntl.LOCK_NB)
        return Use(opened)
    return Use(None)


def is_held(file: Path, key: str) -> bool:
    """Whether an index is in use in any process. The lock of one that is not is removed."""
    lock = _lock_of(file, key)
    try:
        opened = os.open(lock, os.O_RDWR | NOFOLLOW | BINARY)
    except OSError:
        return False
    try:
        if sys.platform != "win32":
            fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
            lock.unlink(missing_ok=True)
    except OSError:
        return True
    finally:
        os.close(opened)
    return False


def _lock_of(file: Path, key: str) -> Path:
    return file.with_name(f"{file.name}.used") / key
