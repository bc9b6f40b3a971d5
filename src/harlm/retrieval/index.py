"""BM25 over the passages of a list of texts, in SQLite's FTS5.

The index contains words and spans, not the texts, and can be deleted and rebuilt at any time.
perf/retrieval.py measures it; docs/concepts/context.md has the figures.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Protocol, Self, TypeVar

from harlm.retrieval import in_use
from harlm.retrieval import tantivy_index as large
from harlm.retrieval.impacts import Impact, Impacts
from harlm.retrieval.passages import SCHEME, Passages, passages_in
from harlm.retrieval.postings import TOKENIZER, Postings, any_of
from harlm.retrieval.scripts import as_letters
from harlm.retrieval.terms import searchable
from harlm.storage import empty_wal, set_aside, shrink, used_bytes
from harlm.threads import StopFlag
from harlm.types import without_surrogates

_Kept = TypeVar("_Kept", int, bytes)

_FORMAT = f"{SCHEME}.3"  # the scheme of the passages, and the version of the tables
_KEPT = 64  # indexes in one file; the least recently used are removed first
_BYTES = 1.0  # of an index for each character of its texts, about; twice that are in use while it is built
_TOGETHER = 1 << 15  # characters that are made searchable at once
_BATCH = 4_000  # passages between two reports of progress
_WORTH_ADDING_UP = 4_000  # passages; FTS5 itself scores fewer of them fast enough
_COMMON = 48  # a word that occurs in at least 1 of 48 passages is common: its impact is precomputed
_WORK = 24  # precomputed occurrences for each passage on average; prose with a small vocabulary has hundreds
_EVERYWHERE = 8  # a word in more than 1 of 8 passages counts once in each, which is faster to read
_PATIENCE_S = 2  # to wait for another process that writes to the file; indexing in memory takes seconds too
LOST = (sqlite3.Error, IndexError)
"""The errors of a search in an index whose file was damaged, locked, or emptied by another process."""


class Ranking(Protocol):
    """Ranks the passages of some texts: ``PassageIndex``, or ``harlm.retrieval.tantivy_index.LargeIndex``."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *_: object) -> None: ...

    def __len__(self) -> int: ...

    def passage(self, number: int) -> tuple[int, int, int]:
        """The number of the text, the start and the end of a passage."""
        ...

    def passage_at(self, text: int, offset: int) -> int:
        """The number of the passage of a text that has the character at ``offset``."""
        ...

    def best(
        self, words: Sequence[str], k: int, within: int | None = None, *, stop: StopFlag | None = None
    ) -> list[tuple[int, float]]:
        """The ``k`` passages with the best BM25 score for any of ``words``, as (passage, score), best first.

        Args:
            words: any words, folded as by ``harlm.folding.fold``; the index stems them.
            k: the most passages.
            within: the number of the only text whose passages count; ``None`` searches all.
            stop: ends the search early.

        Raises:
            Stopped: the search is to end.
        """
        ...

    def frequency(self, stem: str, *, stop: StopFlag | None = None) -> int:
        """The number of passages in which a stem occurs.

        Raises:
            Stopped: the search is to end.
        """
        ...

    def close(self) -> None:
        """Release the files. Safe to call twice."""
        ...


class PassageIndex(Passages):
    """One built index.

    Responsibilities: rank passages for a set of words, count the passages that contain a word, give the span
    of a passage. Safe to use from several threads; queries run one at a time.

    Args:
        connection: a connection to a database with ``table``; this index closes it.
        table: the name of a table of FTS5.
        spans: the spans of all passages, as ``Passages`` takes them.
        growing: whether passages are still being added.

    Attributes:
        use: keeps other processes from removing the index from its file; ``None`` in memory.
    """

    def __init__(
        self, connection: sqlite3.Connection, table: str, spans: array[int], *, growing: bool = False
    ) -> None:
        super().__init__(spans)
        self._connection = connection
        self.use: in_use.Use | None = None
        self._table = table
        self._lock = threading.Lock()
        self._frequencies: dict[str, tuple[int, int]] = {}
        self._postings = Postings(connection, table)
        self._impacts: Impacts | None = None
        self._can_add_up = not growing and len(self) >= _WORTH_ADDING_UP

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def best(
        self, words: Sequence[str], k: int, within: int | None = None, *, stop: StopFlag | None = None
    ) -> list[tuple[int, float]]:
        """The ``k`` passages with the highest BM25 score for any of ``words``, as ``Ranking.best``."""
        first, last = (0, len(self) - 1) if within is None else self.passages_of(within)
        stop = stop or StopFlag()
        if k < 1:
            return []
        if self._can_add_up and last - first >= _WORTH_ADDING_UP:
            return self._added_up(words, first, last, k, stop)
        return self._matching(any_of(words), first, last, k, stop)

    @contextmanager
    def _asking(self, stop: StopFlag) -> Iterator[None]:
        """Use the connection alone."""
        with stop.holding(self._lock), stop.over(self._connection):
            yield

    def _added_up(
        self, words: Sequence[str], first: int, last: int, k: int, stop: StopFlag
    ) -> list[tuple[int, float]]:
        with self._asking(stop):
            impacts = self._impacts = self._impacts or Impacts(self.lengths())
            common = {stem: self._kept("holding", int, stem) for stem in self._postings.stems(words)}
            # A word in more than half of all passages counts only if there is no other: the original BM25
            # gives it a negative weight.
            telling = {stem: count for stem, count in common.items() if 2 * (count or 0) <= len(self)}
            found: list[Impact] = []
            for stem, holding in (telling or common).items():
                stop.check()
                found.append(impacts.of(stem, partial(self._impact, impacts, stem, holding)))
            return impacts.best([impact for impact in found if impact.holding], k, first, last)

    def _kept(self, what: str, kind: type[_Kept], stem: str) -> _Kept | None:
        """A precomputed value of a common word, ``holding`` or ``spread``; ``None`` for a rare word."""
        row = self._connection.execute(
            f"SELECT {what} FROM i_{self._table} WHERE stem = ?",  # noqa: S608 - the table's name is a digest
            (stem,),
        ).fetchone()
        if row is not None and not isinstance(row[0], kind):
            raise sqlite3.DatabaseError(f"the impact of {stem!r} is damaged")
        return None if row is None else row[0]

    def _impact(self, impacts: Impacts, stem: str, holding: int | None) -> Impact:
        if holding is None:
            return impacts.sparse(*self._postings.occurrences(stem))
        spread = self._kept("spread", bytes, stem) or impacts.spread(*self._postings.passages(stem))
        try:
            return impacts.dense(holding, spread)
        except ValueError as error:
            raise sqlite3.DatabaseError(f"the impact of {stem!r} is damaged ({error})") from error

    def keep_common(self, stop: StopFlag) -> None:
        """Precompute the impacts of common words. Call it once all passages are added."""
        count, read = len(self), self._postings
        if count < _WORTH_ADDING_UP:
            return
        impacts = Impacts(self.lengths())
        work = _WORK * count
        for stem, holding in sorted(read.in_at_least(count / _COMMON), key=lambda found: -found[1]):
            stop.check()
            spread = b""  # for a word in more than half of the passages, ``holding`` is enough
            if 2 * holding <= count:
                work -= holding
                if work < 0:
                    break  # searches read the other words when they need them
                found = read.passages(stem) if holding > count / _EVERYWHERE else read.occurrences(stem)
                spread = impacts.spread(*found)
            self._connection.execute(
                f"INSERT INTO i_{self._table} VALUES (?, ?, ?)",  # noqa: S608 - as above
                (stem, holding, spread),
            )

    def _matching(self, query: str, first: int, last: int, k: int, stop: StopFlag) -> list[tuple[int, float]]:
        if not query:
            return []
        with self._asking(stop):
            rows = self._connection.execute(
                f"SELECT rowid, rank FROM {self._table} WHERE {self._table} MATCH ?"  # noqa: S608 - as above
                " AND rowid BETWEEN ? AND ? ORDER BY rank LIMIT ?",
                (query, first, last, k),
            ).fetchall()
        return [(row, -rank) for row, rank in rows]

    def frequency(self, stem: str, *, stop: StopFlag | None = None) -> int:
        """The number of passages in which a stem occurs."""
        known = self._frequencies.get(stem)
        if known is not None and known[1] == len(self):
            return known[0]
        held = as_letters(stem)
        with (stop or StopFlag()).holding(self._lock):  # a lookup, too short to be stopped
            kept = self._kept("holding", int, held) if self._can_add_up else None
            count = self._postings.frequency(held) if kept is None else kept
        self._frequencies[stem] = count, len(self)  # valid until the index grows
        return count

    def close(self) -> None:
        """Close the database. Safe to call twice."""
        with self._lock:
            self._connection.close()
            if self.use is not None:
                self.use.close()


Growing = Callable[[Ranking, float], None]
"""Called repeatedly while an index is built: with a ``Ranking`` of the passages so far, and the share of the
texts that they cover (0 to 1).
"""


def open_index(
    texts: Sequence[str],
    *,
    file: Path | None = None,
    key: str = "memory",
    growing: Growing | None = None,
    max_bytes: int = 1 << 62,
    stop: StopFlag | None = None,
) -> Ranking:
    """The index of ``texts``: read from ``file`` if it is stored there, else built and stored there.

    For very large texts it is an index of tantivy, if that is installed, in a folder next to the file. A
    broken file is moved aside and replaced; if the file cannot be written, or another process locks it for
    longer than two seconds, the index is built in memory.

    Args:
        texts: the texts to index.
        file: a SQLite file with the indexes of many contexts; ``None`` builds in memory.
        key: the content address of ``texts``, letters and digits only.
        growing: called while the index is built.
        max_bytes: of the file, and of the folder next to it. The indexes used longest ago are removed first, but
            none that is in use in any process. An index that takes more than a quarter is built in memory.
        stop: ends the building early; nothing of it is stored then.

    Raises:
        Stopped: the building is to end.
    """
    stop = stop or StopFlag()
    if file is not None and _BYTES * sum(map(len, texts)) > max_bytes / 4:
        file = None
    if sum(map(len, texts)) >= large.WORTH_IT and large.is_installed():
        folder = None if file is None else file.with_name("large")
        return large.open_large(
            lambda spans: _passages(texts, spans, stop),
            len(texts),
            folder,
            key,
            growing,
            max_bytes=max_bytes,
            stop=stop,
        )
    if file is not None:
        for _ in range(2):
            try:
                return _open_in_file(texts, file, key, growing, max_bytes, stop)
            except sqlite3.Error as error:
                if not set_aside(file, error):
                    break  # locked, full or read-only: the index works as well in memory
    connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    try:
        with stop.over(connection):
            connection.execute("BEGIN")  # one transaction, not one for each passage
            spans = _build(connection, "p_memory", texts, growing, stop)
            connection.execute("COMMIT")
        return PassageIndex(connection, "p_memory", spans)
    except BaseException:
        connection.close()
        raise


def _open_in_file(
    texts: Sequence[str], file: Path, key: str, growing: Growing | None, max_bytes: int, stop: StopFlag
) -> PassageIndex:
    use = in_use.hold(file, key)
    try:
        index = _stored_or_built(texts, file, key, growing, max_bytes, stop)
    except BaseException:
        use.close()
        raise
    index.use = use
    return index


def _stored_or_built(
    texts: Sequence[str], file: Path, key: str, growing: Growing | None, max_bytes: int, stop: StopFlag
) -> PassageIndex:
    connection = sqlite3.connect(file, timeout=0, isolation_level=None, check_same_thread=False)
    table = f"p_{key}"
    try:
        with suppress(OSError):  # another user may own a file that this user may write
            file.chmod(0o600)
        with stop.over(connection):
            stop.patiently(lambda: _make_tables(connection, file), _PATIENCE_S)
            spans = stop.patiently(lambda: _stored_spans(connection, key), _PATIENCE_S)
            if spans is None:
                stop.patiently(lambda: connection.execute("BEGIN IMMEDIATE"), _PATIENCE_S)
                spans = _stored_spans(connection, key)  # another process may have built it in the meantime
                if spans is None:
                    connection.execute(f"DROP TABLE IF EXISTS {table}")
                    _make_room(connection, file, max_bytes - int(2 * _BYTES * sum(map(len, texts))))
                    spans = _build(connection, table, texts, growing, stop)
                    connection.execute(
                        "INSERT OR REPLACE INTO indexes VALUES (?, ?, ?, ?)",
                        (key, _FORMAT, time.time(), spans.tobytes()),
                    )
                connection.execute("COMMIT")
                shrink(connection, max_bytes)
                empty_wal(connection)
        with suppress(sqlite3.OperationalError):  # another process is writing; reading works all the same
            connection.execute("UPDATE indexes SET used = ? WHERE key = ?", (time.time(), key))
        connection.execute(f"PRAGMA busy_timeout = {1000 * _PATIENCE_S}")
        return PassageIndex(connection, table, spans)
    except BaseException:
        connection.close()
        raise


def _make_tables(connection: sqlite3.Connection, file: Path) -> None:
    if not file.stat().st_size:
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")  # before anything is written
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute(
        "CREATE TABLE IF NOT EXISTS indexes"
        " (key TEXT PRIMARY KEY, format TEXT NOT NULL, used REAL NOT NULL, spans BLOB NOT NULL)"
    )


def _stored_spans(connection: sqlite3.Connection, key: str) -> array[int] | None:
    row = connection.execute(
        "SELECT spans FROM indexes WHERE key = ? AND format = ?"
        " AND (SELECT count(*) FROM sqlite_master WHERE name IN (?, ?)) = 2",
        (key, _FORMAT, f"p_{key}", f"i_p_{key}"),
    ).fetchone()
    if row is None:
        return None
    spans = array("Q")
    if not isinstance(row[0], bytes) or len(row[0]) % (3 * spans.itemsize):
        raise sqlite3.DatabaseError(f"the spans of index {key} are damaged")
    spans.frombytes(row[0])
    return spans


def _build(
    connection: sqlite3.Connection, table: str, texts: Sequence[str], growing: Growing | None, stop: StopFlag
) -> array[int]:
    connection.execute(
        f"CREATE VIRTUAL TABLE {table} USING fts5(text, content = '', tokenize = '{TOKENIZER}')"
    )
    connection.execute(f"INSERT INTO {table}({table}, rank) VALUES ('hashsize', 16777216)")  # noqa: S608 - as above
    connection.execute(f"DROP TABLE IF EXISTS i_{table}")
    connection.execute(
        f"CREATE TABLE i_{table} (stem TEXT PRIMARY KEY, holding INTEGER NOT NULL, spread BLOB NOT NULL)"
    )
    spans = array("Q")
    insert = f"INSERT INTO {table}(rowid, text) VALUES (?, ?)"  # noqa: S608 - as above
    passages = enumerate(_passages(texts, spans, stop))
    if growing is None:
        connection.executemany(insert, passages)
    else:
        index = PassageIndex(connection, table, spans, growing=True)
        while batch := list(islice(passages, _BATCH)):
            connection.executemany(insert, batch)
            growing(index, (spans[-3] + 1) / len(texts))
    PassageIndex(connection, table, spans).keep_common(stop)
    return spans


def _passages(texts: Iterable[str], spans: array[int], stop: StopFlag) -> Iterator[str]:
    """The passages of ``texts``, one after another. Adds the span of each to ``spans``."""
    for number, text in enumerate(texts):
        for near in _groups(passages_in(text)):
            first, last = near[0][0], near[-1][1]
            part = without_surrogates(text[first:last])
            for (start, end), words in zip(
                near, searchable(part, [(start - first, end - first) for start, end in near]), strict=True
            ):
                stop.check()
                spans.extend((number, start, end))
                yield words


def _groups(passages: Iterator[tuple[int, int]]) -> Iterator[list[tuple[int, int]]]:
    """Passages that are made searchable together."""
    near: list[tuple[int, int]] = []
    for passage in passages:
        near.append(passage)
        if passage[1] - near[0][0] >= _TOGETHER:
            yield near
            near = []
    if near:
        yield near


def _make_room(connection: sqlite3.Connection, file: Path, size: int) -> None:
    """Remove the indexes used longest ago that no process uses, until another one can be added.

    Args:
        connection: to the file, in a transaction.
        file: the file.
        size: bytes that may be in use afterwards.
    """
    by_use = connection.execute("SELECT key FROM indexes ORDER BY used").fetchall()
    left = len(by_use)
    for (key,) in by_use:
        if left < _KEPT and used_bytes(connection) <= size:
            return
        if in_use.is_held(file, key):
            continue
        left -= 1
        connection.execute(f"DROP TABLE IF EXISTS p_{key}")
        connection.execute(f"DROP TABLE IF EXISTS i_p_{key}")
        connection.execute("DELETE FROM indexes WHERE key = ?", (key,))


def has_fts5() -> bool:
    """Whether the SQLite of this Python supports full-text indexes (FTS5)."""
    with closing(sqlite3.connect(":memory:")) as connection:
        return any(row[0] == "ENABLE_FTS5" for row in connection.execute("PRAGMA compile_options"))
