"""Search over a context.

``harlm.retrieval`` ranks; this module builds the index on first use and handles its loss.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self, TypeVar

from harlm.protocols import Embedder
from harlm.retrieval.index import LOST, Growing, Ranking, open_index
from harlm.retrieval.ranking import (
    Query,
    RankedPassage,
    best_span,
    rank_passages,
    rank_sentences,
    weighed_query,
)
from harlm.retrieval.semantic import Meaning
from harlm.retrieval.sentences import Layout
from harlm.retrieval.terms import stems_of
from harlm.storage import set_aside
from harlm.threads import StopFlag, Stopped, Threads
from harlm.types import Context, Document, Hit

_Found = TypeVar("_Found")
_EMBEDDED_AT_ONCE = 256
_FIRST_AFTER_S, _THEN_EVERY_S = 0.15, 1.0
_WORTH_KEEPING = 1 << 16  # characters; a smaller index is built faster than a file is opened


First = Callable[[tuple[Hit, ...], float], None]
"""Called with the hits in an index that is being built, and the share of the texts it covers (0 to 1)."""


class _Throttled:
    """Passes on the progress of an index: first after 0.15 seconds, then at most every second."""

    def __init__(self, show: Growing) -> None:
        self._show = show
        self._next = time.monotonic() + _FIRST_AFTER_S

    def __call__(self, index: Ranking, share: float) -> None:
        """Take the index as built so far, as ``harlm.retrieval.index.Growing`` does."""
        if time.monotonic() >= self._next and share < 1:
            self._next = time.monotonic() + _THEN_EVERY_S
            self._show(index, share)


class Searcher:
    """Search over one context. Safe to use from several threads; closed by ``with`` or ``close``.

    Every method takes a ``stop`` that ends it early, with ``Stopped``; so does closing.

    If the index's file is damaged while in use, or another process removes the index from it, the index is
    rebuilt in memory.

    Args:
        context: the context to search.
        index_file: where the indexes of large contexts are stored, by content; ``None`` keeps them in memory.
        max_bytes: of the file, as in ``harlm.retrieval.index.open_index``.
    """

    def __init__(self, context: Context, index_file: Path | None = None, *, max_bytes: int = 1 << 62) -> None:
        self._max_bytes = max_bytes
        self._context = context
        self._file = index_file if context.characters >= _WORTH_KEEPING else None
        self._opening = threading.Lock()  # held while the index is built
        self._state = threading.Lock()  # held for moments
        self._index: Ranking | None = None
        self._users: set[StopFlag] = set()
        self._is_closed = False
        self._asked: tuple[str, Query] | None = None
        self._texts = [document.text for document in context.documents]
        self._names = [document.name for document in context.documents]
        self._layouts = [_layout(document) for document in context.documents]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def search(
        self,
        query: str,
        k: int = 10,
        *,
        within: int | None = None,
        first: First | None = None,
        stop: StopFlag | None = None,
    ) -> tuple[Hit, ...]:
        """The ``k`` passages that match ``query`` best, best first; fewer if fewer contain any of its words.

        Args:
            query: a question, or some words; of a very long one only the rarest words count.
            k: the number of passages.
            within: the index of the only document to search; ``None`` searches all.
            first: called with the hits so far, if the index takes long to build.
            stop: ends the search early.

        Raises:
            Stopped: the search is to end, or this searcher is closed.
        """
        with self._in_use(stop) as stop:

            def rank(index: Ranking) -> tuple[Hit, ...]:
                query_here = self._read(query, index, stop)
                ranked = rank_passages(
                    query_here,
                    k,
                    index=index,
                    texts=self._texts,
                    names=self._names,
                    within=within,
                    stop=stop,
                    layouts=self._layouts,
                )
                return tuple(map(_hit, ranked))

            if first is not None:
                self._opened(stop, _Throttled(lambda index, share: first(rank(index), share)))
                self._asked = None  # its weights come from a part of the texts
            return self._on_index(rank, stop)

    async def search_by_meaning(
        self,
        query: str,
        k: int,
        embedder: Embedder,
        on_progress: Callable[[int, int], None] = lambda *_: None,
    ) -> tuple[tuple[Hit, ...], str]:
        """As ``search``, plus passages whose meaning is near the query, if a probe shows that these help.

        The first search embeds every passage.

        Args:
            query, k: as in ``search``.
            embedder: makes the vectors.
            on_progress: called with the number of passages embedded so far, and the number of all.

        Returns:
            the hits, and the error of the embedder; an empty text if there was none.
        """
        index = await Threads().do(self._built)
        texts = [self._passage(index, number) for number in range(len(index))]
        for at in range(0, len(texts), _EMBEDDED_AT_ONCE):
            on_progress(at, len(texts))
            await embedder.embed(texts[at : at + _EMBEDDED_AT_ONCE])  # the embedder caches the vectors
        meaning: Meaning[int] = Meaning(embedder)
        for number, text in enumerate(texts):
            meaning.add(number, text)

        def words(question: str, stop: StopFlag) -> list[int]:
            asked = weighed_query(question, index, stop).words
            return [number for number, _ in index.best(asked, 3 * k, stop=stop)]

        asked = weighed_query(query, index)
        try:
            found = await Threads().do(lambda stop: words(query, stop))
            numbers = await meaning.widened(query, found, k, words)
        finally:
            await meaning.close()
        return tuple(self._hit_of(asked, index, number) for number in numbers), meaning.failure or ""

    def _passage(self, index: Ranking, number: int) -> str:
        text, start, end = index.passage(number)
        return self._texts[text][start:end]

    def _hit_of(self, query: Query, index: Ranking, number: int) -> Hit:
        text, start, end = index.passage(number)
        sentences = rank_sentences(query, self._texts[text], start, end, self._layouts[text])
        span = best_span(query, self._texts[text], sentences) or (start, end)
        return Hit(
            document=text,
            start=start,
            end=end,
            score=query.coverage(stems_of(self._texts[text][start:end])),
            best=span,
        )

    def weights(self, query: str, *, stop: StopFlag | None = None) -> dict[str, float]:
        """The weight of each word of a query in this context, by its stem; the weights sum to 1.

        Raises:
            Stopped: as for ``search``.
        """
        with self._in_use(stop) as stop:
            return self._on_index(lambda index: self._read(query, index, stop).weights, stop)

    def close(self) -> None:
        """Stop all searches, and close the index's file: now, or when the last search has ended. Does not wait.
        Safe to call twice.
        """
        with self._state:
            self._is_closed = True
            for stop in self._users:
                stop.set()
        self._release()

    @contextmanager
    def _in_use(self, given: StopFlag | None) -> Iterator[StopFlag]:
        """Keep the index open.

        Raises:
            Stopped: this searcher is closed.
        """
        stop = given or StopFlag()
        with self._state:
            if self._is_closed:
                raise Stopped
            self._users.add(stop)
        try:
            yield stop
        finally:
            with self._state:
                self._users.discard(stop)
            self._release()

    def _release(self) -> None:
        """Close the index, if this searcher is closed and no search runs."""
        with self._state:
            if not self._is_closed or self._users or self._index is None:
                return
            index, self._index = self._index, None
        index.close()

    def _built(self, stop: StopFlag) -> Ranking:
        with self._in_use(stop):
            return self._opened(stop)

    def _read(self, question: str, index: Ranking, stop: StopFlag) -> Query:
        """The weighed question.

        The last one is cached, since a caller that searches also asks for its weights.
        """
        asked = self._asked
        if asked is None or asked[0] != question:
            asked = self._asked = (question, weighed_query(question, index, stop))
        return asked[1]

    def _on_index(self, work: Callable[[Ranking], _Found], stop: StopFlag) -> _Found:
        """The result of ``work`` on the index; if the index's file fails, on one rebuilt in memory."""
        index = self._opened(stop)
        try:
            return work(index)
        except LOST as error:
            with stop.holding(self._opening):
                if index is self._index:  # else another thread has replaced it already
                    if self._file is None:
                        raise
                    index.close()
                    set_aside(self._file, error)
                    self._index = self._file = None
            return work(self._opened(stop))

    def _opened(self, stop: StopFlag, growing: Growing | None = None) -> Ranking:
        with stop.holding(self._opening):
            if self._index is None:
                key = self._digest(stop) if self._file else "memory"
                self._index = open_index(
                    self._texts,
                    file=self._file,
                    key=key,
                    growing=growing,
                    max_bytes=self._max_bytes,
                    stop=stop,
                )
            return self._index

    def _digest(self, stop: StopFlag) -> str:
        for document in self._context.documents:
            stop.check()
            _ = document.digest  # cached there
        return self._context.digest


def _hit(ranked: RankedPassage) -> Hit:
    return Hit(document=ranked.text, start=ranked.start, end=ranked.end, score=ranked.score, best=ranked.best)


_LINES = frozenset({"code", "csv", "json", "log", "xlsx"})
"""Kinds of documents whose sentences never continue in the next line."""

_PARTS = frozenset({"row", "slide", "cell", "paragraph"})
"""Units across which no sentence goes."""


def _layout(document: Document) -> Layout:
    marks = document.marks
    starts = marks.starts if marks is not None and marks.unit in _PARTS else ()
    return Layout(has_prose=document.kind not in _LINES, starts=starts)
