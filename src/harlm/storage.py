"""A SQLite file that one thread writes behind its callers: many items in one transaction, readable from the moment they are put.
Does not know what an item is.

WAL with synchronous=NORMAL: a killed process loses nothing that was acknowledged, a power failure perhaps the last moments. A
damaged file is moved aside, and what can be read of it is taken over. While nothing can be written (locked, full, read-only)
items stay in this process's memory until they can be.
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

_AT_ONCE = 256  # items of one transaction
_WAIT_S = 0.005  # for more of them
_JUST_NOW_S = 60  # since a file was moved aside, in which it is taken over
_PATIENCE_S = 10  # for another process that writes

Item = TypeVar("Item")
Record = TypeVar("Record", contravariant=True)


class Table(Protocol[Record]):
    """How items become rows of one file."""

    @property
    def noun(self) -> str:
        """What messages call the file, such as ``memory``."""
        ...

    def connect(self, file: Path) -> sqlite3.Connection:
        """A connection to a file with these tables, which are made if they are missing."""
        ...

    def key_of(self, item: Record) -> str:
        """What an item is found by."""
        ...

    def insert(self, connection: sqlite3.Connection, items: Sequence[Record]) -> None:
        """Write items, inside a transaction."""
        ...

    def prune(self, connection: sqlite3.Connection) -> None:
        """Bring the file below its greatest size; called when it is opened for writing."""
        ...

    def take_over(self, connection: sqlite3.Connection, damaged: Path) -> None:
        """Copy what can be read of a damaged file."""
        ...


def opened(file: Path, schema: str, version: int) -> sqlite3.Connection:
    """A connection to a file of the current format, which is the user's alone (0600).

    Args:
        schema: makes the tables of a new file; ends by setting ``user_version``.
        version: the format's number.

    Raises:
        sqlite3.Error: the file cannot be opened, or has another format.
    """
    connection = sqlite3.connect(file, timeout=_PATIENCE_S, isolation_level=None, check_same_thread=False)
    try:
        with suppress(OSError):
            file.chmod(0o600)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        found = connection.execute("PRAGMA user_version").fetchone()[0]
        if found not in (0, version):
            raise sqlite3.DatabaseError(f"it has format {found}, and this is format {version}")
        if found == 0:
            connection.executescript(f"BEGIN IMMEDIATE; {schema} COMMIT")
    except BaseException:
        connection.close()
        raise
    return connection


def set_aside(file: Path, error: Exception) -> bool:
    """Move a file aside if this error of SQLite, or of an index in it, says that it is damaged; whether that was done.

    What belongs to it goes with it: SQLite would write an old ``-wal`` into the new file.
    """
    if isinstance(error, sqlite3.OperationalError | sqlite3.ProgrammingError):
        return False  # locked, full, read-only, or an index that another process has thrown out: the file is good
    aside = f"{file.name}.broken-{int(time.time())}"
    try:
        file.replace(file.with_name(aside))
        for part in ("-wal", "-shm"):
            with suppress(FileNotFoundError):
                file.with_name(file.name + part).replace(file.with_name(aside + part))
    except OSError:
        return False
    return True


def used_bytes(connection: sqlite3.Connection) -> int:
    """Bytes of the file that hold something."""
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
    """One file, its reading connection and its writing thread. Safe for several threads.

    Args:
        file: where items are kept.
        table: how they become rows.

    Attributes:
        failure: why items are not on disk; ``None`` as long as they are.
        lock: of the reading connection and of what waits to be written; held by callers that must see both at one moment.
        opened: how often the reading connection was begun anew; row numbers are those of another file afterwards.
    """

    def __init__(self, file: Path, table: Table[Item]) -> None:
        self._file = file
        self._table = table
        self.lock = threading.RLock()
        self._waiting: dict[str, Item] = {}
        self._orders: queue.SimpleQueue[Item | Future[None] | None] = queue.SimpleQueue()
        self._writer: threading.Thread | None = None
        self._reader: sqlite3.Connection | None = None
        self._read_from: os.stat_result | None = None
        self._is_closed = False
        self.opened = 0
        self.failure: str | None = None

    # -- for callers ---------------------------------------------------------------------------------------

    def put(self, item: Item) -> None:
        """Keep an item; the first one under a key stays.

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
        """The item under a key, if it is not written yet."""
        return self._waiting.get(key)

    def all_waiting(self) -> list[Item]:
        """The items that are not written yet."""
        with self.lock:
            return list(self._waiting.values())

    def read(self, query: str, values: tuple[object, ...]) -> list[tuple[object, ...]]:
        """Rows of the file; none once this is closed. A damaged file is moved aside.

        Raises:
            MemoryFailure: it cannot be read.
        """
        with self.lock:
            if self._is_closed:
                return []
            for _ in range(2):
                try:
                    if self._reader is None:
                        if not self._file.exists():
                            return []
                        self._reader, self._read_from = self._table.connect(self._file), self._file.stat()
                    return self._reader.execute(query, values).fetchall()
                except sqlite3.Error as error:
                    self._forget_reader()
                    failed = error
                    if isinstance(error, sqlite3.OperationalError):
                        break
                    if self._read_from is None or self._is_same(self._read_from):
                        set_aside(self._file, error)  # the writer takes over what can be read of it
        raise MemoryFailure(
            f"the {self._table.noun} in {self._file} cannot be read ({failed}); move the file away, or use --no-cache"
        ) from failed

    def flush(self) -> None:
        """Return when all that was put is on disk.

        Raises:
            MemoryFailure: it cannot be written; it stays readable as long as this store is open.
        """
        with self.lock:  # a writer that was told to end would never answer
            if self._writer is None or self._is_closed:
                return
            done: Future[None] = Future()
            self._orders.put(done)
        done.result()

    def close(self) -> None:
        """Write what waits, and close the file. Safe to call twice."""
        with self.lock:
            if self._is_closed:
                return
            self._is_closed = True
        if self._writer is not None:
            self._orders.put(None)
            self._writer.join()
        with self.lock:
            self._forget_reader()

    def _forget_reader(self) -> None:
        reader, self._reader = self._reader, None
        self.opened += 1
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
                    connection = self._begun()
                    file = self._file.stat()
                    self._table.prune(connection)
                self._insert(connection, items)
                failed: Exception | None = None
            except (sqlite3.Error, OSError) as error:
                if connection is not None:
                    connection.close()
                connection, failed = self._mended(error, items)
                file = self._file.stat() if connection is not None else None
            except Exception as error:  # noqa: BLE001 - an item that no database holds: the others must not wait for it
                failed = error
                if connection is not None:
                    self._insert_each(connection, items)
                    items = []
            unwritten = [] if failed is None else items  # until the next order
            self._answer(waiting, failed)
        if connection is not None:
            connection.close()

    def _answer(self, waiting: Sequence[Future[None]], failed: Exception | None) -> None:
        noun = self._table.noun
        self.failure = None if failed is None else f"the {noun} of this run is not kept on disk ({failed})"
        for each in waiting:
            if failed is None:
                each.set_result(None)
            else:
                advice = "it stays in this process until the run ends. Free some space, or use --no-cache"
                each.set_exception(MemoryFailure(f"{self.failure}; {advice}"))

    def _batch(self) -> tuple[list[Item], list[Future[None]], bool]:
        """The items to write, the callers that wait for them, and whether nothing more will come."""
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
        """Write what can be written; the rest is served from memory."""
        for each in items:
            with suppress(Exception):
                self._insert(connection, [each])

    def _is_same(self, file: os.stat_result) -> bool:
        with suppress(OSError):
            return os.path.samestat(file, self._file.stat())
        return False

    def _begun(self) -> sqlite3.Connection:
        """A connection to the file; a new one holds what can be read of a damaged one that was just moved aside."""
        is_new = not self._file.exists()
        connection = self._table.connect(self._file)
        aside = sorted(self._file.parent.glob(f"{self._file.name}.broken-*[0-9]")) if is_new else []
        for damaged in aside[-1:]:
            if time.time() - damaged.stat().st_ctime < _JUST_NOW_S:
                self._table.take_over(connection, damaged)
        return connection

    def _mended(
        self, error: Exception, items: Sequence[Item]
    ) -> tuple[sqlite3.Connection | None, Exception | None]:
        """After nothing was written: a damaged file is moved aside, and a new one begun.

        Returns:
            a connection to continue with, and what is still wrong.
        """
        if not (isinstance(error, sqlite3.Error) and set_aside(self._file, error)):
            return None, error
        with self.lock:
            self._forget_reader()
        try:
            fresh = self._begun()
            self._insert(fresh, items)
        except (sqlite3.Error, OSError) as again:
            return None, again
        return fresh, None
