"""Texts by what they mean: a vector for each, made when somebody searches. Knows an embedder and a gate; refuses to replace words: it
only adds to what BM25 finds, and only where that is shown not to do harm. Memory searches its entries with it, and a context its
passages.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Generic

from harlm.errors import ModelError
from harlm.protocols import Embedder
from harlm.retrieval.fusion import PROBES, Item, fused, passes
from harlm.retrieval.terms import STOPWORDS, terms
from harlm.retrieval.vectors import Vectors

_SHOWN = 1_200  # characters of an entry that its vector is made of: embedders take a few hundred tokens
_ENOUGH = 8  # entries from which on a probe says something
_WORDS = 5  # of a probe
_LEFT_OUT = 3  # of the rarest words, by which BM25 alone would find any text


class Meaning(Generic[Item]):
    """See the module.

    Args:
        embedder: makes the vectors.

    Attributes:
        failure: why there are none; None as long as there are.
    """

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._items: list[Item] = []
        self._texts: list[str] = []
        self._vectors: Vectors | None = None
        self._may_take_part: bool | None = None
        self._probed = 0
        self._catching_up = asyncio.Lock()
        self.failure: str | None = None

    def add(self, item: Item, text: str) -> None:
        """One more text; its vector is made when somebody searches."""
        self._items.append(item)
        self._texts.append(text[: 2 * _SHOWN])

    async def widened(
        self, query: str, found: Sequence[Item], k: int, words: Callable[[str], Sequence[Item]]
    ) -> list[Item]:
        """The items that BM25 found for a query, with what is near it in meaning where that helps.

        Args:
            words: what BM25 finds for another query; for the probe.
        """
        if self.failure is not None or not self._items:
            return list(found)[:k]
        try:
            async with self._catching_up:
                vectors = await self._caught_up()
                if not await self._passes(vectors, words):
                    return list(found)[:k]
            (asked,) = await self._embedder.embed([query])
            near = [self._items[at] for at, _ in vectors.nearest(asked, 3 * k)]
        except (ModelError, ValueError) as error:
            self.failure = str(error)
            return list(found)[:k]
        return fused([found, near], k)

    async def _caught_up(self) -> Vectors:
        """Vectors of all entries."""
        known = 0 if self._vectors is None else len(self._vectors)
        rows = await self._embedder.embed(self._texts[known:]) if known < len(self._texts) else []
        if self._vectors is None:
            self._vectors = Vectors(len(rows[0]) // 4)
        self._vectors.add(rows)
        return self._vectors

    async def _passes(self, vectors: Vectors, words: Callable[[str], Sequence[Item]]) -> bool:
        """Whether the vectors help on a probe of the texts themselves; tried again when there are twice as many."""
        count = len(self._items)
        if self._may_take_part is not None and count < 2 * self._probed:
            return self._may_take_part
        probes = _probes(self._texts, self._items)
        rows = await self._embedder.embed([question for question, _ in probes])
        near = {
            question: [self._items[at] for at, _ in vectors.nearest(row, 10)]
            for (question, _), row in zip(probes, rows, strict=True)
        }
        self._probed = count
        self._may_take_part = count >= _ENOUGH and passes(probes, words, lambda question: near[question])
        return self._may_take_part


def _probes(texts: Sequence[str], items: Sequence[Item]) -> list[tuple[str, Item]]:
    """Questions whose answer is known: some words of a text, but for those that only it has."""
    words = [
        list(
            dict.fromkeys(
                text[each.start : each.end].lower() for each in terms(text) if each.stem not in STOPWORDS
            )
        )
        for text in texts
    ]
    seen = Counter(word for each in words for word in each)
    chance = random.Random(len(texts))  # noqa: S311 - which texts are tried
    probes: list[tuple[str, Item]] = []
    for at in chance.sample(range(len(texts)), min(PROBES, len(texts))):
        telling = sorted(words[at], key=lambda word: seen[word])[_LEFT_OUT:]
        if len(telling) >= _WORDS:
            probes.append((" ".join(chance.sample(telling[: 3 * _WORDS], _WORDS)), items[at]))
    return probes
