"""A SQLite file that keeps to a size with its WAL, however many processes write it.

Finds room for a transaction, and makes it. Does not depend on what the rows are.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Protocol

from harlm.storage.files import empty_wal, file_bytes, shrink, used_bytes

_AT_ONCE = 256  # rows of one transaction
SHARE = 64
"""1 of 64 bytes of the maximum is the most of one row, of one transaction, and of a WAL that is left."""

_SPARE = 7  # 1 of 7 bytes of the maximum stays free, for indexes that are being compacted
_LEAST_SPARE = 2 << 20  # bytes that stay free in a small file
_PAGES_OF_A_ROW = 4  # that a transaction changes, about
_FREED = 8  # 1 of 8 bytes of the maximum is freed at once, since indexes are compacted each time
_TRIES = 20  # to find room that no other process takes first
_TRUNCATIONS = 8  # attempts to make the files shorter, which a reader in another process can prevent
_STUCK_S = 60  # without further attempts after all of them failed
_LEAST_PAGES = 16  # of one step of compacting
_COMPACTIONS = 4 * SHARE  # steps, in which all indexes are rewritten at least once
_STEP = 4 << 20  # bytes that are freed in one transaction
_PAGE = 4096  # bytes


class Removable(Protocol):
    """Tables of a file from which rows can be removed."""

    @property
    def max_bytes(self) -> int:
        """The most bytes of the file, together with its WAL."""
        ...

    def remove(self, connection: sqlite3.Connection, rows: int, size: int) -> int:
        """Remove the rows that are worth least; called inside a transaction.

        Args:
            connection: to the file.
            rows: the most that are removed at once.
            size: bytes to free, about.

        Returns:
            bytes of the removed rows without their indexes; 0 if there are no rows.
        """
        ...

    def row_bytes(self, connection: sqlite3.Connection) -> int:
        """Bytes of all rows without their indexes, as ``remove`` counts them."""
        ...

    def compact(self, connection: sqlite3.Connection, pages: int) -> bool:
        """Free a part of what removed rows still take in indexes; called inside a transaction.

        Args:
            connection: to the file.
            pages: that may be rewritten, about.

        Returns:
            whether there is more to free.
        """
        ...


class BoundedFile:
    """Begins transactions that leave a file within its maximum. For the thread that writes it.

    Args:
        file: the file.
        table: its tables.
        connect: opens a connection to it.

    Attributes:
        rows: the most that one transaction should insert.
    """

    def __init__(self, file: Path, table: Removable, connect: Callable[[Path], sqlite3.Connection]) -> None:
        self._file = file
        self._table = table
        self._connect = connect
        pages = table.max_bytes // SHARE // _PAGE
        self.rows = max(1, min(_AT_ONCE, pages // _PAGES_OF_A_ROW))
        self._checkpoint = max(8, min(1_000, pages))
        self._stuck_until = 0.0

    def prepare(self, connection: sqlite3.Connection) -> None:
        """Set how long the WAL grows before SQLite writes it into the file."""
        connection.execute(f"PRAGMA wal_autocheckpoint = {self._checkpoint}")

    def begin(self, connection: sqlite3.Connection, size: int) -> None:
        """Begin a transaction that finds room for ``size`` bytes.

        It is looked for inside of the transaction, where no other process can take it.
        """
        most = self._table.max_bytes
        full = most - min(most * 7 // 10, max(most // _SPARE, _LEAST_SPARE))
        for _ in range(_TRIES):
            self._begin_short(connection, full)
            if used_bytes(connection) + size <= full:
                return
            connection.execute("COMMIT")
            self._make_room(connection, full, max(0, full - size - most // _FREED))
        self._begin_short(connection, full)

    def _begin_short(self, connection: sqlite3.Connection, full: int) -> None:
        """Begin a transaction while the WAL is short and the file is within its maximum."""
        most = self._table.max_bytes
        if time.monotonic() < self._stuck_until:
            connection.execute("BEGIN IMMEDIATE")
            return
        for _ in range(_TRUNCATIONS):
            connection.execute("BEGIN IMMEDIATE")
            is_long = file_bytes(connection) > most and used_bytes(connection) <= full
            if self._wal_bytes() <= most // SHARE and not is_long:
                return
            connection.execute("COMMIT")
            shrink(connection, full)
            empty_wal(connection)
        self._stuck_until = time.monotonic() + _STUCK_S
        connection.execute("BEGIN IMMEDIATE")

    def _make_room(self, connection: sqlite3.Connection, full: int, size: int) -> None:
        """Remove rows until at most ``size`` bytes of the file are in use.

        Rows are counted with their share of the indexes, which is freed only when these are compacted.
        """
        is_over = file_bytes(connection) > self._table.max_bytes  # then in large steps: it cannot get worse
        rows, gone = _AT_ONCE if is_over else self.rows, 1
        while gone and (excess := used_bytes(connection) - size) > 0:
            wanted = excess * min(1.0, self._table.row_bytes(connection) / used_bytes(connection))
            while gone and wanted > 0:
                if is_over:
                    connection.execute("BEGIN IMMEDIATE")
                else:
                    self._begin_short(connection, full)
                gone = self._remove(connection, rows, int(min(wanted, _STEP)) + 1)
                wanted -= gone
            self._compact(full)

    def _compact(self, full: int) -> None:
        """Compact the indexes in steps, on a connection of its own: FTS5 takes what another process wrote
        between its steps for damage.
        """
        pages = max(_LEAST_PAGES, self._table.max_bytes // SHARE // _PAGE)
        with closing(self._connect(self._file)) as connection:
            for _ in range(_COMPACTIONS):
                self._begin_short(connection, full)
                has_more = self._table.compact(connection, pages)
                connection.execute("COMMIT")
                if not has_more:
                    return

    def _remove(self, connection: sqlite3.Connection, rows: int, size: int) -> int:
        try:
            gone = self._table.remove(connection, rows, size)
            connection.execute("COMMIT")
        except BaseException:
            with suppress(sqlite3.Error):
                connection.execute("ROLLBACK")
            raise
        return gone

    def _wal_bytes(self) -> int:
        try:
            return self._file.with_name(f"{self._file.name}-wal").stat().st_size
        except OSError:
            return 0
