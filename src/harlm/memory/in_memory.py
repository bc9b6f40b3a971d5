"""A store in this process's memory, for runs that keep nothing on disk. Ranks entries by how many words of a
query they hold.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence

from harlm.errors import MemoryFailure
from harlm.retrieval.passages import split_passages
from harlm.retrieval.terms import terms
from harlm.threads import StopFlag
from harlm.types import Entry, Recollection

_MOST_BYTES = 96 << 20
_ROW = 800  # bytes of an entry besides its value and question
_FIRST = 1 << 22  # characters of an entry that are searched
_MOST_WORDS = 64  # of a query


class InMemoryStore:
    """Keeps entries until it is closed; see ``harlm.protocols.MemoryStore``.

    Args:
        max_bytes: of all entries; the oldest are removed first.
    """

    def __init__(self, max_bytes: int = _MOST_BYTES) -> None:
        self._max_bytes = max_bytes
        self._entries: dict[str, Entry] = {}
        self._bytes = 0
        self._is_closed = False

    @property
    def is_behind(self) -> bool:
        """See ``harlm.storage.Behind``."""
        return False

    def put(self, entry: Entry) -> None:
        """See ``harlm.protocols.MemoryStore``."""
        if self._is_closed:
            raise MemoryFailure("this memory is closed; open another for new entries")
        if entry.key in self._entries:
            return
        self._entries[entry.key] = entry
        self._bytes += size_of(entry)
        while self._bytes > self._max_bytes and self._entries:
            self._bytes -= size_of(self._entries.pop(next(iter(self._entries))))

    def get(self, key: str) -> Entry | None:
        """See ``harlm.protocols.MemoryStore``."""
        return self._entries.get(key)

    def search(self, query: str, k: int, *, run: str, stop: StopFlag | None = None) -> Sequence[Recollection]:
        """See ``harlm.protocols.MemoryStore``."""
        words = telling_words(query)
        own = [each for each in list(self._entries.values()) if each.run == run]
        return look_through(words, own, stop or StopFlag())[: max(k, 0)]

    def flush(self) -> None:
        """See ``harlm.protocols.MemoryStore``."""

    def close(self) -> None:
        """See ``harlm.protocols.MemoryStore``."""
        self._is_closed = True
        self._entries.clear()


def size_of(entry: Entry) -> int:
    """Bytes that an entry takes, about."""
    return sys.getsizeof(entry.value) + sys.getsizeof(entry.question) + _ROW


def telling_words(query: str) -> list[str]:
    """The words of a query that are not stop words, or all if there are no others; at most 64, each once."""
    words = [query[each.start : each.end] for each in terms(query) if not each.is_stopword]
    return list(dict.fromkeys(words or query.split()))[:_MOST_WORDS]


def look_through(words: Sequence[str], entries: Iterable[Entry], stop: StopFlag) -> list[Recollection]:
    """The entries that hold any of the words, those with most of them first, each with its best passage.

    Raises:
        Stopped: the search is to end.
    """
    lower = [word.lower() for word in words]
    found: list[Recollection] = []
    for entry in entries:
        stop.check()
        text = entry.value[:_FIRST] if isinstance(entry.value, str) else ""
        wide = f"{entry.question}\n{text}".lower()
        if score := sum(word in wide for word in lower):
            start, end = max(
                split_passages(text) or [(0, 0)],
                key=lambda span: _held(lower, text[slice(*span)].lower(), stop),
            )
            found.append(Recollection(key=entry.key, start=start, end=end, score=float(score)))
    return sorted(found, key=lambda each: (-each.score, each.key))


def _held(words: Sequence[str], text: str, stop: StopFlag) -> int:
    stop.check()
    return sum(word in text for word in words)
