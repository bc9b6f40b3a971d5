"""Stores of paid calls: a SQLite file for all runs, and this process's memory for one.

Namespaces are separate: a store reads no row of another namespace.
"""

from __future__ import annotations

import sqlite3
import sys
import zlib
from collections.abc import Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import cast

import msgspec

from harlm.errors import MemoryFailure
from harlm.storage import WriteBehind, least_used, opened
from harlm.types import PaidCall, Usage

_FORMAT = 1
_SHORT = 512  # bytes that are not worth compressing
_IS_PACKED = 2  # flag of the column ``packing``
_ROW = 600  # bytes of a row besides its text
_LEGACY_KEY = 48  # characters of a call's key; no other entry has a key of this length

_SCHEMA = f"""
CREATE TABLE IF NOT EXISTS calls (
    space TEXT NOT NULL, key TEXT NOT NULL, model TEXT NOT NULL, value BLOB NOT NULL, packing INTEGER NOT NULL, usage TEXT NOT NULL,
    created REAL NOT NULL, used REAL NOT NULL, uses INTEGER NOT NULL, PRIMARY KEY (space, key));
PRAGMA user_version = {_FORMAT};
"""
_COLUMNS = "key, model, value, packing, usage, created"
_GET = f"SELECT {_COLUMNS} FROM calls WHERE space = ? AND key = ?"  # noqa: S608 - our own columns

_usage_of = msgspec.json.Decoder(Usage).decode


class CallTable:
    """Calls as rows; see ``harlm.storage.Table``.

    Args:
        space: the namespace.
        max_bytes: of the file with its WAL. The calls that were reused least are removed to make room, the
            least recently used of these first; those of the last minutes go last.
        entries: the memory's file, in which versions before 0.2 kept calls; a new journal begins with these.
    """

    noun = "journal"
    growth = 2

    def __init__(self, space: str, max_bytes: int = 1 << 40, entries: Path | None = None) -> None:
        self._space = space
        self.max_bytes = max_bytes
        self._entries = entries

    def connect(self, file: Path) -> sqlite3.Connection:
        """See ``harlm.storage.Table``."""
        is_new = not file.exists()
        connection = opened(file, _SCHEMA, _FORMAT)
        if is_new and self._entries is not None and self._entries.exists():
            with suppress(sqlite3.Error):  # an unreadable memory file holds no calls
                _copy_from_memory(connection, self._entries)
        return connection

    def key_of(self, item: PaidCall) -> str:
        """See ``harlm.storage.Table``."""
        return item.key

    def size_of(self, item: PaidCall) -> int:
        """See ``harlm.storage.Table``."""
        return sys.getsizeof(item.text) + _ROW

    def insert(self, connection: sqlite3.Connection, items: Sequence[PaidCall]) -> None:
        """See ``harlm.storage.Table``. A call whose key exists counts as one more use, at the time
        that the given call was made; the stored call stays as it is.
        """
        connection.executemany(
            "INSERT INTO calls VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0)"
            " ON CONFLICT (space, key) DO UPDATE SET used = excluded.used, uses = uses + 1",
            [
                (
                    self._space, each.key, each.model, *packed_text(each.text), msgspec.json.encode(each.usage).decode(),
                    each.created, each.created,
                )
                for each in items
            ],
        )  # fmt: skip

    def remove(self, connection: sqlite3.Connection, rows: int, size: int) -> int:
        """See ``harlm.storage.Table``."""
        connection.execute("CREATE INDEX IF NOT EXISTS calls_least ON calls (uses, used)")
        going, freed = least_used(connection, "SELECT rowid, length(value) FROM calls", rows, size)
        connection.executemany("DELETE FROM calls WHERE rowid = ?", going)
        return freed

    def row_bytes(self, connection: sqlite3.Connection) -> int:
        """See ``harlm.storage.Table``."""
        return int(connection.execute("SELECT total(length(value)) FROM calls").fetchone()[0])

    def compact(self, connection: sqlite3.Connection, pages: int) -> bool:
        """See ``harlm.storage.Table``; its indexes need none."""
        return False

    def take_over(self, connection: sqlite3.Connection, damaged: Path) -> None:
        """See ``harlm.storage.Table``. Copies row by row, from both ends until a row cannot be read."""
        with (
            suppress(sqlite3.Error),
            closing(sqlite3.connect(f"{damaged.as_uri()}?mode=ro", uri=True)) as old,
        ):
            for order in ("ASC", "DESC"):
                with suppress(sqlite3.Error):
                    for row in old.execute(f"SELECT * FROM calls ORDER BY rowid {order}"):  # noqa: S608 - two words
                        connection.execute(
                            "INSERT OR IGNORE INTO calls VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", row
                        )


class CallJournal:
    """Calls in a file; see ``harlm.protocols.CallStore``.

    Args:
        file: where calls are kept; it is created with the first call.
        space: the namespace; calls of other namespaces are never read.
        max_bytes, entries: as in ``CallTable``.
    """

    def __init__(
        self, file: Path, space: str = "", *, max_bytes: int = 1 << 40, entries: Path | None = None
    ) -> None:
        self._space = space
        self._table = CallTable(space, max_bytes, entries)
        self._file: WriteBehind[PaidCall] = WriteBehind(file, self._table)
        if entries is not None and entries.exists() and not file.exists():
            with suppress(sqlite3.Error, OSError):  # the first write will create the file
                self._table.connect(file).close()

    @property
    def is_behind(self) -> bool:
        """See ``harlm.storage.Behind``."""
        return self._file.is_behind

    @property
    def failure(self) -> str | None:
        """Why calls are not on disk; ``None`` as long as they are."""
        return self._file.failure

    def put(self, call: PaidCall) -> None:
        """See ``harlm.protocols.CallStore``."""
        self._file.put(call)

    def get(self, key: str) -> PaidCall | None:
        """See ``harlm.protocols.CallStore``.

        Raises:
            MemoryFailure: the file cannot be read.
        """
        with self._file.lock:
            waiting = self._file.waiting(key)
            try:
                rows = self._file.read(
                    _GET, (self._space, key)
                )  # first: a call on disk stays the one under its key
            except MemoryFailure:
                if waiting is None:
                    raise
                return waiting
        return call_of(rows[0]) if rows else waiting

    def flush(self) -> None:
        """See ``harlm.protocols.CallStore``."""
        self._file.flush()
        self._file.tell_left_out()

    def close(self) -> None:
        """See ``harlm.protocols.CallStore``."""
        self._file.close()


class InMemoryCalls:
    """Calls in this process's memory; see ``harlm.protocols.CallStore``."""

    def __init__(self) -> None:
        self._calls: dict[str, PaidCall] = {}
        self._is_closed = False

    @property
    def is_behind(self) -> bool:
        """See ``harlm.storage.Behind``."""
        return False

    def put(self, call: PaidCall) -> None:
        """See ``harlm.protocols.CallStore``."""
        if self._is_closed:
            raise MemoryFailure("this journal is closed; open another for new calls")
        self._calls.setdefault(call.key, call)

    def get(self, key: str) -> PaidCall | None:
        """See ``harlm.protocols.CallStore``."""
        return self._calls.get(key)

    def flush(self) -> None:
        """See ``harlm.protocols.CallStore``."""

    def close(self) -> None:
        """See ``harlm.protocols.CallStore``."""
        self._is_closed = True
        self._calls.clear()


def remove_unused(connection: sqlite3.Connection, used_before: float) -> int:
    """Remove the calls last used before a moment, in seconds since the epoch; returns how many there were."""
    return connection.execute("DELETE FROM calls WHERE used < ?", (used_before,)).rowcount


def _copy_from_memory(connection: sqlite3.Connection, entries: Path) -> None:
    """Copy the calls that versions before 0.2 kept among the replies in the memory's file."""
    connection.execute("ATTACH DATABASE ? AS memory", (f"{entries.absolute().as_uri()}?mode=ro",))
    try:
        connection.execute(
            "INSERT OR IGNORE INTO calls SELECT space, key, model, value, packing, usage, created, used, uses FROM memory.entries"
            " WHERE kind = 'reply' AND length(key) = ?",
            (_LEGACY_KEY,),
        )
    finally:
        connection.execute("DETACH DATABASE memory")


def packed_text(text: str) -> tuple[bytes, int]:
    """The columns ``value`` and ``packing`` of a text."""
    data = text.encode("utf-8", "surrogatepass")
    if len(data) > _SHORT and len(packed := zlib.compress(data, 1)) < len(data):
        return packed, _IS_PACKED
    return data, 0


def call_of(row: Sequence[object]) -> PaidCall:
    """The call of a row: key, model, value, packing, usage, created.

    Raises:
        ValueError, zlib.error: the row is damaged.
    """
    key, model, value, packing, usage, created = row
    data = cast(bytes, value)
    if cast(int, packing) & _IS_PACKED:
        data = zlib.decompress(data)
    return PaidCall(
        key=str(key),
        model=str(model),
        text=data.decode("utf-8", "surrogatepass"),
        usage=_usage_of(cast(str, usage)),
        created=cast(float, created),
    )
