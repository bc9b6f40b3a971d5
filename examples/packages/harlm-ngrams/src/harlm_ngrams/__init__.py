"""Vectors of character n-grams: texts whose words are spelled alike are near each other."""

from __future__ import annotations

import math
import sys
from array import array
from collections import Counter
from collections.abc import Iterator, Sequence
from zlib import crc32

from harlm.config import ModelSettings
from harlm.errors import ConfigError

_DIMENSION = 512


class NgramEmbedder:
    """An embedder that counts groups of letters.

    Args:
        size: letters of a group.

    Attributes:
        tag: the origin of the vectors.
        dimension: numbers in each vector.
        needs_network: it needs none.
    """

    needs_network = False
    dimension = _DIMENSION

    def __init__(self, size: int = 3) -> None:
        self._size = size
        self.tag = f"ngrams/{size}/{_DIMENSION}"

    async def embed(self, texts: Sequence[str]) -> Sequence[bytes]:
        """A vector of length 1 for each text; that of a text without letters is zero."""
        return [self._vector(text) for text in texts]

    def _vector(self, text: str) -> bytes:
        counts = Counter(crc32(group) % _DIMENSION for group in self._groups(text))
        length = math.sqrt(sum(count * count for count in counts.values())) or 1.0
        row = array("f", bytes(4 * _DIMENSION))
        for place, count in counts.items():
            row[place] = count / length
        if sys.byteorder == "big":
            row.byteswap()
        return row.tobytes()

    def _groups(self, text: str) -> Iterator[bytes]:
        for word in text.lower().split():
            framed = f"^{word}$".encode("utf-8", "replace")
            for at in range(max(1, len(framed) - self._size + 1)):
                yield framed[at : at + self._size]


def make(name: str, settings: ModelSettings) -> NgramEmbedder:
    """The embedder ``ngrams`` or ``ngrams/SIZE``."""
    if name and not (name.isdecimal() and 1 <= int(name) <= 9):
        raise ConfigError(f"ngrams/{name}: write ngrams/SIZE with a size from 1 to 9")
    return NgramEmbedder(int(name or 3))
