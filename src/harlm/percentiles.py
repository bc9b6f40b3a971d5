"""The most recent of many numbers, and their percentiles. Knows nothing of what they count."""

from __future__ import annotations

from bisect import insort
from collections import deque


class Recent:
    """Keeps so many numbers, in order of arrival and of size."""

    def __init__(self, kept: int) -> None:
        self._kept = kept
        self._order: deque[float] = deque()
        self._sorted: list[float] = []

    def __len__(self) -> int:
        return len(self._order)

    def add(self, value: float) -> None:
        """Take one more, in place of the oldest where there are enough."""
        self._order.append(value)
        insort(self._sorted, value)
        if len(self._order) > self._kept:
            self._sorted.remove(self._order.popleft())

    def percentile(self, share: float) -> float:
        """The number that ``share`` of them do not exceed.

        Raises:
            IndexError: there is none yet.
        """
        return self._sorted[min(len(self._sorted) - 1, int(share * len(self._sorted)))]
