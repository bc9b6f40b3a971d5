"""The cold tier: every entry as it was, in one SQLite file, with BM25 over all of it. Knows rows and words; refuses to decide
what is worth keeping.

Writes go through one thread, many in one transaction (WAL, synchronous=NORMAL: a killed process loses nothing that was
acknowledged, a power failure perhaps the last moments). A file that is damaged is moved aside, and what can be read of it
taken over. Where nothing can be written (locked, full, read-only) entries stay in this process's memory until they can.

Protects one namespace from another: no row of another is ever read. The file is the user's alone (0600).
"""

from __future__ import annotations

import os
import queue
import sqlite3
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path
from typing import cast

from harlm.errors import MemoryFailure
from harlm.memory.place import Place
from harlm.memory.ram import look_through, telling_words
from harlm.memory.rows import GET, connected, entry_of, index, insert_one, place_of
from harlm.memory.upkeep import prune, take_over
from harlm.retrieval.index import set_aside
from harlm.retrieval.postings import any_of
from harlm.types import Entry, Recollection

_AT_ONCE = 256  # entries of one transaction
_WAIT_S = 0.005  # for more of them
_PLACES = 16  # runs whose passages are known by number
_TIES = 20  # passages that may have the same score where a search is cut
_JUST_NOW_S = 60  # since a file was moved aside, in which it is taken over


class ColdStore:
    """See the module, and ``harlm.protocols.MemoryStore``.

    Args:
        file: where entries are kept.
        space: the namespace; entries of others are not there.
        max_bytes: of the file; when it is opened, the entries that were used least and longest ago go until it fits.

    Attributes:
        failure: why entries are not on disk; None as long as they are.
    """

    def __init__(self, file: Path, space: str = "", *, max_bytes: int = 1 << 40) -> None:
        self._file = file
        self._max_bytes = max_bytes
        self._space = space
        self._lock = threading.Lock()  # of the reading connection, and of what is below
        self._waiting: dict[str, Entry] = {}
        self._orders: queue.SimpleQueue[Entry | Future[None] | None] = queue.SimpleQueue()
        self._writer: threading.Thread | None = None
        self._reader: sqlite3.Connection | None = None
        self._read_from: os.stat_result | None = None
        self._places: dict[str, Place] = {}
        self._is_closed = False
        self.failure: str | None = None

    # -- the socket ----------------------------------------------------------------------------------------

    def put(self, entry: Entry) -> None:
        """See ``harlm.protocols.MemoryStore``."""
        with self._lock:
            if self._is_closed:
                raise MemoryFailure("this memory is closed")
            self._waiting.setdefault(entry.key, entry)
            if self._writer is None:
                self._writer = threading.Thread(target=self._write, name="harlm-memory", daemon=True)
                self._writer.start()
            self._orders.put(entry)

    def get(self, key: str) -> Entry | None:
        """See ``harlm.protocols.MemoryStore``.

        Raises:
            MemoryFailure: the file cannot be read.
        """
        with self._lock:
            if (entry := self._waiting.get(key)) is not None:
                return entry
            rows = self._read(GET, (self._space, key))
        return entry_of(rows[0]) if rows else None

    def search(self, query: str, k: int, *, run: str) -> Sequence[Recollection]:
        """See ``harlm.protocols.MemoryStore``."""
        words = telling_words(query)
        if not any_of(words) or k < 1:
            return ()
        with suppress(MemoryFailure):  # then what waits is looked through
            self.flush()  # or what is found would hang on how far the writer has come
        with self._lock:
            found = look_through(words, [each for each in self._waiting.values() if each.run == run])
            place = self._place(run)
            best = dict(place.best(self._read, words, 2 * k + _TIES))
            rows = self._read(  # CROSS: else SQLite begins with all entries of the namespace
                "SELECT spans.id, entries.key, spans.first, spans.last FROM spans CROSS JOIN entries ON entries.id = spans.entry"  # noqa: S608 - numbers
                f" WHERE spans.id IN ({','.join(map(str, best))}) AND spans.place = ? AND entries.space = ?",
                (place.name, self._space),
            )
        for number, key, first, last in rows:
            score = best[cast(int, number)]
            found.append(Recollection(key=str(key), start=cast(int, first), end=cast(int, last), score=score))
        found.sort(key=lambda each: (-round(each.score, 9), each.key, each.start))
        return tuple(found[:k])

    def _place(self, run: str) -> Place:
        """The passages of a run, of the few that were searched last."""
        place = self._places.pop(run, None) or Place(place_of(self._space, run))
        self._places[run] = place
        if len(self._places) > _PLACES:
            del self._places[next(iter(self._places))]
        return place

    def flush(self) -> None:
        """See ``harlm.protocols.MemoryStore``."""
        with self._lock:  # nothing is ordered of a writer that was told to end: it would never answer
            if self._writer is None or self._is_closed:
                return
            done: Future[None] = Future()
            self._orders.put(done)
        done.result()

    def close(self) -> None:
        """See ``harlm.protocols.MemoryStore``."""
        with self._lock:
            if self._is_closed:
                return
            self._is_closed = True
        if self._writer is not None:
            self._orders.put(None)
            self._writer.join()
        with self._lock:
            self._forget_reader()

    # -- reading -------------------------------------------------------------------------------------------

    def _read(self, query: str, values: tuple[object, ...]) -> list[tuple[object, ...]]:
        """Rows, with the lock held; none once this is closed. A file that is damaged is moved aside.

        Raises:
            MemoryFailure: it cannot be read.
        """
        if self._is_closed:
            return []
        for _ in range(2):
            try:
                if self._reader is None:
                    if not self._file.exists():
                        return []
                    self._reader, self._read_from = connected(self._file), self._file.stat()
                return self._reader.execute(query, values).fetchall()
            except sqlite3.Error as error:
                self._forget_reader()
                failed = error
                if isinstance(error, sqlite3.OperationalError):
                    break
                if self._read_from is None or self._is_there(self._read_from):
                    set_aside(self._file, error)  # the writer takes over what can be read of it
        raise MemoryFailure(
            f"the memory in {self._file} cannot be read ({failed}); move the file away, or use --no-cache"
        ) from failed

    def _forget_reader(self) -> None:
        reader, self._reader = self._reader, None
        self._places.clear()  # another file numbers its passages in another way
        if reader is not None:
            reader.close()

    # -- writing, in a thread of its own -------------------------------------------------------------------

    def _write(self) -> None:
        connection: sqlite3.Connection | None = None
        file: os.stat_result | None = None
        unwritten: list[Entry] = []
        is_last = False
        while not is_last:
            entries, told, is_last = self._batch()
            entries = [*unwritten, *entries]
            try:
                if connection is not None and not (file and self._is_there(file)):
                    connection.close()  # somebody has moved the file aside
                    connection = None
                if connection is None:
                    connection = self._begun()
                    file = self._file.stat()
                    prune(connection, self._max_bytes)
                self._insert(connection, entries)
                failed: Exception | None = None
            except (sqlite3.Error, OSError) as error:
                if connection is not None:
                    connection.close()
                connection, failed = self._mended(error, entries)
                file = self._file.stat() if connection is not None else None
            except Exception as error:  # noqa: BLE001 - an entry that no database holds: the others must not wait for it
                failed = error
                if connection is not None:
                    self._insert_each(connection, entries)
                    entries = []
            unwritten = [] if failed is None else entries  # until something is ordered again
            self._tell(told, failed)
        if connection is not None:
            connection.close()

    def _tell(self, told: Sequence[Future[None]], failed: Exception | None) -> None:
        self.failure = None if failed is None else f"what was found out is not kept on disk ({failed})"
        for each in told:
            if failed is None:
                each.set_result(None)
            else:
                advice = "it is kept in memory until the run ends. Free some space, or use --no-cache"
                each.set_exception(MemoryFailure(f"{self.failure}; {advice}"))

    def _batch(self) -> tuple[list[Entry], list[Future[None]], bool]:
        """What waits to be written, who is to be told, and whether nothing more will come."""
        entries: list[Entry] = []
        told: list[Future[None]] = []
        order = self._orders.get()
        ends = time.monotonic() + _WAIT_S
        while True:
            if order is None:
                return entries, told, True
            if isinstance(order, Future):
                told.append(order)
                if self._orders.empty():
                    return entries, told, False
            else:
                entries.append(order)
            left = ends - time.monotonic()
            if len(entries) >= _AT_ONCE or left <= 0:
                return entries, told, False
            try:
                order = self._orders.get(timeout=left)
            except queue.Empty:
                return entries, told, False

    def _insert(self, connection: sqlite3.Connection, entries: Sequence[Entry]) -> None:
        connection.execute("BEGIN IMMEDIATE")
        try:
            kept = [insert_one(connection, self._space, entry) for entry in entries]
            index(connection, [each for each in kept if each is not None])
            connection.execute("COMMIT")
        except BaseException:
            with suppress(sqlite3.Error):
                connection.execute("ROLLBACK")
            raise
        with self._lock:
            for entry in entries:
                self._waiting.pop(entry.key, None)

    def _insert_each(self, connection: sqlite3.Connection, entries: Sequence[Entry]) -> None:
        """Write what can be written; the rest is had from memory."""
        for each in entries:
            with suppress(Exception):
                self._insert(connection, [each])

    def _is_there(self, file: os.stat_result) -> bool:
        with suppress(OSError):
            return os.path.samestat(file, self._file.stat())
        return False

    def _begun(self) -> sqlite3.Connection:
        """A connection to the file; with what can be read of one that was moved aside a moment ago, where it is new."""
        is_new = not self._file.exists()
        connection = connected(self._file)
        aside = sorted(self._file.parent.glob(f"{self._file.name}.broken-*")) if is_new else []
        for damaged in aside[-1:]:
            if time.time() - damaged.stat().st_ctime < _JUST_NOW_S:
                take_over(connection, damaged)
        return connection

    def _mended(
        self, error: Exception, entries: Sequence[Entry]
    ) -> tuple[sqlite3.Connection | None, Exception | None]:
        """After nothing was written: a file that is damaged is moved aside, and begun anew.

        Returns:
            a connection to go on with, and what is still wrong.
        """
        if not (isinstance(error, sqlite3.Error) and set_aside(self._file, error)):
            return None, error
        with self._lock:
            self._forget_reader()
        try:
            fresh = self._begun()
            self._insert(fresh, entries)
        except (sqlite3.Error, OSError) as again:
            return None, again
        return fresh, None
