"""Whether a stored run is open: a lock on its file of events, which its living writer holds.

The kernel releases the lock when the writer's process ends, however it ends. So no file has to be kept up to
date, and a killed run is not open.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from harlm.errors import TraceError
from harlm.open_flags import BINARY, NOFOLLOW, NONBLOCK

if sys.platform != "win32":
    import fcntl

_EVENTS = "events.jsonl"
_TRIES = 8  # to open a file that another process keeps removing


def opened_events(folder: Path, make: Callable[[], None], *, is_new: bool = True) -> int:
    """A descriptor for appending to the events of a run, which keeps the run open until it is closed.

    Args:
        folder: of the run.
        make: makes the folder; called again if another process removes it before it is locked.
        is_new: whether no other process can know the run. Otherwise it is opened only if no process has it open.

    Raises:
        OSError: the folder or the file cannot be made.
        TraceError: the run is open in another process.
    """
    path = folder / _EVENTS
    for _ in range(_TRIES):
        make()
        opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | BINARY, 0o600)
        if not is_new and not _could_lock(opened, unknown=True):
            os.close(opened)
            raise TraceError(
                f"run {folder.name} is open in another process; wait until it has ended, or end that process"
            )
        _lock(opened, alone=not is_new)
        with suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(opened), path.stat()):
                return opened
        os.close(opened)
    raise FileNotFoundError(2, "it is removed again and again", str(path))


@contextmanager
def held_closed(folder: Path) -> Iterator[bool]:
    """Whether a run is closed; if so, it cannot be opened for writing within the block. Windows says so, and lets it be opened nevertheless."""
    if sys.platform == "win32":
        yield _can_be_renamed(folder / _EVENTS)
        return
    try:
        opened = os.open(folder / _EVENTS, os.O_RDWR | NOFOLLOW | NONBLOCK | BINARY)
    except FileNotFoundError:
        yield True  # an open run has this file
        return
    except OSError:
        yield False
        return
    try:
        yield _could_lock(opened)
    finally:
        os.close(opened)


def _lock(opened: int, *, alone: bool) -> None:
    if sys.platform != "win32" and not alone:
        with suppress(OSError):  # a file system without locks; ``held_closed`` finds no run closed there
            fcntl.flock(opened, fcntl.LOCK_SH)


def _can_be_renamed(file: Path) -> bool:
    """Whether no process has a file open, on Windows: it renames none that is, not even to its own name."""
    try:
        file.rename(file)
    except FileNotFoundError:
        return True  # an open run has this file
    except OSError:
        return False
    return True


def _could_lock(opened: int, *, unknown: bool = False) -> bool:
    """Whether no other process has a lock; ``unknown`` where there are no locks."""
    if sys.platform == "win32":
        return unknown
    try:
        fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False  # open in some process
    except OSError:
        return unknown  # a file system without locks
    return True
