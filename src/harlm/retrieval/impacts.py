"""BM25 by adding up: what each word adds to the score of each passage.

FTS5 scores a passage in 2 µs, so that a query with common words takes long. Here the *impacts* of a word (Anh and Moffat,
"Pruned query evaluation using pre-computed impacts", SIGIR 2006) are 8 bits each. Those of a word of many passages stand in
the 32-bit lanes of one large integer, so that Python adds up all passages in one multiplication and one addition; a word of
few has a list. perf/memory_search.py compares the two.

Knows passages by number; refuses to know words and where occurrences come from.
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
_MOST = 63  # occurrences in one passage that are told apart
_OCTAVE, _MEAN, _LENGTHS = 16, 128, 256  # classes of lengths: for each doubling, that of the mean, and in all
_WEIGHTS = 1 << 24  # what all weights of a query add up to: times 8 bits they fill a lane
_ROOM = 64 << 20  # bytes of impacts that are kept
_PLANES = (3, 2, 1, 0) if sys.byteorder == "little" else (0, 1, 2, 3)  # bytes of a lane, the highest first


class Impact(NamedTuple):
    """What one word adds to passages, before its weight: how near it comes to the most that a word can add,
    tf / (tf + K), of 255.

    Attributes:
        holding: passages that have the word.
        passages: their numbers, ascending; none where there are lanes.
        shares: what it adds to each of them.
        lanes: what it adds to all passages, as one integer of 32 bits a passage.
    """

    holding: int
    passages: array[int]
    shares: bytes
    lanes: int | None

    @property
    def size(self) -> int:
        """Bytes, roughly."""
        return 200 + 5 * len(self.passages) + (0 if self.lanes is None else sys.getsizeof(self.lanes))


class Impacts:
    """The impacts of the words of one index that no longer grows; those that were used last are kept.

    Args:
        lengths: of all passages, in any unit.
    """

    def __init__(self, lengths: Sequence[int]) -> None:
        self._count = len(lengths)
        mean = max(1.0, sum(lengths) / max(1, len(lengths)))
        classes = {each: _class_of(each / mean) for each in set(lengths)}
        self._lengths = bytes(map(classes.__getitem__, lengths))
        self._kept: OrderedDict[Hashable, Impact] = OrderedDict()
        self._size = 0

    def of(self, word: Hashable, make: Callable[[], Impact]) -> Impact:
        """The impact of a word, made unless it is kept."""
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
        """The impact of a word of few passages.

        Args:
            passages: that have it, ascending.
            counts: how often it occurs in each of them.
        """
        shares, lengths = _shares(), self._lengths
        values = bytes([shares[count][lengths[at]] for at, count in zip(passages, counts, strict=False)])
        return Impact(len(values), array("I", passages), values, None)

    def spread(self, passages: Sequence[int], counts: Iterable[int]) -> bytes:
        """What a word of many passages adds to each passage there is, for ``dense``. Arguments are those of ``sparse``."""
        shares, lengths, spread = _shares(), self._lengths, bytearray(self._count)
        for at, count in zip(passages, counts, strict=False):
            spread[at] = shares[count][lengths[at]]
        return bytes(spread)

    def dense(self, holding: int, spread: bytes) -> Impact:
        """The impact of a word of many passages.

        Raises:
            ValueError: if this is not what ``spread`` made.
        """
        if len(spread) != self._count or not 0 < holding <= self._count:
            raise ValueError(
                f"{len(spread)} impacts for {self._count} passages, {holding} of them with the word"
            )
        lanes = bytearray(4 * self._count)
        lanes[_PLANES[-1] :: 4] = spread
        return Impact(holding, array("I"), b"", int.from_bytes(lanes, sys.byteorder))

    def best(self, impacts: Sequence[Impact], k: int, first: int, last: int) -> list[tuple[int, float]]:
        """The ``k`` passages from ``first`` to ``last`` with the highest scores, best first, and these: BM25 to a hundredth.

        Args:
            impacts: of the words of a query.
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
    """At least the ``k`` passages with the highest lanes, if so many are above 0: looked for by their highest byte."""
    found: list[int] = []
    for higher, plane in enumerate(_PLANES):
        bytes_of = bytes(sums[4 * first + plane : 4 * (last + 1) : 4])
        seen = 1 << 32 - 8 * higher  # lanes from here on were found by a higher byte
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
    """The class of a length, in means: 4 % from one to the next."""
    return min(_LENGTHS - 1, max(0, round(_MEAN + _OCTAVE * math.log2(max(length, 1e-9)))))


@lru_cache(maxsize=1)
def _shares() -> list[bytes]:
    """By how often a word occurs and by the class of its passage's length: tf / (tf + K), of 255."""
    told_apart = [
        bytes(
            round(255 * count / (count + K1 * (1 - B + B * 2 ** ((length - _MEAN) / _OCTAVE))))
            for length in range(_LENGTHS)
        )
        for count in range(_MOST + 1)
    ]
    return [*told_apart, *[told_apart[-1]] * LONGEST]  # a word has a character and a blank at least
