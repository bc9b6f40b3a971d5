"""A SQLite file with its own writing thread: many items a transaction, each readable as soon as it is put.

Does not depend on what an item is: a ``Table`` turns items into rows.

The file uses WAL with synchronous=NORMAL: a killed process loses nothing that ``flush`` has acknowledged; a
power failure may lose the last moments. A damaged file is moved aside, and its readable rows are copied into
a new one. While the file cannot be written (locked, full, read-only), items stay in the memory of this
process, as far as a bound of memory allows.

The file keeps to a size while it is written, by any number of processes: room is made before each transaction,
and both are seen by one process at a time.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from harlm.errors import MemoryFailure
from harlm.storage.bounded import SHARE, BoundedFile, Removable
from harlm.storage.files import set_aside
from harlm.storage.pending import Item, Record, Sized, WaitingItems
from harlm.threads import StopFlag

_JUST_NOW_S = 60  # a file that was moved aside longer ago than this is not taken over


class Table(Removable, Sized[Record], Protocol[Record]):
    """Turns items into rows of one file, which do not exceed the size of their items by more than ``growth``."""

    def connect(self, file: Path) -> sqlite3.Connection:
        """A connection to a file with these tables; missing ones are created."""
        ...

    @property
    def growth(self) -> int:
        """How many times larger the row of an item can be than the item, with its indexes."""
        ...

    def insert(self, connection: sqlite3.Connection, items: Sequence[Record]) -> None:
        """Write items; called inside a transaction."""
        ...

    def take_over(self, connection: sqlite3.Connection, damaged: Path) -> None:
        """Copy the rows of a damaged file that can still be read."""
        ...


class WriteBehind(WaitingItems[Item]):
    """One file, its reading connection and its writing thread. Safe to use from several threads.

    Args:
        file: where items are stored.
        table: turns items into rows.

    Attributes:
        dropped: how often the reading connection was dropped; row numbers from before may mean other rows now.
    """

    def __init__(self, file: Path, table: Table[Item]) -> None:
        self._file = file
        super().__init__(table, "on disk", "Free some space, or use --no-cache")
        self._table = table
        self._reading = threading.Lock()  # guards the reading connection
        self._reader: sqlite3.Connection | None = None
        self._read_from: os.stat_result | None = None
        self._connection: sqlite3.Connection | None = None  # of the writing thread
        self._opened: os.stat_result | None = None
        self._bounded = BoundedFile(file, table, table.connect)
        self.dropped = 0

    def read(
        self, query: str, values: tuple[object, ...], *, stop: StopFlag | None = None
    ) -> list[tuple[object, ...]]:
        """The rows that a query finds in the file; none once this store is closed.

        A damaged file is moved aside.

        Args:
            query: SQL.
            values: its parameters.
            stop: ends the query early.

        Raises:
            MemoryFailure: the file cannot be read.
            Stopped: the query is to end.
        """
        stop = stop or StopFlag()
        with stop.holding(self._reading):
            if self._is_closed:
                return []
            for _ in range(2):
                try:
                    if self._reader is None:
                        if not self._file.exists():
                            return []
                        self._reader, self._read_from = self._table.connect(self._file), self._file.stat()
                    with stop.over(self._reader):
                        return self._reader.execute(query, values).fetchall()
                except sqlite3.Error as error:
                    self._forget_reader()
                    failed = error
                    if isinstance(error, sqlite3.OperationalError):
                        break
                    if self._read_from is None or self._is_same(self._read_from):
                        set_aside(self._file, error)  # the writer copies its readable rows
        raise MemoryFailure(
            f"the {self._table.noun} in {self._file} cannot be read ({failed}); "
            "try again, move the file away, or use --no-cache"
        ) from failed

    def close(self) -> None:
        """Write the remaining items and close the file. Safe to call twice."""
        if self.end_writing():
            with self._reading:
                self._forget_reader()

    def _forget_reader(self) -> None:
        reader, self._reader = self._reader, None
        self.dropped += 1
        if reader is not None:
            reader.close()

    # -- the writing thread --------------------------------------------------------------------------------

    def _write_some(self, items: list[Item]) -> Exception | None:
        try:
            if self._connection is not None and not (self._opened and self._is_same(self._opened)):
                self._end()  # another process has moved the file aside
            if self._connection is None:
                self._connection = self._connected()
                self._opened = self._file.stat()
            self._insert_all(self._connection, items)
        except (sqlite3.Error, OSError) as error:
            self._end()
            self._connection, failed = self._recovered(error, items)
            self._opened = self._file.stat() if self._connection is not None else None
            return failed
        except Exception as error:  # noqa: BLE001 - an item that SQLite cannot store; write the others
            if self._connection is not None:
                self._insert_each(self._connection, items)
                items.clear()
            return error
        return None

    def _end(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = None

    def _insert_all(self, connection: sqlite3.Connection, items: list[Item]) -> None:
        """Write items in transactions of a bounded size, and remove the written ones from the list."""
        while items:
            size = count = 0
            for item in items[: self._bounded.rows]:
                size += self._table.size_of(item)
                if count and size > self._table.max_bytes // SHARE:
                    break
                count += 1
            self._insert(connection, items[:count])
            del items[:count]

    def _insert(self, connection: sqlite3.Connection, items: Sequence[Item]) -> None:
        self._bounded.begin(connection, self._table.growth * sum(map(self._table.size_of, items)))
        try:
            self._table.insert(connection, items)
            connection.execute("COMMIT")
        except BaseException:
            with suppress(sqlite3.Error):
                connection.execute("ROLLBACK")
            raise
        self._written(items)

    def _insert_each(self, connection: sqlite3.Connection, items: Sequence[Item]) -> None:
        """Write the items that can be written; the others are served from memory."""
        for item in items:
            with suppress(Exception):
                self._insert(connection, [item])

    def _is_same(self, file: os.stat_result) -> bool:
        with suppress(OSError):
            return os.path.samestat(file, self._file.stat())
        return False

    def _connected(self) -> sqlite3.Connection:
        """A connection to the file.

        A new file gets the readable rows of those that were just moved aside as damaged.
        """
        is_new = not self._file.exists()
        connection = self._table.connect(self._file)
        self._bounded.prepare(connection)
        aside = sorted(self._file.parent.glob(f"{self._file.name}.broken-*[0-9]")) if is_new else []
        for damaged in aside:
            if time.time() - damaged.stat().st_ctime < _JUST_NOW_S:
                self._table.take_over(connection, damaged)
        return connection

    def _recovered(
        self, error: Exception, items: list[Item]
    ) -> tuple[sqlite3.Connection | None, Exception | None]:
        """Handle a failed write: replace the file if it is damaged, and write the items into the new one.

        Returns:
            a connection to continue with, and the error that remains.
        """
        if not (isinstance(error, sqlite3.Error) and set_aside(self._file, error)):
            return None, error
        with self._reading:
            self._forget_reader()
        try:
            fresh = self._connected()
            self._insert_all(fresh, items)
        except (sqlite3.Error, OSError) as again:
            return None, again
        return fresh, None
