"""Combinators over texts, with a function in place of the models and the real search in place of the host."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from harlm.context import Searcher
from harlm.guest.combinators.leaf import Leaf
from harlm.guest.worker.context import Library
from harlm.types import Context, Document

Answer = Callable[[str, str], str]
"""The reply to a prompt, by the model of a role. An empty reply is a call that failed."""


@dataclass
class ReadingHost:
    """The host of combinators.

    Attributes:
        texts: the context, by name.
        answer: replies in place of the models.
        is_small, has_stronger, tokens: what ``room`` says.
        prompts: what was asked, with the role.
        schemas: the schema of each call.
        signals: what was reported.
    """

    texts: Mapping[str, str]
    answer: Answer
    is_small: bool = False
    has_stronger: bool = True
    tokens: int = 10_000
    prompts: list[tuple[str, str]] = field(default_factory=list)
    schemas: list[str | None] = field(default_factory=list)
    signals: list[tuple[str, object]] = field(default_factory=list)

    def __post_init__(self) -> None:
        documents = tuple(Document(name=name, text=text) for name, text in self.texts.items())
        shape = "text" if len(documents) == 1 else "documents"
        self._documents = documents
        self._searcher = Searcher(
            Context(documents=documents, shape="text" if shape == "text" else "documents")
        )
        library = Library(self.call)
        for each in documents:
            library.add(each.name, has_lines=True, text=each.text)
        self.context = library.context(shape)
        self.leaf = Leaf(self.call, lambda name, many: [self.call(name, each) for each in many])

    def call(self, function: str, arguments: dict[str, Any]) -> Any:
        """Serves a host function."""
        match function:
            case "leaf":
                prompt, role = arguments["prompt"], arguments["role"]
                self.prompts.append((prompt, role))
                self.schemas.append(arguments["schema"])
                text = self.answer(prompt, role)
                return {"text": text, "tokens": [], "failure": "" if text else "the model wrote nothing"}
            case "room":
                return {
                    "tokens": self.tokens,
                    "is_small": self.is_small,
                    "has_stronger": self.has_stronger,
                    "second_looks": 0.3,
                    "calls_left": None,
                }
            case "signal":
                self.signals.append((arguments["name"], arguments["value"]))
                return None
            case "search":
                return self._search(arguments)
        raise AssertionError(f"no combinator calls {function}")

    def _search(self, asked: dict[str, Any]) -> dict[str, Any]:
        hits = self._searcher.search(asked["query"], asked["k"], within=asked["document"])
        found = []
        for hit in hits:
            document = self._documents[hit.document]
            place = document.place(hit.best[0])
            found.append(
                {
                    "document": hit.document,
                    "start": hit.start,
                    "end": hit.end,
                    "best": hit.best,
                    "score": hit.score,
                    "place": f"{document.name}:{place.label}",
                    "line": place.line,
                }
            )
        return {"hits": found, "weights": self._searcher.weights(asked["query"])}


def form(answer: str, quote: str) -> str:
    """A reply in the form that is asked for."""
    return json.dumps({"answer": answer, "quote": quote})


def shown(prompt: str) -> str:
    """The documents of a prompt, without its instructions."""
    return "\n".join(re.findall(r"<document name=[^\n]*>\n(.*?)\n</document>", prompt, re.DOTALL))


def question_in(prompt: str) -> str:
    """The question of a prompt."""
    found = re.search(r"<question>\n(.*?)\n</question>", prompt, re.DOTALL)
    assert found is not None
    return found[1]
