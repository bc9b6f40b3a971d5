"""The functions with which cells search, expand and add to the memory.

Every argument was chosen by a model, so it is checked here. What is returned is data and says if it was cut.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import msgspec
from msgspec import Meta

from harlm.engine.node import Node
from harlm.errors import CodeError, MemoryFailure
from harlm.guest.arguments import HANDLE, NOTE, QUERY, RESULTS, TOKENS
from harlm.memory import Recalled

_EXCERPT = 160  # tokens of one hit

_Query = Annotated[str, Meta(max_length=QUERY.most)]
_Tokens = Annotated[int, Meta(ge=1, le=TOKENS.most)]


class _Search(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    query: _Query
    k: Annotated[int, Meta(ge=0, le=RESULTS.most)]
    max_tokens: _Tokens | None = None


class _Expand(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    handle: Annotated[str, Meta(max_length=HANDLE.most)]
    question: _Query | None = None
    max_tokens: _Tokens | None = None


class _Note(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    text: Annotated[str, Meta(max_length=NOTE.most)]


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
                    return await self._expand(msgspec.convert(arguments, _Expand))
                case "memory_note":
                    await self._memory.room()
                    return self._note(msgspec.convert(arguments, _Note))
        except MemoryFailure as error:
            raise CodeError(str(error)) from error
        raise CodeError(f"there is no function {function!r}")

    async def _search(self, asked: _Search) -> list[dict[str, object]]:
        tokens = _EXCERPT if asked.max_tokens is None else asked.max_tokens
        found = await self._memory.search(asked.query, asked.k, tokens)
        return [_shown(each) for each in found]

    async def _expand(self, asked: _Expand) -> dict[str, object]:
        try:
            return _shown(await self._memory.expand(asked.handle, asked.max_tokens, asked.question or ""))
        except KeyError:
            raise CodeError(
                f"there is no handle {asked.handle[:40]!r}; memory.search(query) finds the {len(self._memory):,} that exist"
            ) from None

    def _note(self, asked: _Note) -> str:
        if not asked.text.strip():
            raise CodeError("the note is empty; give memory.note the text to keep")
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
