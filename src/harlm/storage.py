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

import asyncio
import itertools
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
_WAIT_S = 0.005  # for more items of a transaction
_JUST_NOW_S = 60  # a file that was moved aside longer ago than this is not taken over
_PATIENCE_S = 10  # to wait for another process that writes
_AGAIN_S = 1.0  # to the next attempt after one that failed, unless a caller waits
_MANY_WAITING = 16 << 20  # bytes of unwritten items from which callers should wait
_MOST_WAITING = 64 << 20  # bytes of unwritten items that are kept; further ones are lost
_LOOK_S = 0.01  # between two looks whether a store has caught up
_SHARE = 64  # 1 of 64 bytes of the file's maximum is the most of one item, of one transaction, and of a WAL that is left
_SPARE, _LEAST_SPARE = (
    7,
    2 << 20,
)  # 1 of 7 bytes, or 2 MB, stay free for a transaction and its WAL; never more than 7 of 10
_PAGES_OF_A_ROW = 4  # that a transaction changes, about
_FREED = 16  # 1 of 16 bytes of the maximum is freed at once, since indexes are compacted each time
_LATELY_S = 900  # rows used since then are removed after all others: a run that is under way may need them
_TRIES = 20  # to find room that no other process takes first
_TRUNCATIONS = 8  # attempts to make the files shorter, which a reader in another process can prevent
_EMPTYING_S = 0.25  # to wait in each of these attempts
_STUCK_S = 60  # without further attempts after all of them failed
_INCREMENTAL = 2  # what SQLite calls this mode of ``auto_vacuum``
_LEAST_PAGES = 16  # of one step of compacting
_COMPACTIONS = 4 * _SHARE  # steps, in which all indexes are rewritten at least once
_STEP = 4 << 20  # bytes that are freed in one transaction
_PAGE = 4096  # bytes
_PAGES = 256  # that one step of a vacuum gives back

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

    @property
    def max_bytes(self) -> int:
        """The most bytes of the file, together with its WAL."""
        ...

    def size_of(self, item: Record) -> int:
        """Bytes of an item in memory, which its row in the file does not exceed by more than ``growth``."""
        ...

    @property
    def growth(self) -> int:
        """How many times larger the row of an item can be than the item, with its indexes."""
        ...

    def insert(self, connection: sqlite3.Connection, items: Sequence[Record]) -> None:
        """Write items; called inside a transaction."""
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
        if not file.stat().st_size:
            connection.execute("PRAGMA auto_vacuum = INCREMENTAL")  # before anything is written
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


async def room(store: Behind) -> None:
    """Return when a store can take more: back-pressure for those who give it more than the disk can take."""
    while store.is_behind:  # noqa: ASYNC110 - a thread that writes catches up, which sets no event of this loop
        await asyncio.sleep(_LOOK_S)


class Behind(Protocol):
    """A store that may not keep up."""

    @property
    def is_behind(self) -> bool:
        """Whether callers should wait before they give it more."""
        ...


class WriteBehind(Generic[Item]):
    """One file, its reading connection and its writing thread. Safe to use from several threads.

    Args:
        file: where items are stored.
        table: turns items into rows.

    Attributes:
        failure: why items are not on disk; ``None`` as long as they are.
        lock: guards the reading connection and the unwritten items; a caller that must see both in the same
            state holds it.
        dropped: how often the reading connection was dropped; row numbers from before may mean other rows now.
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
        pages = table.max_bytes // _SHARE // _PAGE
        self._rows = max(1, min(_AT_ONCE, pages // _PAGES_OF_A_ROW))  # of one transaction
        self._unwritten = 0
        self._stuck_until = 0.0
        self._too_large = self._lost = 0
        self.dropped = 0
        self.failure: str | None = None

    # -- for callers ---------------------------------------------------------------------------------------

    def put(self, item: Item) -> None:
        """Store an item, unless its key is stored already.

        An item is left out, and counted, if it is larger than a share of the file's maximum, or if so many
        items could not be written that this process has no room for more.

        Raises:
            MemoryFailure: this store is closed.
        """
        size = self._table.size_of(item)
        with self.lock:
            if self._is_closed:
                raise MemoryFailure(f"this {self._table.noun} is closed")
            if size > self._table.max_bytes // _SHARE:
                self._too_large += 1
                return
            if self._unwritten > _MOST_WAITING:
                self._lost += 1
                return
            self._unwritten += size
            self._waiting.setdefault(self._table.key_of(item), item)
            if self._writer is None:
                self._writer = threading.Thread(
                    target=self._write, name=f"harlm-{self._table.noun}", daemon=True
                )
                self._writer.start()
            self._orders.put(item)

    @property
    def is_behind(self) -> bool:
        """Whether so much is unwritten that callers should wait; never if the file cannot be written."""
        return self._unwritten > _MANY_WAITING and self.failure is None

    def tell_left_out(self) -> None:
        """Tell of items that were left out since the last time.

        Raises:
            MemoryFailure: there are some; says how many, and why.
        """
        with self.lock:
            large, lost = self._too_large, self._lost
            self._too_large = self._lost = 0
        megabytes = self._table.max_bytes / _SHARE / (1 << 20)
        told = [
            f"{large:,} of more than {megabytes:.3g} MB, which is the most for one if memory.max_mb is {self._table.max_bytes >> 20:,}"
            if large
            else "",
            f"{lost:,} because they could not be written fast enough" if lost else "",
        ]
        if large or lost:
            raise MemoryFailure(
                f"the {self._table.noun} of this run was not kept as a whole: results were left out, {' and '.join(filter(None, told))}"
            )

    def waiting(self, key: str) -> Item | None:
        """The item under a key, if it has not been written yet; else ``None``."""
        return self._waiting.get(key)

    def all_waiting(self) -> list[Item]:
        """The items that have not been written yet."""
        with self.lock:
            return list(self._waiting.values())

    def read(self, query: str, values: tuple[object, ...]) -> list[tuple[object, ...]]:
        """The rows that a query finds in the file; none once this store is closed.

        A damaged file is moved aside.

        Args:
            query: SQL.
            values: its parameters.

        Raises:
            MemoryFailure: the file cannot be read.
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
                        set_aside(self._file, error)  # the writer copies its readable rows
        raise MemoryFailure(
            f"the {self._table.noun} in {self._file} cannot be read ({failed}); "
            "try again, move the file away, or use --no-cache"
        ) from failed

    def flush(self) -> None:
        """Return once every item that was put is on disk.

        Raises:
            MemoryFailure: items cannot be written; they stay readable as long as this store is open.
        """
        with self.lock:  # a writer that was ordered to end would never answer
            if self._writer is None or self._is_closed:
                return
            done: Future[None] = Future()
            self._orders.put(done)
        done.result()

    def close(self) -> None:
        """Write the remaining items and close the file. Safe to call twice."""
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
        self.dropped += 1
        if reader is not None:
            reader.close()

    # -- the writing thread --------------------------------------------------------------------------------

    def _write(self) -> None:
        connection: sqlite3.Connection | None = None
        file: os.stat_result | None = None
        items: list[Item] = []
        failed: Exception | None = None
        tried = 0.0
        is_last = False
        while not is_last:
            more, waiting, is_last = self._batch()
            items += more
            if failed is not None and not (waiting or is_last) and time.monotonic() < tried + _AGAIN_S:
                continue
            tried = time.monotonic()
            try:
                if connection is not None and not (file and self._is_same(file)):
                    connection.close()  # another process has moved the file aside
                    connection = None
                if connection is None:
                    connection = self._connected()
                    file = self._file.stat()
                self._insert_all(connection, items)
                failed = None
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
            self._answer(waiting, failed)  # what is left of ``items`` is tried again later
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
        size = 0
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
                size += self._table.size_of(order)
            left = ends - time.monotonic()
            if len(items) >= _AT_ONCE or size > _MANY_WAITING or left <= 0:
                return items, waiting, False
            try:
                order = self._orders.get(timeout=left)
            except queue.Empty:
                return items, waiting, False

    def _insert_all(self, connection: sqlite3.Connection, items: list[Item]) -> None:
        """Write items in transactions of a bounded size, and take those that are written off the list."""
        while items:
            size = count = 0
            for item in items[: self._rows]:
                size += self._table.size_of(item)
                if count and size > self._table.max_bytes // _SHARE:
                    break
                count += 1
            self._insert(connection, items[:count])
            del items[:count]

    def _insert(self, connection: sqlite3.Connection, items: Sequence[Item]) -> None:
        self._begin(connection, self._table.growth * sum(map(self._table.size_of, items)))
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
                self._unwritten -= self._table.size_of(item)

    def _begin(self, connection: sqlite3.Connection, size: int) -> None:
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
            if self._wal_bytes() <= most // _SHARE and not is_long:
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
        rows, gone = _AT_ONCE if is_over else self._rows, 1
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
        pages = max(_LEAST_PAGES, self._table.max_bytes // _SHARE // _PAGE)
        with closing(self._table.connect(self._file)) as connection:
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
        pages = self._table.max_bytes // _SHARE // _PAGE
        connection.execute(f"PRAGMA wal_autocheckpoint = {max(8, min(1_000, pages))}")
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
        with self.lock:
            self._forget_reader()
        try:
            fresh = self._connected()
            self._insert_all(fresh, items)
        except (sqlite3.Error, OSError) as again:
            return None, again
        return fresh, None
