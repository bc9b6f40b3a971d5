"""What memory did, in figures: accesses by the tier that answered them, entries in each, how much shorter summaries were. Knows
how to count; refuses to know what an entry is.

Shares of *served* accesses add up to one whatever was missed, so misses are counted beside them.
"""

from __future__ import annotations

from collections import Counter
from statistics import fmean, quantiles
from typing import Literal

from harlm.types import Compression, MemoryUse, TierUse, Usage

Tier = Literal["hot", "warm", "cold"]
TIERS: tuple[Tier, ...] = ("hot", "warm", "cold")

_RATIOS = 10_000  # of summaries that are remembered


class Counts:
    """Counts for one run."""

    def __init__(self) -> None:
        self._served: Counter[Tier] = Counter()
        self._total: Counter[Tier] = Counter()
        self._most: Counter[Tier] = Counter()
        self._looks = 0
        self._ratios: list[float] = []
        self.misses = 0
        self.recomputed = 0
        self.rehydrated = 0
        self.reused = 0
        self._saved_tokens = 0
        self._saved_micros: int | None = 0

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

    def saved(self, usage: Usage) -> None:
        """A call was not made that had taken ``usage``."""
        self.reused += 1
        self._saved_tokens += usage.input_tokens + usage.output_tokens
        if self._saved_micros is not None:
            self._saved_micros = None if usage.cost_micros is None else self._saved_micros + usage.cost_micros

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
            **tiers,
            misses=self.misses,
            recomputed=self.recomputed,
            rehydrated=self.rehydrated,
            compression=_compression(self._ratios),
            kept=kept,
            probed=probed,
            reused=self.reused,
            saved_tokens=self._saved_tokens,
            saved_micros=self._saved_micros,
        )


def _compression(ratios: list[float]) -> Compression | None:
    if not ratios:
        return None
    tenths = quantiles(ratios, n=10) if len(ratios) > 1 else [ratios[0]] * 9
    return Compression(mean=round(fmean(ratios), 3), p10=round(tenths[0], 3), p90=round(tenths[-1], 3))
