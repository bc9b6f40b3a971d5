"""Vectors of hashed words, without a model or a download.

They show only which words texts share, as BM25 does. Use them to try everything that needs vectors.
"""

from __future__ import annotations

import math
from array import array
from collections import Counter
from collections.abc import Sequence
from hashlib import blake2b

from harlm.retrieval.terms import STOPWORDS, stems_of


class HashingEmbedder:
    """Embeds a text as its word stems, each hashed to a dimension and a sign, with weight 1 + log(count).

    Args:
        dimension: numbers in each vector.
    """

    def __init__(self, dimension: int = 384) -> None:
        self.dimension: int | None = dimension
        self._size = dimension
        self.tag = f"hashing/2/{dimension}"

    async def embed(self, texts: Sequence[str]) -> Sequence[bytes]:
        """One vector of unit length for each text; see ``harlm.protocols.Embedder``."""
        return [self._vector(text) for text in texts]

    def _vector(self, text: str) -> bytes:
        numbers = array("f", bytes(4 * self._size))
        for stem, count in Counter(stems_of(text)).items():
            if stem in STOPWORDS:
                continue
            at = int.from_bytes(blake2b(stem.encode("utf-8", "replace"), digest_size=8).digest(), "little")
            numbers[at % self._size] += (1.0 if at >> 63 else -1.0) * (1 + math.log(count))
        length = math.sqrt(sum(each * each for each in numbers)) or 1.0
        return array("f", [each / length for each in numbers]).tobytes()
