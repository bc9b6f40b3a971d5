"""Searching a context: the index is built when the first question needs it, and kept by content. Knows documents
and passages; the ranking belongs to ``harlm.retrieval``.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Self, TypeVar

from harlm.protocols import Embedder
from harlm.retrieval.index import LOST, Growing, Ranking, open_index
from harlm.retrieval.ranking import Query, RankedPassage, rank_passages, rank_sentences, weighed_query
from harlm.retrieval.semantic import Meaning
from harlm.retrieval.terms import stems_of
from harlm.storage import set_aside
from harlm.types import Context, Hit

_Found = TypeVar("_Found")
_EMBEDDED_AT_ONCE = 256
_SOON_S, _SELDOM_S = 0.15, 1.0
_WORTH_KEEPING = 1 << 16  # characters; a smaller index is built faster than a file is opened


First = Callable[[tuple[Hit, ...], float], None]
"""Told what was found in an index that is still being built, and which share of the texts that is of."""


class _Impatient:
    """Shows what an index that is being built holds: once soon, and then seldom."""

    def __init__(self, show: Growing) -> None:
        self._show = show
        self._next = time.monotonic() + _SOON_S

    def __call__(self, index: Ranking, share: float) -> None:
        """See ``harlm.retrieval.index.Growing``."""
        if time.monotonic() >= self._next and share < 1:
            self._next = time.monotonic() + _SELDOM_S
            self._show(index, share)


class Searcher:
    """Search over one context. Safe to use from several threads, and closed by ``with`` or ``close``.

    An index whose file is damaged, or that another process throws out of it, while it is in use, is built anew in memory.

    Args:
        context: what is searched.
        index_file: where the indexes of large contexts are kept; None keeps them in memory.
    """

    def __init__(self, context: Context, index_file: Path | None = None) -> None:
        self._context = context
        self._file = index_file if context.characters >= _WORTH_KEEPING else None
        self._lock = threading.Lock()
        self._index: Ranking | None = None
        self._asked: tuple[str, Query] | None = None
        self._texts = [document.text for document in context.documents]
        self._names = [document.name for document in context.documents]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def search(
        self, query: str, k: int = 10, *, within: int | None = None, first: First | None = None
    ) -> tuple[Hit, ...]:
        """The ``k`` passages that fit ``query`` best, best first; fewer when fewer hold any of its words.

        Args:
            query: a question, or some words; of a very long one the rarest words count.
            k: how many.
            within: the number of the only document to look into; all when None.
            first: told what was found so far, where the index takes long to build.
        """

        def rank(index: Ranking) -> tuple[Hit, ...]:
            query_here = self._read(query, index)
            ranked = rank_passages(
                query_here, k, index=index, texts=self._texts, names=self._names, within=within
            )
            return tuple(map(_hit, ranked))

        if first is not None:
            self._opened(_Impatient(lambda index, share: first(rank(index), share)))
            self._asked = None  # it was weighed by a part of the texts
        return self._on_index(rank)

    async def search_by_meaning(
        self, query: str, k: int, embedder: Embedder, told: Callable[[int, int], None] = lambda *_: None
    ) -> tuple[tuple[Hit, ...], str]:
        """As ``search``, with passages that are near the query in meaning, where a probe shows that this helps. Every passage is
        embedded at first.

        Args:
            told: told how many passages are embedded, and of how many.

        Returns:
            hits, and what was wrong with the embedder; nothing where nothing was.
        """
        index = await asyncio.to_thread(self._opened)
        texts = [self._passage(index, number) for number in range(len(index))]
        for at in range(0, len(texts), _EMBEDDED_AT_ONCE):
            told(at, len(texts))
            await embedder.embed(texts[at : at + _EMBEDDED_AT_ONCE])  # it remembers them
        meaning: Meaning[int] = Meaning(embedder)
        for number, text in enumerate(texts):
            meaning.add(number, text)

        def words(question: str) -> list[int]:
            return [number for number, _ in index.best(weighed_query(question, index).words, 3 * k)]

        asked = weighed_query(query, index)
        try:
            numbers = await meaning.widened(query, words(query), k, words)
        finally:
            await meaning.close()
        return tuple(self._hit_of(asked, index, number) for number in numbers), meaning.failure or ""

    def _passage(self, index: Ranking, number: int) -> str:
        text, start, end = index.passage(number)
        return self._texts[text][start:end]

    def _hit_of(self, query: Query, index: Ranking, number: int) -> Hit:
        text, start, end = index.passage(number)
        sentences = rank_sentences(query, self._texts[text], start, end)
        best = max(sentences, key=lambda each: each.coverage, default=None)
        span = (start, end) if best is None else (best.start, best.end)
        return Hit(
            document=text,
            start=start,
            end=end,
            score=query.coverage(stems_of(self._texts[text][start:end])),
            best=span,
        )

    def weights(self, query: str) -> dict[str, float]:
        """How telling each word of a query is in this context: stem to share, summing to 1."""
        return self._on_index(lambda index: self._read(query, index).weights)

    def close(self) -> None:
        """Give the index's file back."""
        with self._lock:
            if self._index is not None:
                self._index.close()
                self._index = None

    def _read(self, question: str, index: Ranking) -> Query:
        """The question weighed. The last one is remembered: who searches for it asks for its weights as well."""
        asked = self._asked
        if asked is None or asked[0] != question:
            asked = self._asked = (question, weighed_query(question, index))
        return asked[1]

    def _on_index(self, work: Callable[[Ranking], _Found]) -> _Found:
        """What ``work`` finds in the index, or in one built anew in memory when the index's file lets us down."""
        index = self._opened()
        try:
            return work(index)
        except LOST as error:
            with self._lock:
                if index is self._index:  # else another thread has seen to it already
                    if self._file is None:
                        raise
                    index.close()
                    set_aside(self._file, error)
                    self._index = self._file = None
            return work(self._opened())

    def _opened(self, growing: Growing | None = None) -> Ranking:
        with self._lock:
            if self._index is None:
                key = self._context.digest if self._file else "memory"
                self._index = open_index(self._texts, file=self._file, key=key, growing=growing)
            return self._index


def _hit(ranked: RankedPassage) -> Hit:
    return Hit(document=ranked.text, start=ranked.start, end=ranked.end, score=ranked.score, best=ranked.best)
