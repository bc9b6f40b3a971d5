"""The figures of memory: accesses by the tier that served them, entries in each tier, compression by
summaries. Counts only.

The shares of the tiers refer to *served* accesses and add up to one, so misses are counted separately.
"""

from __future__ import annotations

from collections import Counter
from statistics import fmean, quantiles
from typing import Literal

from harlm.types import Compression, MemoryUse, TierUse

Tier = Literal["hot", "warm", "cold"]
TIERS: tuple[Tier, ...] = ("hot", "warm", "cold")

_RATIOS = 10_000  # the first summaries, whose ratios are kept


class Statistics:
    """The figures of one run.

    Attributes:
        misses: accesses that no tier could serve.
        recomputed: accesses to an entry that had left the hot tier.
        rehydrated: expansions of an entry after a summary of it had been shown.
    """

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
        """Count an access that a tier served."""
        self._served[tier] += 1

    def seen(self, sizes: dict[Tier, int]) -> None:
        """Count the entries that each tier holds now."""
        self._looks += 1
        for tier, size in sizes.items():
            self._total[tier] += size
            self._most[tier] = max(self._most[tier], size)

    def shortened(self, ratio: float) -> None:
        """Count a summary that is ``ratio`` times shorter than its entry."""
        if len(self._ratios) < _RATIOS:
            self._ratios.append(ratio)

    def use(self, *, kept: int = 0, probed: int = 0) -> MemoryUse:
        """All figures.

        Args:
            kept, probed: as in ``harlm.types.MemoryUse``.
        """
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
