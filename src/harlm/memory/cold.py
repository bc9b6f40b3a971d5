"""The cold tier: every entry as it was, in one SQLite file, with BM25 search over it. Does not decide what is
worth keeping.

Namespaces are separate: a store reads no row of another namespace.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import cast

from harlm.errors import MemoryFailure
from harlm.memory.in_memory import look_through, size_of, telling_words
from harlm.memory.maintenance import compact, remove_least, take_over
from harlm.memory.rows import GET, connected, entry_of, index, insert_one, merge, merge_by_hand, place_of
from harlm.memory.run_index import RunIndex
from harlm.retrieval.postings import any_of
from harlm.storage import WriteBehind
from harlm.threads import StopFlag
from harlm.types import Entry, Recollection

_SMALL = 32 << 20  # bytes; in a smaller file the full-text index must not change much in one transaction
_RUNS = 16  # runs whose index stays in memory
_TIES = 20  # further passages that are read, so that ties at the end are broken by key


class EntryTable:
    """Entries as rows; see ``harlm.storage.Table``.

    Args:
        space: the namespace.
        max_bytes: of the file with its WAL. The entries with the fewest uses are removed to make room, the
            least recently used of these first; those of the last minutes go last.
    """

    noun = "memory"
    growth = 4

    def __init__(self, space: str, max_bytes: int) -> None:
        self._space = space
        self.max_bytes = max_bytes
        self._is_small = max_bytes < _SMALL

    def connect(self, file: Path) -> sqlite3.Connection:
        """See ``harlm.storage.Table``."""
        return connected(file)

    def key_of(self, item: Entry) -> str:
        """See ``harlm.storage.Table``."""
        return item.key

    def size_of(self, item: Entry) -> int:
        """See ``harlm.storage.Table``."""
        return size_of(item)

    def insert(self, connection: sqlite3.Connection, items: Sequence[Entry]) -> None:
        """See ``harlm.storage.Table``."""
        if self._is_small:
            merge_by_hand(connection)
        kept = [insert_one(connection, self._space, entry) for entry in items]
        index(connection, [each for each in kept if each is not None])
        if self._is_small:
            merge(connection)

    def remove(self, connection: sqlite3.Connection, rows: int, size: int) -> int:
        """See ``harlm.storage.Table``."""
        removed = remove_least(connection, rows, size)
        if self._is_small:
            merge(connection)
        return removed

    def row_bytes(self, connection: sqlite3.Connection) -> int:
        """See ``harlm.storage.Table``."""
        return int(connection.execute("SELECT total(length(value)) FROM entries").fetchone()[0])

    def compact(self, connection: sqlite3.Connection, pages: int) -> bool:
        """See ``harlm.storage.Table``."""
        return compact(connection, pages)

    def take_over(self, connection: sqlite3.Connection, damaged: Path) -> None:
        """See ``harlm.storage.Table``."""
        take_over(connection, damaged)


class ColdStore:
    """Keeps entries in a file; see ``harlm.protocols.MemoryStore``.

    Args:
        file: where entries are kept; it is created with the first entry.
        space: the namespace; entries of other namespaces are never read.
        max_bytes: of the file, as in ``EntryTable``.
    """

    def __init__(self, file: Path, space: str = "", *, max_bytes: int = 1 << 40) -> None:
        self._space = space
        self._file: WriteBehind[Entry] = WriteBehind(file, EntryTable(space, max_bytes))
        self._indexes: dict[str, RunIndex] = {}
        self._searching = threading.Lock()  # guards ``_indexes``
        self._numbered = 0  # the opening of the file whose row numbers ``_indexes`` holds

    @property
    def is_behind(self) -> bool:
        """See ``harlm.storage.Behind``."""
        return self._file.is_behind

    @property
    def failure(self) -> str | None:
        """Why entries are not on disk; ``None`` as long as they are."""
        return self._file.failure

    def put(self, entry: Entry) -> None:
        """See ``harlm.protocols.MemoryStore``."""
        self._file.put(entry)

    def get(self, key: str) -> Entry | None:
        """See ``harlm.protocols.MemoryStore``.

        Raises:
            MemoryFailure: the file cannot be read.
        """
        if (entry := self._file.waiting(key)) is not None:
            return entry
        rows = self._file.read(GET, (self._space, key))  # what does not wait any more is on disk
        return entry_of(rows[0]) if rows else None

    def search(self, query: str, k: int, *, run: str, stop: StopFlag | None = None) -> Sequence[Recollection]:
        """See ``harlm.protocols.MemoryStore``."""
        stop = stop or StopFlag()
        words = telling_words(query)
        if not any_of(words) or k < 1:
            return ()
        with suppress(MemoryFailure):  # entries that cannot be written are searched in memory below
            self._file.flush(stop)  # otherwise the result would depend on how far the writer is
        waiting = {each.key: each for each in self._file.all_waiting() if each.run == run}
        found = look_through(words, waiting.values(), stop)
        with stop.holding(self._searching):
            run_index = self._index_of(run)
            read = partial(self._file.read, stop=stop)
            best = dict(run_index.best(read, words, 2 * k + _TIES))
            rows = read(  # CROSS, or SQLite would begin with all entries of the namespace
                "SELECT spans.id, entries.key, spans.first, spans.last FROM spans CROSS JOIN entries ON entries.id = spans.entry"  # noqa: S608 - numbers
                f" WHERE spans.id IN ({','.join(map(str, best))}) AND spans.place = ? AND entries.space = ?",
                (run_index.name, self._space),
            )
        for number, key, first, last in rows:
            if key in waiting:
                continue  # written in the meantime
            score = best[cast(int, number)]
            found.append(Recollection(key=str(key), start=cast(int, first), end=cast(int, last), score=score))
        found.sort(key=lambda each: (-round(each.score, 9), each.key, each.start))
        return tuple(found[:k])

    def _index_of(self, run: str) -> RunIndex:
        """The index of a run; those of the ``_RUNS`` runs searched last are kept."""
        if self._numbered != self._file.dropped:
            self._indexes.clear()
            self._numbered = self._file.dropped
        run_index = self._indexes.pop(run, None) or RunIndex(place_of(self._space, run))
        self._indexes[run] = run_index
        if len(self._indexes) > _RUNS:
            del self._indexes[next(iter(self._indexes))]
        return run_index

    def flush(self) -> None:
        """See ``harlm.protocols.MemoryStore``."""
        self._file.flush()
        self._file.tell_left_out()

    def close(self) -> None:
        """See ``harlm.protocols.MemoryStore``."""
        self._file.close()
