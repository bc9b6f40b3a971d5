"""The vectors nearest to another vector. Needs numpy (``harlm[vectors]``).

A search scans the sign bits of all vectors, and compares the nearest few thousand in full. There is no index
to build, so a vector is found as soon as it is added. The sign bits take 48 bytes for 384 numbers.
perf/memory.py measures how many of the true neighbours are found.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from harlm.errors import ConfigError

Array = Any
"""A numpy array. numpy is optional, so its types are not available."""

COMPARED = 2_000, 0.002
"""How many vectors are compared in full: the greater of a number and a share of all vectors."""

_PIECE = 1 << 15  # vectors whose bits are compared at once
_FIRST = 1024  # vectors that fit before the first growth


class Vectors:
    """Unit vectors by number, in the order in which they were added.

    Args:
        dimension: the length of each vector.

    Raises:
        ConfigError: numpy is not installed.
    """

    def __init__(self, dimension: int) -> None:
        try:
            import numpy
        except ImportError as error:
            raise ConfigError("vectors need numpy; run pip install 'harlm[vectors]'") from error
        self._np = numpy
        self.dimension = dimension
        self._words = -(-dimension // 64)
        self._count = 0
        self._floats: Array = numpy.empty((_FIRST, dimension), numpy.float32)
        self._bits = numpy.empty((self._words, _FIRST), numpy.uint64)  # one row for each word of sign bits

    def __len__(self) -> int:
        return self._count

    def add(self, rows: Sequence[bytes]) -> None:
        """Add vectors, as little-endian float32. They are scaled to length 1.

        Raises:
            ValueError: a vector has another dimension.
        """
        for row in rows:
            if len(row) != 4 * self.dimension:
                size = len(row) // 4
                raise ValueError(f"a vector has {size} numbers, but the others have {self.dimension}")
        if rows:
            self.add_floats(self._np.frombuffer(b"".join(rows), "<f4").reshape(len(rows), self.dimension))

    def add_floats(self, floats: Array) -> None:
        """Add the rows of a matrix of floats, scaled to length 1."""
        last = self._count + len(floats)
        if last > len(self._floats):
            room = max(last, 2 * len(self._floats))
            self._floats = self._grown(self._floats, (room, self.dimension), slice(0, self._count))
            self._bits = self._grown(self._bits, (self._words, room), (slice(None), slice(0, self._count)))
        units = self._units(floats)
        self._floats[self._count : last] = units
        self._bits[:, self._count : last] = self._signs(units).T
        self._count = last

    def _grown(self, old: Array, shape: tuple[int, int], part: Any) -> Array:
        new: Array = self._np.empty(shape, old.dtype)
        new[part] = old[part]
        return new

    def nearest(self, vector: bytes | Array, k: int) -> list[tuple[int, float]]:
        """The ``k`` nearest vectors as (number, cosine), nearest first.

        Args:
            vector: little-endian float32, or an array.
            k: the most vectors.
        """
        numpy = self._np
        given = numpy.frombuffer(vector, "<f4") if isinstance(vector, bytes) else vector
        query = self._units(given.reshape(1, -1))
        k = min(k, self._count)
        if k < 1:
            return []
        least, share = COMPARED
        compared = min(self._count, max(least, k, int(share * self._count)))
        if compared < self._count:
            distance = self._distances(self._signs(query)[0])
            near_enough = numpy.searchsorted(numpy.cumsum(numpy.bincount(distance)), compared)
            candidates = numpy.flatnonzero(distance <= near_enough)
        else:
            candidates = numpy.arange(self._count)
        cosines = self._floats[candidates] @ query[0]
        best = numpy.argsort(-cosines, kind="stable")[:k]
        return [(int(candidates[at]), float(cosines[at])) for at in best]

    def _distances(self, signs: Array) -> Array:
        """The number of sign bits in which each vector differs.

        Works on one piece of the vectors at a time, so that all of its words stay in the processor's cache.
        """
        numpy = self._np
        distance = numpy.zeros(self._count, numpy.uint16)
        for start in range(0, self._count, _PIECE):
            piece = slice(start, min(start + _PIECE, self._count))
            for word in range(self._words):
                distance[piece] += numpy.bitwise_count(self._bits[word, piece] ^ signs[word])
        return distance

    def _units(self, floats: Array) -> Array:
        numpy = self._np
        lengths = numpy.linalg.norm(floats, axis=1, keepdims=True)
        return numpy.asarray(floats / numpy.where(lengths == 0, 1, lengths), numpy.float32)

    def _signs(self, floats: Array) -> Array:
        numpy = self._np
        packed = numpy.packbits(floats > 0, axis=1, bitorder="little")
        padded = numpy.zeros((len(floats), 8 * self._words), numpy.uint8)
        padded[:, : packed.shape[1]] = packed
        return padded.view(numpy.uint64)
