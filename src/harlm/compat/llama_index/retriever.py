"""A retriever of LlamaIndex over files, which searches without a model."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from harlm.compat.foreign import not_installed
from harlm.compat.passages import FilePassages

try:
    from llama_index.core.retrievers import BaseRetriever
    from llama_index.core.schema import NodeWithScore, TextNode
except ImportError as error:
    raise not_installed("llama_index", "llama-index-core>=0.14") from error


class HarlmNodeRetriever(BaseRetriever):
    """``HarlmNodeRetriever("./docs", k=5)``. The metadata of each node say where it stands: ``place`` opens in an editor.

    Args:
        paths: files, folders and globs.
        k: how many nodes, at most.

    Raises:
        ContextError: when it is asked: a path does not exist, or there is nothing to read.
    """

    def __init__(self, paths: str | Path | Sequence[str | Path], k: int = 10, **options: Any) -> None:
        super().__init__(**options)
        self._passages = FilePassages(paths, k)

    def _retrieve(self, query_bundle: Any) -> list[Any]:
        return [_node(*found) for found in self._passages.found(query_bundle.query_str)]

    async def _aretrieve(self, query_bundle: Any) -> list[Any]:
        return await asyncio.to_thread(self._retrieve, query_bundle)


def _node(text: str, score: float, where: dict[str, object]) -> Any:
    place = {"start_char_idx": where["start"], "end_char_idx": where["end"]}
    hidden = [
        name for name in where if name != "place"
    ]  # models are shown the place alone, embedders only the text
    node = TextNode(
        text=text, metadata=where, id_=f"{where['place']}-{where['end']}",
        excluded_llm_metadata_keys=hidden, excluded_embed_metadata_keys=list(where), **place,
    )  # fmt: skip
    return NodeWithScore(node=node, score=score)
