"""Reads the postings of an index of FTS5: the passages that contain a word, and how often it occurs in each.

Not thread-safe.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import repeat

from harlm.folding import fold
from harlm.retrieval.scripts import as_letters

TOKENIZER = "porter unicode61 remove_diacritics 2"
"""The tokenizer of FTS5 that cuts texts into stemmed words."""


class Postings:
    """The words of a table of FTS5.

    Args:
        connection: a connection to a database with the table.
        table: the name of the table; it becomes part of the SQL, so it must never come from a user.
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
        """The stems that FTS5 itself makes of some words, each once."""
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
        """The number of passages in which a stem occurs."""
        query = f"SELECT doc FROM temp.v_{self._table} WHERE term = ?"  # noqa: S608 - not a user's name
        row = self._one(query, stem)
        return int(row[0]) if row else 0

    def in_at_least(self, passages: float) -> list[tuple[str, int]]:
        """The stems that occur in at least ``passages`` passages, each with the number of these."""
        return self._connection.execute(
            f"SELECT term, doc FROM temp.v_{self._table} WHERE doc >= ?",  # noqa: S608 - as above
            (passages,),
        ).fetchall()

    def occurrences(self, stem: str) -> tuple[Sequence[int], Iterable[int]]:
        """The passages that contain a stem, ascending, and how often it occurs in each.

        They are read as one string, since reading as many rows takes twice as long.
        """
        query = f"SELECT group_concat(doc) FROM temp.o_{self._table} WHERE term = ?"  # noqa: S608 - as above
        (numbers,) = self._one(query, stem)
        counts = Counter(numbers.split(",")) if numbers else {}
        return list(map(int, counts)), counts.values()

    def passages(self, stem: str) -> tuple[Sequence[int], Iterable[int]]:
        """As ``occurrences``, with a count of 1 for each passage, in a third of the time."""
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
    """The query of FTS5 for any of some words; empty if they contain no letter and no digit."""
    return " OR ".join(f'"{word}"' for word in map(bare, words) if word)


def bare(word: str) -> str:
    """A word without the characters that are syntax in a query of FTS5, as the index holds it."""
    word = as_letters(fold(word))
    return "".join(letter for letter in word if letter.isalnum() or letter == " ").strip()
