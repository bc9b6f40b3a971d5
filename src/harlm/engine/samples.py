"""The samples of identical calls of one cell: each has a number, so that equal questions get replies of their own."""

from __future__ import annotations

import heapq
from collections import Counter, defaultdict


class Samples:
    """Numbers the identical calls of one cell, in the order in which they are made."""

    def __init__(self) -> None:
        self._taken: Counter[bytes] = Counter()
        self._free: defaultdict[bytes, list[int]] = defaultdict(list)

    def take(self, key: bytes) -> int:
        """The lowest number that no call with this key has, from 0."""
        if free := self._free.get(key):
            return heapq.heappop(free)
        self._taken[key] += 1
        return self._taken[key] - 1

    def give_back(self, key: bytes, number: int) -> None:
        """The call with this number counts as not made."""
        heapq.heappush(self._free[key], number)
