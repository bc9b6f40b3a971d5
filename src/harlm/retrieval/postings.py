"""Which passages have a word, and how often: what an index of FTS5 holds, read. Knows one table; refuses to weigh.

For one thread at a time.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import repeat

TOKENIZER = "porter unicode61 remove_diacritics 2"
"""How all texts are cut into words."""


class Postings:
    """The words of a table of FTS5.

    Args:
        connection: to a database that holds the table.
        table: its name; not a user's.
    """

    def __init__(self, connection: sqlite3.Connection, table: str) -> None:
        self._connection = connection
        self._table = table
        for name, made in (
            (f"v_{table}", f"fts5vocab(main, {table}, row)"),
            (f"o_{table}", f"fts5vocab(main, {table}, instance)"),
            ("cut", f"fts5(text, content = '', tokenize = '{TOKENIZER}')"),
            ("stems", "fts5vocab(temp, cut, instance)"),
        ):
            connection.execute(f"CREATE VIRTUAL TABLE IF NOT EXISTS temp.{name} USING {made}")

    def stems(self, words: Sequence[str]) -> list[str]:
        """The stems of some words, each once, as FTS5 itself makes them."""
        run = self._connection.execute
        run("SAVEPOINT cutting")
        try:
            self._connection.executemany(
                "INSERT INTO temp.cut(rowid, text) VALUES (?, ?)", enumerate(map(bare, words))
            )
            rows = run("SELECT term FROM temp.stems ORDER BY doc, offset").fetchall()
        finally:
            run("ROLLBACK TO cutting")
            run("RELEASE cutting")
        return list(dict.fromkeys(stem for (stem,) in rows))

    def frequency(self, stem: str) -> int:
        """In how many passages a stem occurs."""
        row = self._one(f"SELECT doc FROM temp.v_{self._table} WHERE term = ?", stem)  # noqa: S608 - the table's name is ours
        return int(row[0]) if row else 0

    def in_at_least(self, passages: float) -> list[tuple[str, int]]:
        """The stems that occur in so many passages or more, with their number."""
        return self._connection.execute(
            f"SELECT term, doc FROM temp.v_{self._table} WHERE doc >= ?",  # noqa: S608 - as above
            (passages,),
        ).fetchall()

    def occurrences(self, stem: str) -> tuple[Sequence[int], Iterable[int]]:
        """The passages that have a stem, ascending, and how often it occurs in each.

        They come in one string: reading as many rows takes twice as long.
        """
        (numbers,) = self._one(f"SELECT group_concat(doc) FROM temp.o_{self._table} WHERE term = ?", stem)  # noqa: S608 - as above
        counts = Counter(numbers.split(",")) if numbers else {}
        return list(map(int, counts)), counts.values()

    def passages(self, stem: str) -> tuple[Sequence[int], Iterable[int]]:
        """As ``occurrences``, but once in each passage, in a third of the time."""
        if self.stems([stem]) != [stem]:
            return self.occurrences(stem)[0], repeat(1)  # FTS5 would look for the stem of the stem
        (numbers,) = self._one(
            f"SELECT group_concat(rowid) FROM {self._table} WHERE {self._table} MATCH ?",  # noqa: S608 - as above
            any_of([stem]),
        )
        return list(map(int, numbers.split(","))) if numbers else [], repeat(1)

    def _one(self, query: str, value: str) -> tuple[str, ...]:
        row: tuple[str, ...] = self._connection.execute(query, (value,)).fetchone()
        return row


def any_of(words: Iterable[str]) -> str:
    """The query of FTS5 for any of some words; empty where they hold no letter and no digit."""
    return " OR ".join(f'"{word}"' for word in map(bare, words) if word)


def bare(word: str) -> str:
    """A word without what FTS5 could take for its own language."""
    return "".join(letter for letter in word if letter.isalnum() or letter == " ").strip()
