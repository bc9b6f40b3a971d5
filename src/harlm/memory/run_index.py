"""Which passages of one run say most about a query. Knows FTS5's table of passages; refuses to know entries.

Words weigh by how few passages of *this run* have them, whatever else the file holds: a search in a run that is asked again
finds the same in the same order, and a prompt that shows it is the same prompt. (FTS5's own ranking weighs by the whole file.)
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import cast

from harlm.retrieval.impacts import K1, B
from harlm.retrieval.postings import any_of

Read = Callable[[str, tuple[object, ...]], list[tuple[object, ...]]]
"""Rows of a query with these values."""

_USUAL = 900  # characters of a passage; that of the run itself would change with every entry


class RunIndex:
    """The passages of one run, as far as they were read.

    Attributes:
        name: the word that stands for the run in the table.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._shares: dict[int, float] = {}  # ascending

    def best(self, read: Read, words: Sequence[str], k: int) -> list[tuple[int, float]]:
        """The ``k`` passages in which most of ``words`` stand, or in whose entry's question, as (passage, score), best first."""
        self._catch_up(read)
        scores: defaultdict[int, float] = defaultdict(float)
        for word in words:
            holding = self._holding(read, word)
            rarity = math.log(1 + (len(self._shares) - len(holding) + 0.5) / (len(holding) + 0.5))
            for passage in holding:
                scores[passage] += rarity * self._shares[passage]
        return sorted(scores.items(), key=lambda each: (-each[1], each[0]))[:k]

    def _catch_up(self, read: Read) -> None:
        """Read what was added since; all of it where entries were forgotten meanwhile, whose numbers others may have by now."""
        self._read_on(read)
        counted = read("SELECT count(*) FROM passages WHERE passages MATCH ?", (f"place : {self.name}",))
        if counted and counted[0][0] != len(self._shares):
            self._shares.clear()
            self._read_on(read)

    def _read_on(self, read: Read) -> None:
        for number, length in read(
            "SELECT spans.id, spans.last - spans.first FROM passages JOIN spans ON spans.id = passages.rowid"
            " WHERE passages MATCH ? AND passages.rowid > ? ORDER BY passages.rowid",
            (f"place : {self.name}", next(reversed(self._shares), -1)),
        ):
            norm = K1 * (1 - B + B * cast(int, length) / _USUAL)
            self._shares[cast(int, number)] = (K1 + 1) / (1 + norm)

    def _holding(self, read: Read, word: str) -> list[int]:
        """Passages of the run that have a word. Those of other runs between them are read as well, which is faster than to ask
        FTS5 for the run and the word.
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
