"""Searching a context: the index is built when the first question needs it, and kept by content. Knows documents
and passages; the ranking belongs to ``harlm.retrieval``.
"""

from __future__ import annotations

import threading
from pathlib import Path

from harlm.retrieval.index import PassageIndex, open_index
from harlm.retrieval.ranking import rank_passages, word_weights
from harlm.types import Context, Hit

_WORTH_KEEPING = 1 << 16  # characters; a smaller index is built faster than a file is opened


class Searcher:
    """Search over one context. Safe to use from several threads.

    Args:
        context: what is searched.
        index_file: where the indexes of large contexts are kept; None keeps them in memory.
    """

    def __init__(self, context: Context, index_file: Path | None = None) -> None:
        self._context = context
        self._file = index_file if context.characters >= _WORTH_KEEPING else None
        self._lock = threading.Lock()
        self._index: PassageIndex | None = None
        self._texts = [document.text for document in context.documents]
        self._names = [document.name for document in context.documents]

    def search(self, query: str, k: int = 10, *, within: int | None = None) -> tuple[Hit, ...]:
        """The ``k`` passages that fit ``query`` best, best first; fewer when fewer hold any of its words.

        Args:
            within: the number of the only document to look into; all when None.
        """
        ranked = rank_passages(
            query, k, index=self._opened(), texts=self._texts, names=self._names, within=within
        )
        return tuple(
            Hit(document=each.text, start=each.start, end=each.end, score=each.score, best=each.best)
            for each in ranked
        )

    def weights(self, query: str) -> dict[str, float]:
        """How telling each word of a query is in this context: stem to share, summing to 1."""
        return word_weights(query, self._opened())

    def close(self) -> None:
        """Give the index's file back."""
        with self._lock:
            if self._index is not None:
                self._index.close()
                self._index = None

    def _opened(self) -> PassageIndex:
        with self._lock:
            if self._index is None:
                key = self._context.digest if self._file else "memory"
                self._index = open_index(self._texts, file=self._file, key=key)
            return self._index
