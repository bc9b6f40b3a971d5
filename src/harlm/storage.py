"""A SQLite file with its own writing thread: many items a transaction, each readable as soon as it is put.

Does not depend on what an item is: a ``Table`` turns items into rows.

The file uses WAL with synchronous=NORMAL: a killed process loses nothing that ``flush`` has acknowledged; a
power failure may lose the last moments. A damaged file is moved aside, and its readable rows are copied into
a new one. While the file cannot be written (locked, full, read-only), items stay in the memory of this
process.
"""

from __future__ import annotations

import os
import queue
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from harlm.errors import MemoryFailure
from harlm.threads import StopFlag

_AT_ONCE = 256  # items of one transaction
_WAIT_S = 0.005  # for more items of a transaction
_JUST_NOW_S = 60  # a file that was moved aside longer ago than this is not taken over
_PATIENCE_S = 10  # to wait for another process that writes

Item = TypeVar("Item")
Record = TypeVar("Record", contravariant=True)


class Table(Protocol[Record]):
    """Turns items into rows of one file."""

    @property
    def noun(self) -> str:
        """The name of the file in messages, such as ``memory``."""
        ...

    def connect(self, file: Path) -> sqlite3.Connection:
        """A connection to a file with these tables; missing ones are created."""
        ...

    def key_of(self, item: Record) -> str:
        """The key of an item."""
        ...

    def insert(self, connection: sqlite3.Connection, items: Sequence[Record]) -> None:
        """Write items; called inside a transaction."""
        ...

    def prune(self, connection: sqlite3.Connection) -> None:
        """Bring the file below its maximum size; called when it is opened for writing."""
        ...

    def take_over(self, connection: sqlite3.Connection, damaged: Path) -> None:
        """Copy the rows of a damaged file that can still be read."""
        ...


def opened(file: Path, schema: str, version: int) -> sqlite3.Connection:
    """A connection to a file of the current format, with access for its owner only (mode 0600).

    Args:
        file: created if it does not exist.
        schema: the SQL that creates the tables of a new file and then sets ``user_version``.
        version: the number of the current format.

    Raises:
        sqlite3.Error: the file cannot be opened, or has another format.
    """
    connection = sqlite3.connect(
        file.absolute().as_uri(), uri=True, timeout=_PATIENCE_S, isolation_level=None, check_same_thread=False
    )  # as a URI, so that every build of SQLite reads a URI in ATTACH too
    try:
        with suppress(OSError):
            file.chmod(0o600)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        found = connection.execute("PRAGMA user_version").fetchone()[0]
        if found not in (0, version):
            raise sqlite3.DatabaseError(f"it has format {found}, not the current format {version}")
        if found == 0:
            connection.executescript(f"BEGIN IMMEDIATE; {schema} COMMIT")
    except BaseException:
        connection.close()
        raise
    return connection


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


class WriteBehind(Generic[Item]):
    """One file, its reading connection and its writing thread. Safe to use from several threads.

    Args:
        file: where items are stored.
        table: turns items into rows.

    Attributes:
        failure: why items are not on disk; ``None`` as long as they are.
        lock: guards the unwritten items.
        dropped: how often the reading connection was dropped; row numbers from before may mean other rows now.
    """

    def __init__(self, file: Path, table: Table[Item]) -> None:
        self._file = file
        self._table = table
        self.lock = threading.RLock()
        self._reading = threading.Lock()  # guards the reading connection
        self._waiting: dict[str, Item] = {}
        self._orders: queue.SimpleQueue[Item | Future[None] | None] = queue.SimpleQueue()
        self._writer: threading.Thread | None = None
        self._reader: sqlite3.Connection | None = None
        self._read_from: os.stat_result | None = None
        self._is_closed = False
        self.dropped = 0
        self.failure: str | None = None

    # -- for callers ---------------------------------------------------------------------------------------

    def put(self, item: Item) -> None:
        """Store an item, unless its key is stored already.

        Raises:
            MemoryFailure: this store is closed.
        """
        with self.lock:
            if self._is_closed:
                raise MemoryFailure(f"this {self._table.noun} is closed")
            self._waiting.setdefault(self._table.key_of(item), item)
            if self._writer is None:
                self._writer = threading.Thread(
                    target=self._write, name=f"harlm-{self._table.noun}", daemon=True
                )
                self._writer.start()
            self._orders.put(item)

    def waiting(self, key: str) -> Item | None:
        """The item under a key, if it has not been written yet; else ``None``."""
        return self._waiting.get(key)

    def all_waiting(self) -> list[Item]:
        """The items that have not been written yet."""
        with self.lock:
            return list(self._waiting.values())

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

    def flush(self, stop: StopFlag | None = None) -> None:
        """Return once every item that was put is on disk.

        Args:
            stop: ends the waiting.

        Raises:
            MemoryFailure: items cannot be written; they stay readable as long as this store is open.
            Stopped: the waiting is to end.
        """
        with self.lock:  # a writer that was ordered to end would never answer
            if self._writer is None or self._is_closed:
                return
            done: Future[None] = Future()
            self._orders.put(done)
        (stop or StopFlag()).wait_for(done)

    def close(self) -> None:
        """Write the remaining items and close the file. Safe to call twice."""
        with self.lock:
            if self._is_closed:
                return
            self._is_closed = True
        if self._writer is not None:
            self._orders.put(None)
            self._writer.join()
        with self._reading:
            self._forget_reader()

    def _forget_reader(self) -> None:
        reader, self._reader = self._reader, None
        self.dropped += 1
        if reader is not None:
            reader.close()

    # -- the writing thread --------------------------------------------------------------------------------

    def _write(self) -> None:
        connection: sqlite3.Connection | None = None
        file: os.stat_result | None = None
        unwritten: list[Item] = []
        is_last = False
        while not is_last:
            items, waiting, is_last = self._batch()
            items = [*unwritten, *items]
            try:
                if connection is not None and not (file and self._is_same(file)):
                    connection.close()  # another process has moved the file aside
                    connection = None
                if connection is None:
                    connection = self._connected()
                    file = self._file.stat()
                    self._table.prune(connection)
                self._insert(connection, items)
                failed: Exception | None = None
            except (sqlite3.Error, OSError) as error:
                if connection is not None:
                    connection.close()
                connection, failed = self._recovered(error, items)
                file = self._file.stat() if connection is not None else None
            except Exception as error:  # noqa: BLE001 - an item that SQLite cannot store; write the others
                failed = error
                if connection is not None:
                    self._insert_each(connection, items)
                    items = []
            unwritten = [] if failed is None else items  # tried again with the next order
            self._answer(waiting, failed)
        if connection is not None:
            connection.close()

    def _answer(self, waiting: Sequence[Future[None]], failed: Exception | None) -> None:
        noun = self._table.noun
        self.failure = None if failed is None else f"the {noun} of this run is not kept on disk ({failed})"
        for caller in waiting:
            if failed is None:
                caller.set_result(None)
            else:
                advice = "it stays in this process until the run ends. Free some space, or use --no-cache"
                caller.set_exception(MemoryFailure(f"{self.failure}; {advice}"))

    def _batch(self) -> tuple[list[Item], list[Future[None]], bool]:
        """The items to write, the callers that wait in ``flush``, and whether this is the last batch."""
        items: list[Item] = []
        waiting: list[Future[None]] = []
        order = self._orders.get()
        ends = time.monotonic() + _WAIT_S
        while True:
            if order is None:
                return items, waiting, True
            if isinstance(order, Future):
                waiting.append(order)
                if self._orders.empty():
                    return items, waiting, False
            else:
                items.append(order)
            left = ends - time.monotonic()
            if len(items) >= _AT_ONCE or left <= 0:
                return items, waiting, False
            try:
                order = self._orders.get(timeout=left)
            except queue.Empty:
                return items, waiting, False

    def _insert(self, connection: sqlite3.Connection, items: Sequence[Item]) -> None:
        connection.execute("BEGIN IMMEDIATE")
        try:
            self._table.insert(connection, items)
            connection.execute("COMMIT")
        except BaseException:
            with suppress(sqlite3.Error):
                connection.execute("ROLLBACK")
            raise
        with self.lock:
            for item in items:
                self._waiting.pop(self._table.key_of(item), None)

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
        aside = sorted(self._file.parent.glob(f"{self._file.name}.broken-*[0-9]")) if is_new else []
        for damaged in aside:
            if time.time() - damaged.stat().st_ctime < _JUST_NOW_S:
                self._table.take_over(connection, damaged)
        return connection

    def _recovered(
        self, error: Exception, items: Sequence[Item]
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
            self._insert(fresh, items)
        except (sqlite3.Error, OSError) as again:
            return None, again
        return fresh, None
