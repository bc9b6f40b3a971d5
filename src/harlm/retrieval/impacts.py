"""BM25 by addition: the *impact* of a word is what it adds to the score of each passage.

FTS5 takes 2 µs to score a passage, so a query with common words takes long. Here, impacts (Anh and Moffat,
"Pruned query evaluation using pre-computed impacts", SIGIR 2006) are precomputed numbers of 8 bits. A word
that occurs in many passages keeps them in the 32-bit lanes of one large integer, so that one multiplication
and one addition process all passages; a word that occurs in few has a list. perf/memory.py compares the two.

Handles passages by number. Does not depend on words, or on where their occurrences come from.
"""

from __future__ import annotations

import math
import sys
from array import array
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

from harlm.retrieval.passages import LONGEST

K1, B = 1.2, 0.75
_MOST = 63  # occurrences in one passage; more of them count the same
_OCTAVE, _MEAN, _LENGTHS = 16, 128, 256  # classes: of a doubling, of the mean length, in all
_WEIGHTS = 1 << 24  # the sum of all weights of a query; times an 8-bit impact, it fills a lane
_ROOM = 64 << 20  # bytes of the impact cache
_PLANES = (3, 2, 1, 0) if sys.byteorder == "little" else (0, 1, 2, 3)  # bytes of a lane, the highest first


class Impact(NamedTuple):
    """What one word adds to the scores of passages, before its weight.

    A share is tf / (tf + K) of BM25, scaled to 255: how close the word comes to the most that a word can add.

    Attributes:
        holding: the number of passages that contain the word.
        passages: the numbers of these passages, ascending; empty if there are lanes.
        shares: the share for each passage in ``passages``.
        lanes: the shares for all passages, as one integer with 32 bits for each passage; ``None`` for a word
            of few passages.
    """

    holding: int
    passages: array[int]
    shares: bytes
    lanes: int | None

    @property
    def size(self) -> int:
        """The approximate size in bytes."""
        return 200 + 5 * len(self.passages) + (0 if self.lanes is None else sys.getsizeof(self.lanes))


class Impacts:
    """The impacts of the words of one complete index, with a cache of the most recently used ones.

    Args:
        lengths: the lengths of all passages, in any unit.
    """

    def __init__(self, lengths: Sequence[int]) -> None:
        self._count = len(lengths)
        mean = max(1.0, sum(lengths) / max(1, len(lengths)))
        classes = {length: _class_of(length / mean) for length in set(lengths)}
        self._lengths = bytes(map(classes.__getitem__, lengths))
        self._kept: OrderedDict[Hashable, Impact] = OrderedDict()
        self._size = 0

    def of(self, word: Hashable, make: Callable[[], Impact]) -> Impact:
        """The impact of a word: cached, or else the result of ``make``."""
        kept = self._kept.get(word)
        if kept is not None:
            self._kept.move_to_end(word)
            return kept
        impact = self._kept[word] = make()
        self._size += impact.size
        while self._size > _ROOM and len(self._kept) > 1:
            self._size -= self._kept.popitem(last=False)[1].size
        return impact

    def sparse(self, passages: Sequence[int], counts: Iterable[int]) -> Impact:
        """The impact of a word that occurs in few passages.

        Args:
            passages: the numbers of the passages that contain the word, ascending.
            counts: how often it occurs in each of them.
        """
        shares, lengths = _shares(), self._lengths
        values = bytes([shares[count][lengths[at]] for at, count in zip(passages, counts, strict=False)])
        return Impact(len(values), array("I", passages), values, None)

    def spread(self, passages: Sequence[int], counts: Iterable[int]) -> bytes:
        """The shares of a word for all passages, a byte for each, which ``dense`` takes.

        Args:
            passages, counts: as for ``sparse``.
        """
        shares, lengths, spread = _shares(), self._lengths, bytearray(self._count)
        for at, count in zip(passages, counts, strict=False):
            spread[at] = shares[count][lengths[at]]
        return bytes(spread)

    def dense(self, holding: int, spread: bytes) -> Impact:
        """The impact of a word that occurs in many passages.

        Args:
            holding: the number of passages that contain the word.
            spread: the result of the method ``spread``.

        Raises:
            ValueError: the arguments do not fit these passages.
        """
        if len(spread) != self._count or not 0 < holding <= self._count:
            raise ValueError(
                f"{len(spread)} impacts for {self._count} passages, {holding} of them with the word"
            )
        lanes = bytearray(4 * self._count)
        lanes[_PLANES[-1] :: 4] = spread
        return Impact(holding, array("I"), b"", int.from_bytes(lanes, sys.byteorder))

    def best(self, impacts: Sequence[Impact], k: int, first: int, last: int) -> list[tuple[int, float]]:
        """The best ``k`` passages from ``first`` to ``last`` as (passage, score), best first.

        A score is that of BM25, to a hundredth.

        Args:
            impacts: the impacts of the words of a query.
            k: the most passages.
            first, last: the numbers of the first and the last passage that count.
        """
        rarities = [_rarity(self._count, impact.holding) for impact in impacts]
        unit = _WEIGHTS / max(sum(rarities), 1e-9)
        weighed = [(int(unit * rarity), impact) for rarity, impact in zip(rarities, impacts, strict=True)]
        total = sum(weight * impact.lanes for weight, impact in weighed if impact.lanes is not None)
        sums = bytearray(total.to_bytes(4 * self._count, sys.byteorder))
        lanes = memoryview(sums).cast("I")
        for weight, impact in weighed:
            if impact.lanes is None:
                for at, share in zip(impact.passages, impact.shares, strict=True):
                    lanes[at] += weight * share
        found = sorted(_highest(sums, lanes, k, first, last), key=lambda at: (-lanes[at], at))
        scale = (K1 + 1) / 255 / unit
        return [(at, scale * lanes[at]) for at in found[:k]]


def _highest(sums: bytearray, lanes: memoryview, k: int, first: int, last: int) -> list[int]:
    """At least the ``k`` passages with the highest lanes, or all with a lane above 0.

    Searches by the highest byte.
    """
    found: list[int] = []
    for higher, plane in enumerate(_PLANES):
        bytes_of = bytes(sums[4 * first + plane : 4 * (last + 1) : 4])
        seen = 1 << 32 - 8 * higher  # a lane of at least this was found by a higher byte
        for value in range(255, 0, -1):
            at = bytes_of.find(value)
            while at >= 0:
                if lanes[first + at] < seen:
                    found.append(first + at)
                at = bytes_of.find(value, at + 1)
            if len(found) >= k:
                return found
    return found


def _rarity(passages: int, holding: int) -> float:
    """The inverse document frequency, as ``harlm.retrieval.ranking`` weighs words."""
    return math.log(1 + (passages - holding + 0.5) / (holding + 0.5))


def _class_of(length: float) -> int:
    """The class of a length, which is given relative to the mean; classes are 4 % apart."""
    return min(_LENGTHS - 1, max(0, round(_MEAN + _OCTAVE * math.log2(max(length, 1e-9)))))


@lru_cache(maxsize=1)
def _shares() -> list[bytes]:
    """Shares, tf / (tf + K) scaled to 255, by the count of a word and by the length class of its passage."""
    by_count = [
        bytes(
            round(255 * count / (count + K1 * (1 - B + B * 2 ** ((length - _MEAN) / _OCTAVE))))
            for length in range(_LENGTHS)
        )
        for count in range(_MOST + 1)
    ]
    return [*by_count, *[by_count[-1]] * LONGEST]  # enough: each occurrence takes at least two characters
