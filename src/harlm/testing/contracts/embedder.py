"""What every embedder must do."""

from __future__ import annotations

import asyncio
import math
from array import array

import pytest

from harlm.protocols import Embedder
from harlm.testing.contracts.missing import missing


def cosine(one: bytes, other: bytes) -> float:
    """The similarity of two vectors of little-endian float32."""
    a, b = array("f", one), array("f", other)
    return sum(x * y for x, y in zip(a, b, strict=True)) / math.sqrt(
        sum(x * x for x in a) * sum(x * x for x in b)
    )


class EmbedderContract:
    """The laws of ``harlm.protocols.Embedder``."""

    @pytest.fixture
    def embedder(self) -> Embedder:
        """The embedder to test; override it."""
        raise missing(self, "embedder")

    @pytest.mark.asyncio
    async def test_each_text_has_one_vector_of_one_dimension(self, embedder: Embedder) -> None:
        texts = ["one", "", "\ud800", "Ünïcödé 漢字", "long " * 5_000, "one"]
        rows = await embedder.embed(texts)
        assert len(rows) == len(texts)
        assert {len(row) for row in rows} == {4 * (embedder.dimension or 0)}
        assert rows[0] == rows[5]
        assert embedder.tag
        assert await embedder.embed([]) == []

    @pytest.mark.asyncio
    async def test_texts_with_the_same_words_are_closer_than_others(self, embedder: Embedder) -> None:
        one, like, other = await embedder.embed(
            ["The lighthouse was lit in 1822.", "In 1822 the lighthouse was lit.", "Walnuts grow on trees."]
        )
        assert cosine(one, like) > cosine(one, other) + 0.2

    @pytest.mark.asyncio
    async def test_many_calls_can_run_at_once(self, embedder: Embedder) -> None:
        rows = await asyncio.gather(*(embedder.embed([f"text {at % 3}", "common"]) for at in range(9)))
        assert len({row[1] for row in rows}) == 1
