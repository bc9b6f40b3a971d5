"""BM25-RAG: the passages that match the question best, and one call. Ranks with ``harlm.retrieval``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

from harlm.context import Searcher
from harlm.tokens import estimate_tokens
from harlm.types import Context, Document
from harlm_bench.items import Question, Window
from harlm_bench.outcomes import Outcome
from harlm_bench.systems import Limits, Model
from harlm_bench.systems.attempt import Effort, attempt
from harlm_bench.systems.chat import Chat
from harlm_bench.systems.wording import asked_of, reply_tokens, room_for_text


@dataclass(frozen=True, slots=True)
class Bm25:
    """The best ``k`` passages and one call of the root model."""

    k: int = 10

    @property
    def name(self) -> str:
        """See ``System``."""
        return f"BM25, top {self.k}"

    def answer(self, window: Window, question: Question, model: Model, limits: Limits) -> Outcome:
        """See ``System``."""
        return attempt(partial(self._solve, window, question.text, model, limits))

    def _solve(self, window: Window, question: str, model: Model, limits: Limits, effort: Effort) -> str:
        with searching(window) as search:
            found = search(question, self.k)
        effort.notes["passages"] = len(found)
        text = "\n\n".join(_fitting(found, room_for_text(model.window, question)))
        with Chat(model, limits, effort) as chat:
            return chat.ask(asked_of(text, question), max_tokens=reply_tokens(model.window)).text


class Search:
    """Finds passages of one window.

    Args:
        context: the documents.
        searcher: over them.
    """

    def __init__(self, context: Context, searcher: Searcher) -> None:
        self._context = context
        self._searcher = searcher

    def __call__(self, query: str, k: int) -> list[str]:
        """The best ``k`` passages, best first; with the document's name before each if there are several."""
        documents = self._context.documents
        found = []
        for hit in self._searcher.search(query, k):
            document = documents[hit.document]
            text = document.text[hit.start : hit.end].strip()
            found.append(f"[{document.name}] {text}" if len(documents) > 1 else text)
        return found


@contextmanager
def searching(window: Window) -> Iterator[Search]:
    """A search over the documents of a window."""
    context = context_of(window)
    with Searcher(context) as searcher:
        yield Search(context, searcher)


def context_of(window: Window) -> Context:
    """The documents of a window, as HARLM takes them."""
    documents = tuple(Document(name=name, text=text) for name, text in window.documents.items())
    return Context(documents=documents, shape="text" if len(documents) == 1 else "documents")


def _fitting(passages: list[str], tokens: int) -> Iterator[str]:
    """The first passages, as far as they fit."""
    for passage in passages:
        tokens -= estimate_tokens(passage) + 2
        if tokens < 0:
            return
        yield passage
