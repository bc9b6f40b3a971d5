"""``memory`` as model-written code sees it: earlier results of the run, found by a query or by their handles.
The host keeps them. What is returned is data, and says how much of it was cut.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..arguments import (
    HANDLE,
    NOTE,
    QUERY,
    RESULTS,
    TOKENS,
    as_number,
    as_number_or_none,
    as_text,
    as_text_or_none,
)

Call = Callable[[str, dict[str, Any]], Any]
"""Calls a host function with its arguments, and returns the reply."""


class MemoryHit:
    """An earlier result that a search found.

    Attributes:
        handle: its short name; ``memory.expand(handle)`` returns all of it.
        title: what it is about.
        text: the part that fits the query.
        tokens: the size of all of it.
        is_cut: whether ``text`` is not all of it.
    """

    __slots__ = ("handle", "is_cut", "text", "title", "tokens")

    def __init__(self, found: dict[str, Any]) -> None:
        self.handle: str = found["handle"]
        self.title: str = found["title"]
        self.text: str = found["text"]
        self.tokens: int = found["tokens"]
        self.is_cut: bool = found["cut"]

    def __getitem__(self, key: str) -> Any:
        return getattr(self, key)

    def __repr__(self) -> str:
        more = f"\n[cut; memory.expand({self.handle!r}) returns all]" if self.is_cut else ""
        lines = "\n".join(f"| {line}" for line in self.text.splitlines())
        return f"[{self.handle}] {self.title}\n{lines}{more}"


class MemoryHits(list[MemoryHit]):
    """Results of a search, printed one below the other."""

    def __repr__(self) -> str:
        return "\n".join(map(repr, self)) or "(nothing found)"


class CellMemory:
    """What was found out in this run, by this node and by others.

    ``.search(query, k)``, ``.expand(handle)``, ``.note(text)``.
    """

    def __init__(self, call: Call) -> None:
        self._call = call

    def memory_search(self, query: str, k: int = 5, max_tokens: int | None = None) -> MemoryHits:
        """The ``k`` earlier results that fit a query best, each in at most ``max_tokens`` tokens."""
        asked = {
            "query": as_text(query, "the query of memory.search", QUERY),
            "k": as_number(k, "k of memory.search", RESULTS),
            "max_tokens": as_number_or_none(max_tokens, "max_tokens", TOKENS, least=1),
        }
        return MemoryHits(map(MemoryHit, self._call("memory_search", asked)))

    def memory_expand(self, handle: Any, question: str | None = None, max_tokens: int | None = None) -> str:
        """An earlier result, whole; or the part that says most about ``question``, in at most ``max_tokens``
        tokens.
        """
        given = handle.handle if isinstance(handle, MemoryHit) else handle
        name = as_text(given, "the handle of memory.expand", HANDLE).strip("[] ")
        asked = {
            "handle": name,
            "question": as_text_or_none(question, "the question of memory.expand", QUERY),
            "max_tokens": as_number_or_none(max_tokens, "max_tokens", TOKENS, least=1),
        }
        found = self._call("memory_expand", asked)
        text: str = found["text"]
        if found["cut"]:
            text += (
                f"\n[cut; all of {name} has {found['tokens']:,} tokens; memory.expand({name!r}) returns it]"
            )
        return text

    def memory_note(self, text: str) -> str:
        """Keep a text in every later view of the memory, and return its handle."""
        handle: str = self._call("memory_note", {"text": as_text(text, "the note", NOTE)})
        return handle

    # Defined under their vocabulary names, by which a scout knows that it must not call them: results change
    # with time, and a note is to be made once.
    search, expand, note = memory_search, memory_expand, memory_note

    def __repr__(self) -> str:
        return "memory: .search(query, k=5), .expand(handle), .note(text)"
