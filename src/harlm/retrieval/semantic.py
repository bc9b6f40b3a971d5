"""Search by meaning: a vector for each text, made in the background.

It only adds to the results of BM25, and only if a probe shows that this does no harm. Memory searches its
entries with it, and a context its passages.
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
from harlm.threads import StopFlag, Threads

_EMBEDDED = 2_400  # characters of a text that its vector is made from: embedders take a few hundred tokens
_SOON_S = 0.05  # to wait for other texts, which are embedded in the same request
_AT_ONCE = 128  # texts of one request
_FAILURES = (ModelError, LimitExceeded, ValueError)
_ENOUGH = 8  # texts; with fewer a probe says nothing
_WORDS = 5  # words of a question of the probe
_LEFT_OUT = 3  # rarest words of a text that the probe does not use, since BM25 alone would find it by them

Words = Callable[[str, StopFlag], Sequence[Item]]
"""The items that BM25 finds for a query. Called in a thread."""


class Meaning(Generic[Item]):
    """The vectors of some texts, which widen the results of BM25.

    Args:
        embedder: makes the vectors.

    Attributes:
        failure: why no more vectors are made; ``None`` as long as the embedder works.
    """

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._threads = Threads()
        self._items: list[Item] = []
        self._texts: list[str] = []
        self._vectors: Vectors | None = None
        self._may_take_part: bool | None = None
        self._probed = 0
        self._catching_up = asyncio.Lock()
        self._background: asyncio.Task[None] | None = None
        self.failure: str | None = None

    def add(self, item: Item, text: str) -> None:
        """Add a text under ``item``.

        Its vector is made in the background, at the latest for the next search.
        """
        self._items.append(item)
        self._texts.append(text[:_EMBEDDED])
        if self.failure is None and (self._background is None or self._background.done()):
            with suppress(RuntimeError):  # without a running event loop, the next search makes the vector
                self._background = asyncio.get_running_loop().create_task(self._keep_up())

    async def close(self) -> None:
        """Stop making vectors in the background."""
        if self._background is not None:
            self._background.cancel()
            await asyncio.gather(self._background, return_exceptions=True)

    async def _keep_up(self) -> None:
        try:
            while self._is_behind():
                await asyncio.sleep(_SOON_S)
                async with self._catching_up:
                    if self._is_behind():  # a search may have caught up or failed in the meantime
                        await self._embed_some()
        except Exception as error:  # noqa: BLE001 - no task awaits this one; without vectors, BM25 is enough
            self.failure = str(error) or type(error).__name__

    def _is_behind(self) -> bool:
        return self.failure is None and (self._vectors is None or len(self._vectors) < len(self._texts))

    async def widened(self, query: str, found: Sequence[Item], k: int, words: Words[Item]) -> list[Item]:
        """The items that BM25 found for a query, fused with those near it in meaning if that helps.

        Args:
            query: the query.
            found: the items that BM25 found for it, best first.
            k: the most items.
            words: the items that BM25 finds for another query, which the probe needs.
        """
        if self.failure is not None or not self._items:
            return list(found)[:k]
        try:
            async with self._catching_up:
                vectors = await self._caught_up()
                if not await self._passes(vectors, words):
                    return list(found)[:k]
            (asked,) = await self._embedder.embed([query])
            near = [
                self._items[at] for at, _ in await self._threads.do(lambda _: vectors.nearest(asked, 3 * k))
            ]
        except _FAILURES as error:
            self.failure = str(error)
            return list(found)[:k]
        return fused([found, near], k)

    async def _caught_up(self) -> Vectors:
        """The vectors of all texts, with the lock held."""
        while self._vectors is None or len(self._vectors) < len(self._texts):
            self._vectors = await self._embed_some()
        return self._vectors

    async def _embed_some(self) -> Vectors:
        """Make the vectors of one more request, with the lock held."""
        vectors = self._vectors
        known = 0 if vectors is None else len(vectors)
        rows = await self._embedder.embed(self._texts[known : known + _AT_ONCE])
        if vectors is None:
            vectors = self._vectors = Vectors(len(rows[0]) // 4)
        vectors.add(rows)
        return vectors

    async def _passes(self, vectors: Vectors, words: Words[Item]) -> bool:
        """Whether the vectors help on a probe of the texts themselves.

        Repeated once there are twice as many texts.
        """
        count = len(self._items)
        if self._may_take_part is not None and count < 2 * self._probed:
            return self._may_take_part
        texts, items = list(self._texts), list(self._items)
        probes = await self._threads.do(lambda stop: _probes(texts, items, stop))
        rows = await self._embedder.embed([question for question, _ in probes])

        def have_passed(stop: StopFlag) -> bool:
            near = {
                question: [items[at] for at, _ in vectors.nearest(row, 10) if at < len(items)]
                for (question, _), row in zip(probes, rows, strict=True)
            }
            return passes(probes, lambda asked: words(asked, stop), lambda asked: near[asked])

        may = count >= _ENOUGH and await self._threads.do(have_passed)
        self._probed, self._may_take_part = count, may
        return may


def _probes(texts: Sequence[str], items: Sequence[Item], stop: StopFlag) -> list[tuple[str, Item]]:
    """Questions with known answers: some words of a text, without its rarest ones."""
    words = []
    for text in texts:
        stop.check()
        found = (text[term.start : term.end].lower() for term in terms(text) if term.stem not in STOPWORDS)
        words.append(list(dict.fromkeys(found)))
    seen = Counter(word for of_text in words for word in of_text)
    chance = random.Random(len(texts))  # noqa: S311 - it only chooses texts
    probes: list[tuple[str, Item]] = []
    for at in chance.sample(range(len(texts)), min(PROBES, len(texts))):
        telling = sorted(words[at], key=lambda word: seen[word])[_LEFT_OUT:]
        if len(telling) >= _WORDS:
            probes.append((" ".join(chance.sample(telling[: 3 * _WORDS], _WORDS)), items[at]))
    return probes
