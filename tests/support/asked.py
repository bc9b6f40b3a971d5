"""Tasks as strategies see them."""

from __future__ import annotations

from collections.abc import Mapping

from harlm.branching.strategies.asked import Asked
from harlm.context import profile
from harlm.types import Context, Document, ModelFacts, Task


def asked_of(question: str, texts: Mapping[str, str] | str, window: int = 272_000) -> Asked:
    """A question about texts by name, or about one text, to a large and a small model."""
    named = {"notes.txt": texts} if isinstance(texts, str) else texts
    documents = tuple(Document(name=name, text=text) for name, text in named.items())
    context = Context(documents=documents, shape="text" if len(documents) == 1 else "documents")
    return Asked(
        task=Task(question=question, context=context),
        profile=profile(context),
        root=ModelFacts(name="openai/large", window=window),
        sub=ModelFacts(name="openai/small", window=window),
        concurrency=8,
    )
