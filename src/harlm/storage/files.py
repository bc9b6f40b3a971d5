"""Opens, measures and shrinks SQLite files, and moves damaged ones aside."""

from __future__ import annotations

import itertools
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from harlm.errors import MemoryFailure

_WAIT_S = 0.005  # for another process that empties the WAL
_PATIENCE_S = 10  # to wait for another process that writes
_LATELY_S = 900  # rows used since then are removed after all others: a run that is under way may need them
_EMPTYING_S = 0.25  # to wait for readers of the WAL
_INCREMENTAL = 2  # what SQLite calls this mode of ``auto_vacuum``
_PAGES = 256  # that one step of a vacuum gives back


class FutureFormat(sqlite3.OperationalError):
    """A file was written by a newer HARLM. It is not damaged, so it is left as it is."""


def opened(file: Path, schema: str, version: int) -> sqlite3.Connection:
    """A connection to a file of the current format, with access for its owner only (mode 0600).

    Args:
        file: created if it does not exist.
        schema: the SQL that creates the tables of a new file and then sets ``user_version``.
        version: the number of the current format.

    Raises:
        FutureFormat: a newer HARLM has written it.
        sqlite3.Error: the file cannot be opened, or has another format.
    """
    connection = sqlite3.connect(
        file.absolute().as_uri(), uri=True, timeout=_PATIENCE_S, isolation_level=None, check_same_thread=False
    )  # as a URI, so that every build of SQLite reads a URI in ATTACH too
    try:
        with suppress(OSError):
            file.chmod(0o600)
        if not file.stat().st_size:
            connection.execute("PRAGMA auto_vacuum = INCREMENTAL")  # before anything is written
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        found = connection.execute("PRAGMA user_version").fetchone()[0]
        if found > version:
            raise FutureFormat(f"it has format {found}, and this version reads up to {version}")
        if found not in (0, version):
            raise sqlite3.DatabaseError(f"it has format {found}, not the current format {version}")
        if found == 0:
            connection.executescript(f"BEGIN IMMEDIATE; {schema} COMMIT")
    except BaseException:
        connection.close()
        raise
    return connection


def copied(file: Path, to: Path) -> None:
    """Copy a SQLite file with what is still in its WAL, also while a process writes it.

    Raises:
        sqlite3.Error: it cannot be read, or the copy cannot be written.
    """
    with (
        closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as source,
        closing(sqlite3.connect(to)) as target,
    ):
        source.backup(target)


def set_aside(file: Path, error: Exception) -> bool:
    """Move a file aside if ``error`` means that it is damaged.

    Its ``-wal`` and ``-shm`` files move with it, since SQLite would apply an old ``-wal`` to the new file.

    Args:
        file: a SQLite file.
        error: raised by SQLite, or by an index in the file.

    Returns:
        whether the file was moved.
    """
    if isinstance(error, sqlite3.OperationalError | sqlite3.ProgrammingError):
        return False  # locked, full, read-only, or without an index that another process removed: not damaged
    aside = f"{file.name}.broken-{time.time_ns()}"  # never the name of another: it would be overwritten
    try:
        file.replace(file.with_name(aside))
        for part in ("-wal", "-shm"):
            with suppress(FileNotFoundError):
                file.with_name(file.name + part).replace(file.with_name(aside + part))
    except OSError:
        return False
    return True


def used_bytes(connection: sqlite3.Connection) -> int:
    """Bytes of the file that are in use, without free pages."""
    pages, free, size = (
        connection.execute(f"PRAGMA {each}").fetchone()[0]
        for each in ("page_count", "freelist_count", "page_size")
    )
    return int((pages - free) * size)


def least_used(
    connection: sqlite3.Connection, select: str, most: int, size: int
) -> tuple[list[tuple[int]], int]:
    """The numbers of the rows to remove next, about ``size`` bytes of them, and their bytes.

    Args:
        connection: to the file.
        select: the SQL that gives number and bytes of the rows of a table with the columns ``uses`` and ``used``.
        most: rows.
        size: bytes to free.
    """
    lately = time.time() - _LATELY_S
    for condition in ("used < ?", "used >= ?"):
        rows = connection.execute(
            f"{select} WHERE {condition} ORDER BY uses, used LIMIT ?", (lately, most)
        ).fetchall()
        if rows:
            sums = itertools.accumulate(row[1] for row in rows)
            count = next((at for at, so_far in enumerate(sums, start=1) if so_far >= size), len(rows))
            return [(row[0],) for row in rows[:count]], max(1, sum(row[1] for row in rows[:count]))
    return [], 0


def empty_wal(connection: sqlite3.Connection) -> None:
    """Write the WAL into the file and empty it. Another process that does the same is waited for."""
    ends = time.monotonic() + _EMPTYING_S
    while connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] and time.monotonic() < ends:
        time.sleep(_WAIT_S)


def file_bytes(connection: sqlite3.Connection) -> int:
    """Bytes of the file, without its WAL."""
    pages, size = (connection.execute(f"PRAGMA {each}").fetchone()[0] for each in ("page_count", "page_size"))
    return int(pages * size)


def shrink(connection: sqlite3.Connection, max_bytes: int) -> None:
    """Give back free pages until the file has at most ``max_bytes``, as far as there are any.

    A file of an earlier version is rewritten once. Without the time or the space for it, the file stays as it is.
    """
    with suppress(sqlite3.OperationalError):
        if connection.execute("PRAGMA auto_vacuum").fetchone()[0] != _INCREMENTAL:
            if file_bytes(connection) > max_bytes:
                connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
                connection.execute("VACUUM")
            return
        before = -1
        while max_bytes < (size := file_bytes(connection)) != before:
            before = size
            connection.execute(f"PRAGMA incremental_vacuum({_PAGES})").fetchall()


@dataclass(frozen=True, slots=True)
class Held:
    """Items of one kind, model and namespace: how many, bytes on disk, and how often they were used again."""

    space: str
    kind: str
    model: str
    entries: int
    size: int
    uses: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What a file holds.

    Attributes:
        size: bytes.
        rows: the largest first.
    """

    size: int
    rows: tuple[Held, ...]


@contextmanager
def in_verb(
    noun: str, connect: Callable[[Path], sqlite3.Connection], file: Path
) -> Iterator[sqlite3.Connection]:
    """A connection for a verb, outside any run.

    Raises:
        MemoryFailure: the file cannot be used; the message says what to do.
    """
    try:
        with closing(connect(file)) as connection:
            yield connection
    except sqlite3.Error as error:
        raise MemoryFailure(
            f"the {noun} in {file} cannot be used ({error}); try again, or move the file away"
        ) from error


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """A transaction that writes: all of the block, or nothing if it fails."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        with suppress(sqlite3.Error):
            connection.execute("ROLLBACK")
        raise
