"""What a run knows of its entries without their values: a handle and a few facts for each."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from harlm.types import EntryKind

_DIGITS = "23456789abcdefghjkmnpqrstvwxyz"
_HANDLE = 5  # characters of a handle; more if two would be the same
_MOST = 50_000  # entries of a run that have a handle; the oldest lose theirs


@dataclass(slots=True)
class Known:
    """The facts about one entry that stay in this process's memory.

    Attributes:
        handle: how cells name it.
        key: of the entry in the store.
        kind, node, title, tokens: of the entry.
        gist: the beginning of its value.
        turn: the turn of its node in which it was put.
        is_pinned: whether every node's view shows it before other entries.
        was_hot: whether it was in the hot tier when it was last used.
        was_shown_short: whether the model saw a summary of it since it was last expanded.
    """

    handle: str
    key: str
    kind: EntryKind
    node: str
    title: str
    gist: str
    tokens: int
    turn: int
    is_pinned: bool = False
    was_hot: bool = True
    was_shown_short: bool = False


class KnownEntries:
    """The entries of one run by handle and by key. Of very many, the oldest are forgotten, pinned ones last."""

    def __init__(self) -> None:
        self._by_handle: dict[str, Known] = {}
        self._handles: dict[str, str] = {}
        self._unpinned: deque[str] = deque()

    def __len__(self) -> int:
        return len(self._by_handle)

    def __iter__(self) -> Iterator[Known]:
        """All of them, the oldest first."""
        return iter(self._by_handle.values())

    def __contains__(self, handle: str) -> bool:
        return handle in self._by_handle

    def __getitem__(self, handle: str) -> Known:
        """The facts under a handle.

        Raises:
            KeyError: there is no such handle.
        """
        return self._by_handle[handle]

    def handle_of(self, key: str) -> str | None:
        """The handle of the entry with this key in the store; ``None`` if it has none."""
        return self._handles.get(key)

    def new_handle(self, content: str) -> str:
        """A short name derived from the content.

        Concurrent calls end in any order, but a repeated run must show its model the same handles: only then
        are its prompts the same, and its calls reused.
        """
        digits = int.from_bytes(hashlib.blake2b(content.encode(), digest_size=16).digest(), "little")
        handle = "m"
        while len(handle) < _HANDLE or handle in self._by_handle:
            digits, digit = divmod(digits, len(_DIGITS))
            handle += _DIGITS[digit]
        return handle

    def add(self, known: Known) -> None:
        """Add an entry."""
        self._by_handle[known.handle] = known
        self._handles[known.key] = known.handle
        if not known.is_pinned:
            self._unpinned.append(known.handle)
        if len(self._by_handle) > _MOST:
            oldest = self._unpinned.popleft() if self._unpinned else next(iter(self._by_handle))
            del self._handles[self._by_handle.pop(oldest).key]
