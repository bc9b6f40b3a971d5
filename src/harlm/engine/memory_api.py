"""The functions with which cells search, expand and add to the memory.

Every argument was chosen by a model, so it is checked here. What is returned is data and says if it was cut.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from harlm.engine.node import Node
from harlm.errors import CodeError, MemoryFailure
from harlm.memory import Recalled

_MOST_HITS = 50  # of one search
_MOST_NOTE = 20_000  # characters of a note
_EXCERPT = 160  # tokens of one hit


class _Search(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    query: str
    k: int
    max_tokens: int | None = None


class _Expand(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    handle: str
    question: str | None = None
    max_tokens: int | None = None


class _Note(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    text: str


class MemoryApi:
    """Serves the memory to the cells of one node."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._memory = node.run.memory

    async def serve(self, function: str, arguments: Mapping[str, object]) -> object:
        """Serve one call of a cell.

        Args:
            function: a memory function of ``harlm.guest.vocabulary``.
            arguments: as the cell gave them, not checked yet.

        Raises:
            CodeError: the call cannot be served; raised in the cell with this message.
            msgspec.ValidationError: an argument is missing, unknown or of the wrong type.
        """
        try:
            match function:
                case "memory_search":
                    return await self._search(msgspec.convert(arguments, _Search))
                case "memory_expand":
                    return self._expand(msgspec.convert(arguments, _Expand))
                case "memory_note":
                    await self._memory.room()
                    return self._note(msgspec.convert(arguments, _Note))
        except MemoryFailure as error:
            raise CodeError(str(error)) from error
        raise CodeError(f"there is no function {function!r}")

    async def _search(self, asked: _Search) -> list[dict[str, object]]:
        tokens = _EXCERPT if asked.max_tokens is None else max(1, asked.max_tokens)
        found = await self._memory.search(asked.query, max(0, min(asked.k, _MOST_HITS)), tokens)
        return [_shown(each) for each in found]

    def _expand(self, asked: _Expand) -> dict[str, object]:
        tokens = None if asked.max_tokens is None else max(1, asked.max_tokens)
        try:
            return _shown(self._memory.expand(asked.handle, tokens, asked.question or ""))
        except KeyError:
            raise CodeError(
                f"there is no handle {asked.handle[:40]!r}; memory.search(query) finds the {len(self._memory):,} that exist"
            ) from None

    def _note(self, asked: _Note) -> str:
        if not asked.text.strip():
            raise CodeError("the note is empty; give memory.note the text to keep")
        if len(asked.text) > _MOST_NOTE:
            raise CodeError(
                f"a note of {len(asked.text):,} characters is too long; at most {_MOST_NOTE:,} are kept in view. "
                "Keep the text in a variable, and note what matters"
            )
        return self._memory.put(
            asked.text, kind="note", node=self._node.name, depth=self._node.depth, is_pinned=True
        )


def _shown(each: Recalled) -> dict[str, object]:
    return {
        "handle": each.handle,
        "title": each.title,
        "text": each.text,
        "tokens": each.tokens,
        "cut": each.is_cut,
    }
