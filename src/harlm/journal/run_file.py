"""The journal of one run in a SQLite file. SQLite hands a write to the operating system at once, where it survives the process; a
thread has the disk keep it within milliseconds, so that it survives a power failure too.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from harlm.journal.rows import (
    Change,
    Chosen,
    KeptCall,
    KeptRequest,
    KeptRows,
    ReplyCame,
    RequestSent,
    RequestSettled,
    ToolBegan,
    ToolEnded,
)
from harlm.journal.syncing import Syncing
from harlm.storage import opened, transaction

FORMAT = 1
"""The version of the file, raised when an older HARLM could not read it."""

_SCHEMA = f"""
CREATE TABLE requests (
    number INTEGER PRIMARY KEY, state TEXT NOT NULL, model TEXT NOT NULL DEFAULT '', tokens INTEGER NOT NULL, micros INTEGER NOT NULL,
    calls INTEGER NOT NULL, usage TEXT, sent REAL NOT NULL);
CREATE TABLE replies (
    number INTEGER PRIMARY KEY, key TEXT NOT NULL, ordinal INTEGER NOT NULL, node TEXT NOT NULL, role TEXT NOT NULL,
    is_paid INTEGER NOT NULL, reply BLOB, error TEXT);
CREATE TABLE tools (
    number INTEGER PRIMARY KEY, key TEXT NOT NULL, ordinal INTEGER NOT NULL, tool TEXT NOT NULL, arguments TEXT NOT NULL,
    is_pure INTEGER NOT NULL, value BLOB, error TEXT);
CREATE TABLE choices (node TEXT NOT NULL, what TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (node, what));
PRAGMA user_version = {FORMAT};
"""


class RunFile:
    """Keeps the journal of one run in a file; see ``harlm.journal.rows.RunRows``. For the thread of its event loop.

    Args:
        file: the file, which is made if it does not exist.
        on_failure: called with the error if the disk does not keep what was written.

    Raises:
        sqlite3.Error, OSError: the file cannot be opened.
        FutureFormat: a newer HARLM has written it.
    """

    def __init__(self, file: Path, on_failure: Callable[[Exception], None]) -> None:
        self._connection: sqlite3.Connection | None = connected(file)
        self._execute = self._connection.execute
        try:
            self._execute("PRAGMA wal_autocheckpoint = 0")  # it would make the event loop wait
        except BaseException:
            self._connection.close()
            raise
        self._syncing = Syncing(file.with_name(f"{file.name}-wal"), on_failure)

    def write(self, change: Change) -> None:
        """See ``harlm.journal.rows.RunRows``."""
        match change:
            case RequestSent():
                self._execute(
                    "INSERT INTO requests (number, state, tokens, micros, calls, sent) VALUES (?, 'sent', ?, ?, ?, ?)",
                    (change.number, change.tokens, change.micros, change.calls, change.at),
                )
            case RequestSettled():
                self._execute(
                    "UPDATE requests SET state = ?, model = ?, tokens = ?, micros = ?, calls = ?, usage = ? WHERE number = ?",
                    (
                        change.state,
                        change.model,
                        change.tokens,
                        change.micros,
                        change.calls,
                        change.usage,
                        change.number,
                    ),
                )
            case ReplyCame():
                self._execute(
                    "INSERT INTO replies (key, ordinal, node, role, is_paid, reply, error) VALUES (?, ?, ?, ?, ?, ?, ?)",
                    (
                        change.key,
                        change.ordinal,
                        change.node,
                        change.role,
                        change.is_paid,
                        change.reply,
                        change.error,
                    ),
                )
            case ToolBegan():
                self._execute(
                    "INSERT INTO tools (number, key, ordinal, tool, arguments, is_pure) VALUES (?, ?, ?, ?, ?, ?)",
                    (
                        change.number,
                        change.key,
                        change.ordinal,
                        change.tool,
                        change.arguments,
                        change.is_pure,
                    ),
                )
            case ToolEnded():
                self._execute(
                    "UPDATE tools SET value = ?, error = ? WHERE number = ?",
                    (change.value, change.error, change.number),
                )
            case Chosen():
                self._execute(
                    "INSERT OR REPLACE INTO choices VALUES (?, ?, ?)",
                    (change.node, change.what, change.value),
                )
        self._syncing.wrote()

    def replace(self, changes: Sequence[Change]) -> None:
        """See ``harlm.journal.rows.RunRows``."""
        assert self._connection is not None
        with transaction(self._connection):
            for table in ("requests", "replies", "tools", "choices"):
                self._execute(f"DELETE FROM {table}")  # noqa: S608 - our own names
            for each in changes:
                self.write(each)

    def kept(self) -> KeptRows:
        """See ``harlm.journal.rows.RunRows``."""
        rows = KeptRows()
        for row in self._execute(
            "SELECT number, state, model, tokens, micros, calls, usage FROM requests ORDER BY number"
        ):
            rows.requests[row[0]] = KeptRequest(*row)
        for number, key, ordinal, node, role, is_paid, reply, error in self._execute(
            "SELECT number, key, ordinal, node, role, is_paid, reply, error FROM replies ORDER BY number"
        ):
            rows.replies.append((number, ReplyCame(key, ordinal, node, role, bool(is_paid), reply, error)))
        for row in self._execute(
            "SELECT number, key, ordinal, tool, arguments, is_pure, value, error FROM tools ORDER BY number"
        ):
            rows.calls[row[0]] = KeptCall(*row)
        for node, what, value in self._execute("SELECT node, what, value FROM choices"):
            rows.choices[node, what] = value
        return rows

    async def durable(self) -> None:
        """See ``harlm.journal.rows.RunRows``."""
        await self._syncing.done()

    def close(self) -> None:
        """See ``harlm.journal.rows.RunRows``."""
        connection, self._connection = self._connection, None
        if connection is not None:
            self._syncing.close()
            with suppress(sqlite3.Error):
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            connection.close()


def connected(file: Path) -> sqlite3.Connection:
    """A connection to the file of a journal, which is made if it does not exist.

    Raises:
        sqlite3.Error, OSError: it cannot be opened.
        FutureFormat: a newer HARLM has written it.
    """
    return opened(file, _SCHEMA, FORMAT)
