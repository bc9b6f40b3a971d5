"""The cold tier: every entry as it was, in one SQLite file, with BM25 over all of it. Knows rows and words; refuses to decide
what is worth keeping.

Writes go through one thread, many in one transaction (WAL, synchronous=NORMAL: a killed process loses nothing that was
acknowledged, a power failure perhaps the last moments). A file that is damaged is moved aside, and what can be read of it
taken over. Where nothing can be written (locked, full, read-only) entries stay in this process's memory until they can.

Protects one namespace from another: no row of another is ever read. The file is the user's alone (0600).
"""

from __future__ import annotations

import hashlib
import math
import os
import queue
import sqlite3
import threading
import time
import zlib
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import msgspec

from harlm.errors import MemoryFailure
from harlm.memory.ram import look_through, telling_words
from harlm.retrieval.index import TOKENIZER, any_of, set_aside
from harlm.retrieval.passages import split_passages
from harlm.types import Entry, EntryKind, Recollection, Usage

_FORMAT = 1
_PATIENCE_S = 10  # for another process that writes
_AT_ONCE = 256  # entries of one transaction
_WAIT_S = 0.005  # for more of them
_SHORT = 512  # bytes that are not worth packing
_FIRST = 1 << 22  # characters of an entry that are indexed; a longer one is found by these
_JUST_NOW_S = 60  # since a file was moved aside, in which it is taken over
_IS_BYTES, _IS_PACKED = 1, 2

_SCHEMA = f"""
CREATE TABLE IF NOT EXISTS entries (
    id INTEGER PRIMARY KEY, space TEXT NOT NULL, key TEXT NOT NULL, kind TEXT NOT NULL, value BLOB NOT NULL,
    packing INTEGER NOT NULL, question TEXT NOT NULL, run TEXT NOT NULL, node TEXT NOT NULL, depth INTEGER NOT NULL,
    model TEXT NOT NULL, tokens INTEGER NOT NULL, created REAL NOT NULL, used REAL NOT NULL, uses INTEGER NOT NULL,
    usage TEXT NOT NULL, UNIQUE (space, key));
CREATE TABLE IF NOT EXISTS members (
    place TEXT NOT NULL, entry INTEGER NOT NULL, PRIMARY KEY (place, entry)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS spans (
    id INTEGER PRIMARY KEY, entry INTEGER NOT NULL, place TEXT NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS spans_of ON spans (entry);
CREATE VIRTUAL TABLE IF NOT EXISTS passages USING fts5 (
    place, question, text, content = '', tokenize = '{TOKENIZER}');
PRAGMA user_version = {_FORMAT};
"""
_COLUMNS = "key, kind, value, packing, question, run, node, depth, model, tokens, created, usage"
_GET = f"SELECT {_COLUMNS} FROM entries WHERE space = ? AND key = ?"  # noqa: S608 - our own columns

_usage_of = msgspec.json.Decoder(Usage).decode
_packed_usage = msgspec.json.encode


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
            rows = self._read(_GET, (self._space, key))
        return _entry(rows[0]) if rows else None

    def search(self, query: str, k: int, *, run: str) -> Sequence[Recollection]:
        """See ``harlm.protocols.MemoryStore``."""
        words = telling_words(query)
        asked = any_of(words)
        if not asked or k < 1:
            return ()
        with self._lock:
            found = look_through(words, [each for each in self._waiting.values() if each.run == run])
            rows = self._read(
                "SELECT entries.key, spans.first, spans.last, found.score FROM (SELECT rowid AS id, -rank AS score FROM passages"
                " WHERE passages MATCH ? AND rank MATCH 'bm25(0.0, 0.5, 1.0)' ORDER BY rank LIMIT ?) AS found"
                " JOIN spans ON spans.id = found.id JOIN entries ON entries.id = spans.entry"
                " WHERE entries.space = ? ORDER BY found.score DESC",
                (f"place : {_place(self._space, run)} AND {{question text}} : ({asked})", k, self._space),
            )
        for key, first, last, score in rows:
            found.append(
                Recollection(
                    key=str(key), start=cast(int, first), end=cast(int, last), score=cast(float, score)
                )
            )
        return tuple(found[:k])

    def flush(self) -> None:
        """See ``harlm.protocols.MemoryStore``."""
        if self._writer is not None:
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
        """Rows, with the lock held. A file that is damaged is moved aside.

        Raises:
            MemoryFailure: it cannot be read.
        """
        for _ in range(2):
            try:
                if self._reader is None:
                    if not self._file.exists():
                        return []
                    self._reader, self._read_from = _connected(self._file), self._file.stat()
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
            kept = [_insert_one(connection, self._space, entry) for entry in entries]
            _index(connection, [each for each in kept if each is not None])
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
        connection = _connected(self._file)
        aside = sorted(self._file.parent.glob(f"{self._file.name}.broken-*")) if is_new else []
        for damaged in aside[-1:]:
            if time.time() - damaged.stat().st_ctime < _JUST_NOW_S:
                _take_over(connection, damaged)
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


def _connected(file: Path) -> sqlite3.Connection:
    """A connection to a file with our tables."""
    connection = sqlite3.connect(file, timeout=_PATIENCE_S, isolation_level=None, check_same_thread=False)
    try:
        with suppress(OSError):
            file.chmod(0o600)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        if version not in (0, _FORMAT):
            raise sqlite3.DatabaseError(f"it has format {version}, and this is format {_FORMAT}")
        if version == 0:
            connection.executescript(f"BEGIN IMMEDIATE; {_SCHEMA} COMMIT")
    except BaseException:
        connection.close()
        raise
    return connection


def _insert_one(connection: sqlite3.Connection, space: str, entry: Entry) -> tuple[int, str, Entry] | None:
    """Keep one entry; one that is there already was asked for once more.

    Returns:
        its number, and where it is to be found by what it says, unless it is found there already.
    """
    value, packing = _packed(entry.value)
    cursor = connection.execute(
        "INSERT INTO entries (space, key, kind, value, packing, question, run, node, depth, model, tokens, created, used, uses,"
        " usage) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?)"
        " ON CONFLICT (space, key) DO UPDATE SET used = excluded.used, uses = uses + 1 RETURNING id",
        (
            space, entry.key, entry.kind, value, packing, _storable(entry.question), entry.run, entry.node, entry.depth,
            entry.model, entry.tokens, entry.created, entry.created, _packed_usage(entry.usage).decode(),
        ),
    )  # fmt: skip
    number: int = cursor.fetchone()[0]
    if not entry.run:
        return None  # it is had by its key alone
    place = _place(space, entry.run)
    cursor = connection.execute("INSERT OR IGNORE INTO members VALUES (?, ?)", (place, number))
    return (number, place, entry) if cursor.rowcount else None


def _index(connection: sqlite3.Connection, found: Sequence[tuple[int, str, Entry]]) -> None:
    """Make entries be found in their runs. After all else of a transaction: FTS5 writes what it holds back whenever another
    statement that may change several rows is begun, which takes twenty times what the statement does.
    """
    (last,) = connection.execute("SELECT coalesce(max(id), 0) FROM spans").fetchone()
    spans: list[tuple[int, int, str, int, int]] = []
    passages: list[tuple[int, str, str, str]] = []
    for number, place, entry in found:
        text = entry.value[:_FIRST] if isinstance(entry.value, str) else ""
        for at, (start, end) in enumerate(split_passages(text) or [(0, 0)]):
            last += 1
            spans.append((last, number, place, start, end))
            passages.append(
                (last, place, "" if at else _storable(entry.question), _storable(text[start:end]))
            )
    connection.executemany("INSERT INTO spans (id, entry, place, first, last) VALUES (?, ?, ?, ?, ?)", spans)
    connection.executemany(
        "INSERT INTO passages (rowid, place, question, text) VALUES (?, ?, ?, ?)", passages
    )


@dataclass(frozen=True, slots=True)
class Held:
    """Entries of one kind, model and namespace: how many, bytes on disk, and how often they were asked for again."""

    space: str
    kind: str
    model: str
    entries: int
    size: int
    uses: int


@dataclass(frozen=True, slots=True)
class Contents:
    """What a file holds."""

    size: int
    rows: list[Held]


def held(file: Path) -> Contents:
    """What a file holds, over all namespaces; nothing where there is none.

    Raises:
        MemoryFailure: it cannot be read.
    """
    if not file.exists():
        return Contents(0, [])
    with _opened_by(file) as connection:
        rows = connection.execute(
            "SELECT space, kind, model, count(*), sum(length(value)), sum(uses) FROM entries GROUP BY space, kind, model"
            " ORDER BY 5 DESC"
        ).fetchall()
        return Contents(_used_bytes(connection), [Held(*row) for row in rows])


def forget(file: Path, used_before: float | None = None) -> int:
    """Remove all entries, or those that were not used since; how many went.

    Raises:
        MemoryFailure: they cannot be removed.
    """
    if not file.exists():
        return 0
    with _opened_by(file) as connection:
        gone = prune(connection, 1 << 62, older_than=math.inf if used_before is None else used_before)
        connection.execute("VACUUM")
        return gone


@contextmanager
def _opened_by(file: Path) -> Iterator[sqlite3.Connection]:
    """A connection for a verb, with errors that say what to do.

    Raises:
        MemoryFailure: whatever goes wrong.
    """
    try:
        with closing(_connected(file)) as connection:
            yield connection
    except sqlite3.Error as error:
        raise MemoryFailure(
            f"the memory in {file} cannot be used ({error}); try again, or move it away"
        ) from error


def prune(connection: sqlite3.Connection, max_bytes: int, *, older_than: float | None = None) -> int:
    """Remove the entries that were used least and longest ago until all fit into so many bytes.

    Args:
        older_than: seconds since the epoch; all that were not used since go as well.

    Returns:
        how many went.
    """
    gone = 0
    if older_than is not None:
        while numbers := connection.execute(
            "SELECT id FROM entries WHERE used < ? LIMIT ?", (older_than, _AT_ONCE)
        ).fetchall():
            gone += _remove(connection, [row[0] for row in numbers])
    excess = float(_used_bytes(connection) - max_bytes)
    with_index = _with_index(connection) if excess > 0 else 1.0
    while excess > 0:
        least = connection.execute(
            "SELECT id, length(value) FROM entries ORDER BY uses, used LIMIT ?", (_AT_ONCE,)
        ).fetchall()
        if not least:
            break
        going: list[int] = []
        for number, size in least:
            if excess > 0:
                going.append(number)
                excess -= size * with_index
        gone += _remove(connection, going)
    if gone:
        connection.execute("INSERT INTO passages (passages) VALUES ('optimize')")
    return gone


def _with_index(connection: sqlite3.Connection) -> float:
    """Bytes of the file for each byte of a value."""
    values = connection.execute("SELECT total(length(value)) FROM entries").fetchone()[0]
    return float(_used_bytes(connection) / max(1.0, values))


def _used_bytes(connection: sqlite3.Connection) -> int:
    pages, free, size = (
        connection.execute(f"PRAGMA {each}").fetchone()[0]
        for each in ("page_count", "freelist_count", "page_size")
    )
    return int((pages - free) * size)


def _remove(connection: sqlite3.Connection, numbers: Sequence[int]) -> int:
    """Remove entries from all tables; the index must be told what it held."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        for number in numbers:
            row = connection.execute(f"SELECT {_COLUMNS} FROM entries WHERE id = ?", (number,)).fetchone()  # noqa: S608 - our own columns
            entry = _entry(row)
            text = entry.value if isinstance(entry.value, str) else ""
            spans = connection.execute(
                "SELECT id, place, first, last FROM spans WHERE entry = ? ORDER BY id", (number,)
            ).fetchall()
            places: set[str] = set()
            for span, place, first, last in spans:
                question = "" if place in places else _storable(entry.question)
                places.add(place)
                connection.execute(
                    "INSERT INTO passages (passages, rowid, place, question, text) VALUES ('delete', ?, ?, ?, ?)",
                    (span, place, question, _storable(text[first:last])),
                )
            connection.execute("DELETE FROM spans WHERE entry = ?", (number,))
            connection.execute("DELETE FROM entries WHERE id = ?", (number,))
            for place in places:
                connection.execute("DELETE FROM members WHERE place = ? AND entry = ?", (place, number))
        connection.execute("COMMIT")
    except BaseException:
        with suppress(sqlite3.Error):
            connection.execute("ROLLBACK")
        raise
    return len(numbers)


def _take_over(connection: sqlite3.Connection, damaged: Path) -> None:
    """Copy what can be read of a damaged file: row after row, from both ends to where it cannot be read."""
    with suppress(sqlite3.Error):
        old = sqlite3.connect(f"{damaged.as_uri()}?mode=ro", uri=True)
        try:
            for order in ("ASC", "DESC"):
                rows = old.execute(f"SELECT space, {_COLUMNS} FROM entries ORDER BY id {order}")  # noqa: S608 - our own columns
                with suppress(sqlite3.Error, ValueError, zlib.error):
                    for space, *row in rows:
                        kept = _insert_one(connection, space, _entry(row))
                        _index(connection, [] if kept is None else [kept])
        finally:
            old.close()


def _place(space: str, run: str) -> str:
    """One word that stands for a run in a namespace."""
    return "x" + hashlib.blake2b(f"{space}\0{run}".encode(), digest_size=12).hexdigest()


def _storable(text: str) -> str:
    return text.encode("utf-8", "replace").decode()


def _packed(value: str | bytes) -> tuple[bytes, int]:
    kind = _IS_BYTES if isinstance(value, bytes) else 0
    data = value if isinstance(value, bytes) else value.encode("utf-8", "surrogatepass")
    if len(data) > _SHORT and len(packed := zlib.compress(data, 1)) < len(data):
        return packed, kind | _IS_PACKED
    return data, kind


def _entry(row: Iterable[object]) -> Entry:
    key, kind, value, packing, question, run, node, depth, model, tokens, created, usage = row
    data = cast(bytes, value)
    if cast(int, packing) & _IS_PACKED:
        data = zlib.decompress(data)
    return Entry(
        key=str(key),
        kind=cast(EntryKind, kind),
        value=data if cast(int, packing) & _IS_BYTES else data.decode("utf-8", "surrogatepass"),
        question=str(question),
        run=str(run),
        node=str(node),
        depth=cast(int, depth),
        model=str(model),
        tokens=cast(int, tokens),
        created=cast(float, created),
        usage=_usage_of(cast(str, usage)),
    )
