"""``memory`` as model-written code sees it: earlier results, by what they are about and by their handles. Asks the host for
everything; what it returns is data, and says what of it was cut.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Call = Callable[[str, dict[str, Any]], Any]


class MemoryHit:
    """An earlier result that was found: ``.handle``, ``.title``, ``.text`` (what of it fits the query), ``.tokens`` (of all)."""

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
    """What was found, which prints one below the other."""

    def __repr__(self) -> str:
        return "\n".join(map(repr, self)) or "(nothing found)"


class CellMemory:
    """What was found out in this run, here and in other parts of it.

    ``.search(query, k)``, ``.expand(handle)``, ``.note(text)``.
    """

    def __init__(self, call: Call) -> None:
        self._call = call

    def memory_search(self, query: str, k: int = 5, max_tokens: int | None = None) -> MemoryHits:
        """The earlier results that fit a query best; of each at most ``max_tokens``."""
        asked = {"query": str(query), "k": int(k), "max_tokens": _tokens(max_tokens)}
        return MemoryHits(map(MemoryHit, self._call("memory_search", asked)))

    def memory_expand(self, handle: Any, question: str | None = None, max_tokens: int | None = None) -> str:
        """An earlier result, whole; or in ``max_tokens`` what says most about ``question``."""
        name = handle.handle if isinstance(handle, MemoryHit) else str(handle).strip("[] ")
        asked = {"handle": name, "question": question, "max_tokens": _tokens(max_tokens)}
        found = self._call("memory_expand", asked)
        text: str = found["text"]
        if found["cut"]:
            text += (
                f"\n[cut; all of {name} has {found['tokens']:,} tokens; memory.expand({name!r}) returns it]"
            )
        return text

    def memory_note(self, text: str) -> str:
        """Keep a text in view, and return its handle."""
        handle: str = self._call("memory_note", {"text": str(text)})
        return handle

    # Named apart, so that whoever runs ahead of a cell knows them: what they return changes, and a note is made once.
    search, expand, note = memory_search, memory_expand, memory_note

    def __repr__(self) -> str:
        return "memory: .search(query, k=5), .expand(handle), .note(text)"


def _tokens(most: Any) -> int | None:
    if most is not None and (not isinstance(most, int) or isinstance(most, bool) or most < 1):
        raise ValueError(f"max_tokens must be a number of tokens from 1 on, or None, not {most!r}")
    return most
