"""Percentiles of the most recent of many numbers."""

from __future__ import annotations

from bisect import insort
from collections import deque


class Recent:
    """The most recent numbers, in order of arrival and in order of size.

    Args:
        kept: how many numbers are kept.
    """

    def __init__(self, kept: int) -> None:
        self._kept = kept
        self._order: deque[float] = deque()
        self._sorted: list[float] = []

    def __len__(self) -> int:
        return len(self._order)

    def add(self, value: float) -> None:
        """Add a number; it replaces the oldest one once ``kept`` numbers are stored."""
        self._order.append(value)
        insort(self._sorted, value)
        if len(self._order) > self._kept:
            self._sorted.remove(self._order.popleft())

    def percentile(self, share: float) -> float:
        """A kept number that more than ``share`` of them do not exceed, or the greatest one.

        Args:
            share: from 0 to 1.

        Raises:
            IndexError: no number has been added.
        """
        return self._sorted[min(len(self._sorted) - 1, int(share * len(self._sorted)))]
