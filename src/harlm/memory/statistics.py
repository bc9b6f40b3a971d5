"""What memory did, in figures: accesses by the tier that answered them, entries in each, how much shorter summaries were. Knows
how to count; refuses to know what an entry is.

Shares of *served* accesses add up to one whatever was missed, so misses are counted beside them.
"""

from __future__ import annotations

from collections import Counter
from statistics import fmean, quantiles
from typing import Literal

from harlm.types import Compression, MemoryUse, TierUse

Tier = Literal["hot", "warm", "cold"]
TIERS: tuple[Tier, ...] = ("hot", "warm", "cold")

_RATIOS = 10_000  # of summaries that are remembered


class Statistics:
    """Statistics for one run."""

    def __init__(self) -> None:
        self._served: Counter[Tier] = Counter()
        self._total: Counter[Tier] = Counter()
        self._most: Counter[Tier] = Counter()
        self._looks = 0
        self._ratios: list[float] = []
        self.misses = 0
        self.recomputed = 0
        self.rehydrated = 0

    def served(self, tier: Tier) -> None:
        """An access was answered by a tier."""
        self._served[tier] += 1

    def seen(self, sizes: dict[Tier, int]) -> None:
        """How many entries there are in each tier now."""
        self._looks += 1
        for tier, size in sizes.items():
            self._total[tier] += size
            self._most[tier] = max(self._most[tier], size)

    def shortened(self, ratio: float) -> None:
        """A summary was made, so many times shorter."""
        if len(self._ratios) < _RATIOS:
            self._ratios.append(ratio)

    def use(self, *, kept: int = 0, probed: int = 0) -> MemoryUse:
        """All of it."""
        tiers = {
            tier: TierUse(
                served=self._served[tier],
                entries_mean=round(self._total[tier] / self._looks, 3) if self._looks else 0.0,
                entries_max=self._most[tier],
            )
            for tier in TIERS
        }
        return MemoryUse(
            hot=tiers["hot"],
            warm=tiers["warm"],
            cold=tiers["cold"],
            misses=self.misses,
            recomputed=self.recomputed,
            rehydrated=self.rehydrated,
            compression=_compression(self._ratios),
            kept=kept,
            probed=probed,
        )


def _compression(ratios: list[float]) -> Compression | None:
    if not ratios:
        return None
    tenths = quantiles(ratios, n=10) if len(ratios) > 1 else [ratios[0]] * 9
    return Compression(mean=round(fmean(ratios), 3), p10=round(tenths[0], 3), p90=round(tenths[-1], 3))
