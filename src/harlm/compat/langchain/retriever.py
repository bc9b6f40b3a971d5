"""A retriever of LangChain over files, which searches without a model."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from harlm.compat.foreign import not_installed
from harlm.compat.passages import FilePassages

try:
    from langchain_core.documents import Document
    from langchain_core.retrievers import BaseRetriever
    from pydantic import PrivateAttr
except ImportError as error:
    raise not_installed("langchain", "langchain-core>=1") from error


class HarlmRetriever(BaseRetriever):
    """``HarlmRetriever(paths="./docs", k=5)``. The metadata of each document say where it stands: ``place`` opens in an editor.

    Raises:
        ContextError: when it is asked: a path does not exist, or there is nothing to read.
    """

    paths: str | Path | Sequence[str | Path]
    k: int = 10
    _passages: Any = PrivateAttr()

    def model_post_init(self, context: Any, /) -> None:
        """Prepare the search; nothing is read before the first question."""
        self._passages = FilePassages(self.paths, self.k)

    def _get_relevant_documents(self, query: str, *, run_manager: Any) -> list[Any]:
        found = self._passages.found(query)
        return [
            Document(page_content=text, metadata={**where, "score": score}) for text, score, where in found
        ]
