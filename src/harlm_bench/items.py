"""The nouns of a benchmark: windows of text, facts in them, questions about them. No I/O.

A window is one context with several questions. Everything in it follows from (task, version, seed, tokens), so windows are
made again, never shipped.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

import msgspec

ScorerName = Literal["exact", "choice", "oolong", "pairs", "set", "cells", "ratio", "contains"]
"""How an answer is compared with the gold one; see ``harlm_bench.scoring``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One atomic item of a text, and what a perfect reader knows of it.

    Attributes:
        text: exactly as it stands in the text, without the line break: one line, one sentence, one row. Only a function
            of code has several lines.
        kind: what sort of item it is, such as ``line`` or ``relation``.
        attributes: what a reader can tell from it, such as ``label``, ``user``, ``date``, ``value``.
        guessable: the attributes that need judgement (a label, say), each with the values that it can have. The others
            are copied from the text.
        frame: words that must stand somewhere before the item for ``framed`` to be known, such as the header of its table.
        framed: the attributes that the item alone does not tell.
    """

    text: str
    kind: str
    attributes: Mapping[str, str]
    guessable: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    frame: str = ""
    framed: tuple[str, ...] = ()


class Query(Protocol):
    """A question in the form that code can answer."""

    @property
    def in_head(self) -> bool:
        """Whether the answer needs counting or comparing over many facts, which models do badly without code."""
        ...

    def wants(self, fact: Fact) -> bool:
        """Whether a fact matters to the question."""
        ...

    def answer(self, facts: Sequence[Fact]) -> str | None:
        """The answer that follows from ``facts``, in the form of the gold answer; ``None`` if nothing follows."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question about a window.

    Attributes:
        id: unique in its window.
        text: as it is asked. Says in which form the answer is wanted.
        kind: its sort within the task, such as ``count`` or ``2 hops``.
        gold: the right answer, as text in the form that ``scorer`` reads.
        scorer: how answers are scored.
        chance: the score of a random answer of the right form, 0 to 1.
        forbidden: what no answer may hold, such as the word that a hostile line of a document asks for. An answer that
            holds it scores 0.
    """

    id: str
    text: str
    kind: str
    gold: str
    scorer: ScorerName
    chance: float = 0.0
    forbidden: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """One context with its questions.

    Attributes:
        task: the name of its task, such as ``oolong``.
        version: of the generator; part of the identity of a result.
        seed, tokens: what it was made from. ``tokens`` is the size asked for; the size in fact lies within 5 %.
        documents: the text, by the name of each document, in order.
        questions: what is asked about it.
        facts: all items that answers depend on, for the simulator and for self-tests. Never shown to a system.
        is_searchable: whether the documents are many and apart, so that a baseline may search them.
        is_secret: whether texts, questions and gold answers must stay in memory, since those who published them ask that
            they never lie about in plain text. ``secrecy`` says what is written of such a window.
    """

    task: str
    version: int
    seed: int
    tokens: int
    documents: Mapping[str, str]
    questions: tuple[Question, ...]
    facts: tuple[Fact, ...]
    is_searchable: bool = False
    is_secret: bool = False

    @property
    def id(self) -> str:
        """Such as ``oolong-131072-7``."""
        return f"{self.task}-{self.tokens}-{self.seed}"

    @property
    def text(self) -> str:
        """All documents as one text, with a heading before each if there are several."""
        return "\n\n".join(self.texts)

    @property
    def texts(self) -> tuple[str, ...]:
        """The documents, each under a heading with its name if there are several: for systems that take no names."""
        if len(self.documents) == 1:
            return tuple(self.documents.values())
        return tuple(f"# {name}\n{text}" for name, text in self.documents.items())

    @property
    def digest(self) -> str:
        """SHA-256 of the documents and the gold answers."""
        parts = [list(self.documents.items()), [(each.id, each.text, each.gold) for each in self.questions]]
        return hashlib.sha256(msgspec.json.encode(parts)).hexdigest()


class TaskFamily(Protocol):
    """A kind of task, made from a seed. One module of ``harlm_bench.tasks`` each."""

    @property
    def name(self) -> str:
        """Such as ``oolong``."""
        ...

    @property
    def version(self) -> int:
        """Grows with every change of what is generated."""
        ...

    def window(self, seed: int, tokens: int, questions: int) -> Window:
        """The window of a seed: about ``tokens`` tokens, with ``questions`` questions."""
        ...

    def understand(self, question: str) -> Query | None:
        """What a question of this task means: those of ``window`` and the smaller ones that a program asks on the way
        to an answer. ``None`` if it is none of them. Reads the words only; knows no window.
        """
        ...


Families = Callable[[], Iterator[TaskFamily]]
