"""Ranks the passages of one run for a query. Handles FTS5's table of passages, not entries.

A word weighs more the fewer passages of *this run* hold it, whatever else is in the file. So a search in a
repeated run finds the same passages in the same order, and a prompt that shows them is the same prompt.
(FTS5's own ranking weighs by the whole file.)
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import cast

from harlm.retrieval.impacts import K1, B
from harlm.retrieval.postings import any_of

Read = Callable[[str, tuple[object, ...]], list[tuple[object, ...]]]
"""Returns the rows of an SQL query, given its parameters."""

_AT_ONCE = 5_000  # passages that one query reads
_USUAL = 900  # characters of a typical passage; the run's own mean would change with every entry


class RunIndex:
    """The passages of one run that were read from the file so far.

    Args:
        name: the word that names the run in the table; see ``harlm.memory.rows.place_of``.

    Attributes:
        name: as above.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._shares: dict[int, float] = {}  # by passage, ascending: its weight by length

    def best(self, read: Read, words: Sequence[str], k: int) -> list[tuple[int, float]]:
        """The ``k`` passages that score best by BM25, best first.

        Args:
            read: reads from the file.
            words: a passage scores for each of these that occurs in it, or in its entry's question.
            k: how many passages at most.

        Returns:
            pairs of passage and score.
        """
        self._catch_up(read)
        scores: defaultdict[int, float] = defaultdict(float)
        for word in words:
            holding = self._holding(read, word)
            rarity = math.log(1 + (len(self._shares) - len(holding) + 0.5) / (len(holding) + 0.5))
            for passage in holding:
                scores[passage] += rarity * self._shares[passage]
        return sorted(scores.items(), key=lambda each: (-each[1], each[0]))[:k]

    def _catch_up(self, read: Read) -> None:
        """Read the passages added since the last time, or all if some were removed and numbers reused."""
        self._read_on(read)
        counted = read("SELECT count(*) FROM passages WHERE passages MATCH ?", (f"place : {self.name}",))
        if counted and counted[0][0] != len(self._shares):
            self._shares.clear()
            self._read_on(read)

    def _read_on(self, read: Read) -> None:
        rows: list[tuple[object, ...]] = [()]
        while rows:
            rows = read(
                "SELECT spans.id, spans.last - spans.first FROM passages JOIN spans ON spans.id = passages.rowid"
                " WHERE passages MATCH ? AND passages.rowid > ? ORDER BY passages.rowid LIMIT ?",
                (f"place : {self.name}", next(reversed(self._shares), -1), _AT_ONCE),
            )
            for number, length in rows:
                norm = K1 * (1 - B + B * cast(int, length) / _USUAL)
                self._shares[cast(int, number)] = (K1 + 1) / (1 + norm)
            if len(rows) < _AT_ONCE:
                return

    def _holding(self, read: Read, word: str) -> list[int]:
        """The passages of the run that hold a word.

        Reads the passages of other runs between them as well, which is faster than asking FTS5 for both.
        """
        asked = any_of([word])
        if not asked or not self._shares:
            return []
        first, last = next(iter(self._shares)), next(reversed(self._shares))
        rows = read(
            "SELECT group_concat(rowid) FROM passages WHERE passages MATCH ? AND rowid BETWEEN ? AND ?",
            (f"{{question text}} : {asked}", first, last),
        )
        numbers = str(rows[0][0] or "") if rows else ""
        return [number for number in map(int, filter(None, numbers.split(","))) if number in self._shares]
