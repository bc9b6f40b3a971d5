"""Keeps the stored runs within a size, and removes runs.

Removes only what looks like a stored run: a folder named by a ULID that holds ``run.json`` or
``events.jsonl``, is no link and belongs to this user. Never removes a run that is open in any process, and
removes a pinned one only if it is named.
"""

from __future__ import annotations

import os
import shutil
import stat
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from harlm.errors import TraceError
from harlm.open_flags import BINARY, NOFOLLOW
from harlm.patterns import lazy_pattern
from harlm.tracing.run_lock import held_closed

_ULID = lazy_pattern(r"[0-7][0-9A-HJKMNP-TV-Z]{25}")
_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_TIME = 10  # characters of a ULID that are milliseconds since the epoch
_PIN = "pinned"
_REMOVED = ".removed-"  # before the name of a run that is being removed
IMPORTED = ".import-"
"""Begins the name of a folder in which a run is unpacked before it is one."""

_STEP = 16 << 20  # bytes that a run writes before it looks at the size of all runs again
_ROOM = 10  # 1 of 10 bytes of the bound is free after a pruning, so that not every run has to prune
_OFTEN_ENOUGH_S = 86_400  # to count all runs anew: killed runs have not added what they wrote
_ABANDONED_S = 86_400  # after which nothing unpacks into a folder any more


@dataclass(frozen=True, slots=True)
class StoredRun:
    """A run on disk.

    Attributes:
        folder: its folder.
        size: bytes of its files.
        started: seconds since the epoch.
        is_pinned: whether pruning leaves it alone.
    """

    folder: Path
    size: int
    started: float
    is_pinned: bool


@dataclass(frozen=True, slots=True)
class Pruned:
    """What a pruning did.

    Attributes:
        removed: the runs that were removed, oldest first.
        open: runs that had to go and were kept, because a process is writing them.
        pinned: runs that had to go and were kept, because they are pinned.
        left: bytes of all runs that are left.
    """

    removed: Sequence[StoredRun]
    open: int
    pinned: int
    left: int

    @property
    def freed(self) -> int:
        """Bytes of the removed runs."""
        return sum(each.size for each in self.removed)


def stored_runs(runs: Path) -> list[StoredRun]:
    """Everything in a folder that looks like a stored run, oldest first."""
    return sorted(map(_stored, _folders(runs)), key=lambda each: each.folder.name)


def run_ids(names: Iterable[str]) -> list[str]:
    """Those of some names that can be ids of runs."""
    return [name for name in names if _ULID.fullmatch(name)]


def named_run(runs: Path, name: str) -> StoredRun:
    """The only run whose id begins with ``name``, even if it is damaged; ``last`` is the newest.

    Raises:
        TraceError: there is no such run, or more than one.
    """
    folders = sorted(_folders(runs), reverse=True)
    found = (
        folders[:1] if name == "last" else [each for each in folders if each.name.startswith(name.upper())]
    )
    if not name or len(found) != 1:
        reason = "more than one id begins with it" if found else "`harlm runs list` shows the stored runs"
        raise TraceError(f"there is no single run {name!r} in {str(runs)!r}: {reason}")
    return _stored(found[0])


def pin(run: StoredRun, *, is_pinned: bool) -> None:
    """Keep a run from being pruned, or let it be pruned again.

    Raises:
        TraceError: the folder cannot be written.
    """
    try:
        if is_pinned:
            (run.folder / _PIN).touch(mode=0o600)
        else:
            (run.folder / _PIN).unlink(missing_ok=True)
    except OSError as error:
        raise TraceError(f"run {run.folder.name} cannot be changed: {error}") from error


def remove(run: StoredRun) -> bool:
    """Remove a run, unless it is open.

    Returns:
        whether it was removed, by this process.

    Raises:
        TraceError: the folder cannot be removed.
    """
    going = run.folder.with_name(_REMOVED + run.folder.name)
    with held_closed(run.folder) as is_closed:
        if not is_closed:
            return False
        try:
            run.folder.rename(going)  # at once, so that no half of a run is left under its name
        except FileNotFoundError:
            return False  # by another process
        except OSError as error:
            raise TraceError(f"run {run.folder.name} cannot be removed: {error}") from error
    shutil.rmtree(going, ignore_errors=True)  # what is left goes with the next pruning
    return True


def prune(
    runs: Path, max_bytes: int | None, *, started_before: float | None = None, dry_run: bool = False
) -> Pruned:
    """Remove the oldest runs that are neither pinned nor open, until the rest fits.

    Args:
        runs: the folder of all runs.
        max_bytes: of all runs together; ``None`` for no bound.
        started_before: seconds since the epoch; all older runs are removed, whatever their size.
        dry_run: only find out what would be removed.
    """
    if not dry_run:
        _sweep(runs)
    all_runs = stored_runs(runs)
    left = sum(each.size for each in all_runs)
    removed: list[StoredRun] = []
    kept_open = pinned = 0
    for run in all_runs:
        is_old = started_before is not None and run.started < started_before
        if not is_old and (max_bytes is None or left <= max_bytes):
            continue
        if run.is_pinned:
            pinned += 1
        elif _would_remove(run) if dry_run else remove(run):
            removed.append(run)
            left -= run.size
        else:
            kept_open += 1
    return Pruned(removed, kept_open, pinned, left)


def _would_remove(run: StoredRun) -> bool:
    with held_closed(run.folder) as is_closed:
        return is_closed


class Housekeeper:
    """Prunes the stored runs while runs are written. Every process adds what it writes to one file; all runs
    are counted only when that file says that there are too many.

    Args:
        runs: the folder of all runs.
        max_bytes: of all runs together.
    """

    def __init__(self, runs: Path, max_bytes: int) -> None:
        self._runs = runs
        self._max_bytes = max_bytes
        self._tally = _Tally(runs.with_name("runs.tally"))
        self._unsaid = 0
        self._pruning: threading.Thread | None = None

    def start(self) -> None:
        """Look at the size of all runs, when a run starts."""
        self._look()

    def wrote(self, size: int) -> None:
        """A run has written ``size`` bytes."""
        self._unsaid += size
        if self._unsaid >= _STEP:
            self.close()
            self._look()

    def close(self) -> None:
        """Add what was written to the tally."""
        size, self._unsaid = self._unsaid, 0
        self._tally.add(size)

    def _look(self) -> None:
        total = self._tally.total()
        if total is not None and total <= self._max_bytes:
            return
        if self._pruning is None or not self._pruning.is_alive():
            self._pruning = threading.Thread(target=self._prune, name="harlm-runs", daemon=True)
            self._pruning.start()

    def _prune(self) -> None:
        with suppress(OSError, TraceError):  # a folder that cannot be changed does not stop a run
            left = sum(each.size for each in stored_runs(self._runs))
            if left > self._max_bytes:
                left = prune(self._runs, self._max_bytes - self._max_bytes // _ROOM).left
            self._tally.set(left)


class _Tally:
    """The bytes of all runs: a file with the time of the last count, its result, and what was written since."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def add(self, size: int) -> None:
        """Add bytes; without a file the next run counts all runs anyway."""
        with suppress(OSError):
            opened = os.open(self._file, os.O_WRONLY | os.O_APPEND | NOFOLLOW | BINARY)
            try:
                os.write(opened, b"%d\n" % size)
            finally:
                os.close(opened)

    def set(self, total: int) -> None:
        """Begin anew with the result of a count."""
        fresh = self._file.with_name(f"{self._file.name}.{os.getpid()}.unfinished")
        try:
            fresh.touch(mode=0o600)
            fresh.write_bytes(b"%d\n%d\n" % (time.time(), total))
            fresh.replace(self._file)
        except OSError:
            fresh.unlink(missing_ok=True)

    def total(self) -> int | None:
        """The sum; ``None`` if all runs should be counted."""
        try:
            counted, *sizes = map(int, self._file.read_bytes().split())
        except (OSError, ValueError):
            return None
        return None if abs(time.time() - counted) > _OFTEN_ENOUGH_S else sum(sizes)


def _folders(runs: Path) -> Iterator[Path]:
    try:
        with os.scandir(runs) as entries:
            found = [
                Path(entry.path) for entry in entries if _ULID.fullmatch(entry.name) and _is_ours(entry.path)
            ]
    except OSError:
        return
    yield from (
        folder for folder in found if any(_is_file(folder / name) for name in ("run.json", "events.jsonl"))
    )


def _is_ours(path: str | Path) -> bool:
    """Whether a path is a folder of this user, and no link to one."""
    try:
        about = os.lstat(path)
    except OSError:
        return False
    return stat.S_ISDIR(about.st_mode) and (not hasattr(os, "geteuid") or about.st_uid == os.geteuid())


def _is_file(path: Path) -> bool:
    try:
        return stat.S_ISREG(os.lstat(path).st_mode)
    except OSError:
        return False


def _stored(folder: Path) -> StoredRun:
    millis = 0
    for digit in folder.name[:_TIME]:
        millis = 32 * millis + _CROCKFORD.index(digit)
    return StoredRun(
        folder=folder,
        size=_size(folder) + _size(folder / "blobs"),
        started=millis / 1000,
        is_pinned=os.path.lexists(folder / _PIN),
    )


def _size(folder: Path) -> int:
    size = 0
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            with suppress(OSError):
                about = entry.stat(follow_symlinks=False)
                size += about.st_size if stat.S_ISREG(about.st_mode) else 0
    return size


def _sweep(runs: Path) -> None:
    """Remove what is left of runs whose removal or import was interrupted."""
    with suppress(OSError), os.scandir(runs) as entries:
        for entry in list(entries):
            is_removed = entry.name.startswith(_REMOVED) and _ULID.fullmatch(entry.name[len(_REMOVED) :])
            is_abandoned = entry.name.startswith(IMPORTED) and (
                time.time() - entry.stat(follow_symlinks=False).st_mtime > _ABANDONED_S
            )
            if (is_removed or is_abandoned) and _is_ours(entry.path):
                shutil.rmtree(entry.path, ignore_errors=True)
