"""Entries of memory in Postgres, with BM25 search over them; see ``harlm.protocols.MemoryStore``. Namespaces are separate.

Words are found by marks: numbers made of a run and a stem, in a GIN index. A mark stands in passages of one run only, so what a
search reads does not grow with the other runs. Scores are those of ``harlm.memory.run_index``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from hashlib import blake2b
from typing import cast

import msgspec

from harlm.errors import MemoryFailure
from harlm.folding import fold
from harlm.memory import InMemoryStore
from harlm.memory.in_memory import look_through, size_of, telling_words
from harlm.memory.rows import entry_of, indexed, packed_value, place_of, storable
from harlm.retrieval.impacts import K1, B
from harlm.retrieval.postings import bare
from harlm.retrieval.terms import stem
from harlm.stores.postgres.calls import decoded, encoded
from harlm.stores.postgres.link import PostgresLink
from harlm.stores.postgres.schema import Connection
from harlm.stores.postgres.server import PostgresAddress
from harlm.stores.postgres.writing import PostgresPending, make_room
from harlm.threads import StopFlag
from harlm.types import Entry, Recollection

_USUAL = 900  # characters of a typical passage, as in ``harlm.memory.run_index``
_OWN_BYTES = 32 << 20  # of entries that this process keeps for the time that the server is away
_ROW = 300  # bytes of a row besides its value
_MARK = 16  # bytes of a mark, with its share of the index

_WORDS = re.compile(r"[^\W_]+")
_GET = "SELECT key, value, packing, about FROM harlm.entries WHERE space = %s AND key = %s"
_SEARCH = f"""
WITH asked AS MATERIALIZED (SELECT n, marks FROM unnest(%s::int[], %s::text[]) AS asked (n, listed), LATERAL (SELECT listed::bigint[]) AS made (marks)),
held AS MATERIALIZED (SELECT asked.n, p.id, p.entry, p.first, p.last FROM asked CROSS JOIN LATERAL
  (SELECT * FROM harlm.passages WHERE marks @> asked.marks OFFSET 0) AS p WHERE p.place = %s),
worth AS (SELECT n, ln(1 + ((SELECT count(*) FROM harlm.passages WHERE place = %s) - count(*) + 0.5) / (count(*) + 0.5)) AS rarity FROM held GROUP BY n),
scored AS (SELECT held.entry, held.first, held.last,
  sum(worth.rarity) * {K1 + 1} / (1 + {K1} * ({1 - B} + {B} * (held.last - held.first) / {_USUAL}.0)) AS score
  FROM held JOIN worth USING (n) GROUP BY held.id, held.entry, held.first, held.last)
SELECT e.key, scored.first, scored.last, scored.score::double precision FROM scored JOIN harlm.entries AS e ON e.id = scored.entry
  ORDER BY round(scored.score::numeric, 9) DESC, e.key, scored.first LIMIT %s
"""  # noqa: S608 - our own numbers


def place_number(space: str, run: str) -> int:
    """One number that names a run of a namespace."""
    return _number(place_of(storable(space), storable(run)))


def marks_of(place: int, text: str) -> list[int]:
    """The marks of the words of a text in a run, ascending."""
    return sorted({_number(f"{place}\0{stem(word)}") for word in _WORDS.findall(fold(text))})


def _number(text: str) -> int:
    return int.from_bytes(
        blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little", signed=True
    )


class PostgresEntryTable:
    """Entries as rows; see ``harlm.stores.postgres.writing.PostgresTable``.

    Args:
        space: the namespace.
        max_bytes: of the rows of all namespaces.
    """

    noun = "memory"
    is_one_statement = False

    def __init__(self, space: str, max_bytes: int) -> None:
        self._space = space
        self.max_bytes = max_bytes

    def key_of(self, item: Entry) -> str:
        """See ``harlm.storage.Sized``."""
        return item.key

    def size_of(self, item: Entry) -> int:
        """See ``harlm.storage.Sized``."""
        return size_of(item)

    def make_room(self, connection: Connection, size: int) -> None:
        """See ``PostgresTable``."""
        make_room(connection, "entries", self.max_bytes, size)

    def insert(self, connection: Connection, items: Sequence[Entry]) -> None:
        """See ``PostgresTable``. An entry whose key exists counts as one more use, and is found in its run too."""
        items = sorted(
            {each.key: each for each in reversed(items)}.values(), key=self.key_of
        )  # the first of a key; in one order
        passages = [self._passages(each) for each in items]
        rows = []
        for each, parts in zip(items, passages, strict=True):
            value, packing = packed_value(each.value)
            about = _about(each)
            size = len(value) + len(about) + _ROW + _MARK * sum(len(marks) for *_, marks in parts)
            rows.append((encoded(self._space), encoded(each.key), value, packing, about, size, each.created))
        cursor = connection.cursor()
        cursor.executemany(
            "INSERT INTO harlm.entries AS kept (space, key, value, packing, about, size, used, uses) VALUES (%s, %s, %s, %s, %s, %s, %s, 0)"
            " ON CONFLICT (space, key) DO UPDATE SET used = excluded.used, uses = kept.uses + 1",
            rows,
        )
        cursor.executemany(
            "INSERT INTO harlm.passages (entry, place, first, last, marks)"
            " SELECT e.id, %s, parts.first, parts.last, parts.listed::bigint[] FROM harlm.entries AS e,"
            " unnest(%s::int[], %s::int[], %s::text[]) AS parts (first, last, listed) WHERE e.space = %s AND e.key = %s"
            " AND NOT EXISTS (SELECT 1 FROM harlm.passages AS p WHERE p.entry = e.id AND p.place = %s)",
            [
                self._passage_row(each, parts)
                for each, parts in zip(items, passages, strict=True)
                if each.run  # else it can be read by its key alone
            ],
        )

    def _passages(self, entry: Entry) -> list[tuple[int, int, list[int]]]:
        if not entry.run:
            return []
        place = place_number(self._space, entry.run)
        return [
            (start, end, marks_of(place, f"{asked} {words}")) for start, end, asked, words in indexed(entry)
        ]

    def _passage_row(self, entry: Entry, parts: Iterable[tuple[int, int, list[int]]]) -> tuple[object, ...]:
        place = place_number(self._space, entry.run)
        firsts, lasts, marks = zip(*parts, strict=True)
        listed = [f"{{{','.join(map(str, each))}}}" for each in marks]
        return place, list(firsts), list(lasts), listed, encoded(self._space), encoded(entry.key), place


class PostgresEntries:
    """Entries that several machines share; see ``harlm.protocols.MemoryStore``.

    Args:
        address: of the database.
        reading, writing: connections to it; ``writing`` is used by one thread.
        space: the namespace.
        max_bytes: of the rows of all namespaces.
    """

    def __init__(
        self,
        address: PostgresAddress,
        reading: PostgresLink,
        writing: PostgresLink,
        space: str,
        max_bytes: int,
    ) -> None:
        self._reading, self._writing = reading, writing
        self._space = space
        self._pending: PostgresPending[Entry] = PostgresPending(
            writing, PostgresEntryTable(space, max_bytes), address
        )
        self._own = InMemoryStore(_OWN_BYTES)

    @property
    def is_behind(self) -> bool:
        """See ``harlm.storage.Behind``."""
        return self._pending.is_behind

    @property
    def failure(self) -> str | None:
        """Why entries are not in the store; ``None`` as long as they are."""
        return self._pending.failure

    def put(self, entry: Entry) -> None:
        """See ``harlm.protocols.MemoryStore``."""
        self._pending.put(entry)
        self._own.put(entry)

    def get(self, key: str) -> Entry | None:
        """See ``harlm.protocols.MemoryStore``.

        Raises:
            MemoryFailure: the server is away, and this process has not put the entry lately.
        """
        if self._pending.is_closed:
            return None
        if (entry := self._pending.waiting(key)) is not None:
            return entry
        try:
            rows = self._reading.ask(_GET, (encoded(self._space), encoded(key)))
        except MemoryFailure:
            if (entry := self._own.get(key)) is None:
                raise
            return entry
        return _entry(rows[0]) if rows else None

    def search(self, query: str, k: int, *, run: str, stop: StopFlag | None = None) -> Sequence[Recollection]:
        """See ``harlm.protocols.MemoryStore``. While the server is away, the entries that this process put lately are searched."""
        stop = stop or StopFlag()
        words = telling_words(query)
        if k < 1 or not any(map(bare, words)) or self._pending.is_closed:
            return ()
        with suppress(MemoryFailure):  # entries that cannot be written are searched in memory below
            self._pending.flush(stop)
        waiting = {each.key: each for each in self._pending.all_waiting() if each.run == run}
        found = look_through(words, waiting.values(), stop)
        try:
            rows = self._best(words, k + len(waiting), run)
        except MemoryFailure:
            return self._own.search(query, k, run=run, stop=stop)
        stop.check()
        for key, first, last, score in rows:
            if (name := decoded(key)) not in waiting:
                found.append(
                    Recollection(
                        key=name, start=cast(int, first), end=cast(int, last), score=cast(float, score)
                    )
                )
        found.sort(key=lambda each: (-round(each.score, 9), each.key, each.start))
        return tuple(found[:k])

    def _best(self, words: Sequence[str], k: int, run: str) -> list[tuple[object, ...]]:
        place = place_number(self._space, run)
        asked = [marks for word in words if (marks := marks_of(place, bare(word)))]
        listed = [f"{{{','.join(map(str, each))}}}" for each in asked]
        return self._reading.ask(_SEARCH, (list(range(len(asked))), listed, place, place, k))

    def flush(self) -> None:
        """See ``harlm.protocols.MemoryStore``."""
        self._pending.flush()
        self._pending.tell_left_out()

    def close(self) -> None:
        """See ``harlm.protocols.MemoryStore``."""
        if self._pending.end_writing():
            self._own.close()
            self._reading.close()
            self._writing.close()


def _about(entry: Entry) -> bytes:
    """What is kept of an entry besides its key and value."""
    usage = msgspec.json.encode(entry.usage).decode()
    texts = map(storable, (entry.question, entry.run, entry.node))
    return msgspec.json.encode(
        (entry.kind, *texts, entry.depth, storable(entry.model), entry.tokens, entry.created, usage)
    )


def _entry(row: Sequence[object]) -> Entry:
    key, value, packing, about = row
    kind, question, run, node, depth, model, tokens, created, usage = msgspec.json.decode(
        cast(bytes, about), type=tuple
    )
    return entry_of(
        (decoded(key), kind, value, packing, question, run, node, depth, model, tokens, created, usage)
    )
