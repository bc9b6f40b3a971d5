"""Texts by what they mean: a vector for each, made beside what else goes on. Knows an embedder and a gate; refuses to replace words:
it only adds to what BM25 finds, and only where that is shown not to do harm. Memory searches its entries with it, and a context
its passages.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Generic

from harlm.errors import LimitExceeded, ModelError
from harlm.protocols import Embedder
from harlm.retrieval.fusion import PROBES, Item, fused, passes
from harlm.retrieval.terms import STOPWORDS, terms
from harlm.retrieval.vectors import Vectors

_SHOWN = 1_200  # characters of an entry that its vector is made of: embedders take a few hundred tokens
_SOON_S = 0.05  # for other texts, which are embedded in the same request
_AT_ONCE = 128
_FAILURES = (ModelError, LimitExceeded, ValueError)
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
        self._beside: asyncio.Task[None] | None = None
        self.failure: str | None = None

    def add(self, item: Item, text: str) -> None:
        """One more text; its vector is made beside what else goes on, or at the latest when somebody searches."""
        self._items.append(item)
        self._texts.append(text[: 2 * _SHOWN])
        if self.failure is None and (self._beside is None or self._beside.done()):
            with suppress(RuntimeError):  # outside of an event loop there is nothing beside
                self._beside = asyncio.get_running_loop().create_task(self._keep_up())

    async def close(self) -> None:
        """Make no more vectors."""
        if self._beside is not None:
            self._beside.cancel()
            await asyncio.gather(self._beside, return_exceptions=True)

    async def _keep_up(self) -> None:
        try:
            while self._is_behind():
                await asyncio.sleep(_SOON_S)
                async with self._catching_up:
                    if self._is_behind():  # or a search has seen to it meanwhile, or failed
                        await self._embed_some()
        except Exception as error:  # noqa: BLE001 - nobody waits for this task; whatever it is, words must do
            self.failure = str(error) or type(error).__name__

    def _is_behind(self) -> bool:
        return self.failure is None and (self._vectors is None or len(self._vectors) < len(self._texts))

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
        except _FAILURES as error:
            self.failure = str(error)
            return list(found)[:k]
        return fused([found, near], k)

    async def _caught_up(self) -> Vectors:
        """Vectors of all texts."""
        while self._vectors is None or len(self._vectors) < len(self._texts):
            self._vectors = await self._embed_some()
        return self._vectors

    async def _embed_some(self) -> Vectors:
        """One request's worth of vectors more, with the lock held."""
        vectors = self._vectors
        known = 0 if vectors is None else len(vectors)
        rows = await self._embedder.embed(self._texts[known : known + _AT_ONCE])
        if vectors is None:
            vectors = self._vectors = Vectors(len(rows[0]) // 4)
        vectors.add(rows)
        return vectors

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
