from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harlm.memory.statistics import TIERS, Statistics, Tier
from harlm.types import Compression, MemoryUse


def test_without_accesses_all_figures_are_zero() -> None:
    assert Statistics().use() == MemoryUse()
    assert Statistics().use().hit_rate is None


def test_accesses_are_counted_by_the_tier_that_served_them() -> None:
    statistics = Statistics()
    tiers: list[Tier] = ["hot", "hot", "warm", "cold"]
    for tier in tiers:
        statistics.served(tier)
    statistics.misses += 1
    use = statistics.use(kept=3, probed=4)
    assert (use.hot.served, use.warm.served, use.cold.served, use.misses) == (2, 1, 1, 1)
    assert (use.kept, use.probed) == (3, 4)
    assert use.hit_rate == 0.8


def test_sizes_are_averaged_and_their_largest_is_kept() -> None:
    statistics = Statistics()
    for size in (1, 2, 9):
        statistics.seen({"hot": size, "warm": 0, "cold": 2 * size})
    use = statistics.use()
    assert (use.hot.entries_mean, use.hot.entries_max) == (4.0, 9)
    assert (use.cold.entries_mean, use.cold.entries_max) == (8.0, 18)
    assert use.warm.entries_max == 0


@given(st.lists(st.sampled_from(TIERS), min_size=1, max_size=50), st.integers(0, 5))
def test_shares_of_served_accesses_add_up_to_all(served: list[Tier], misses: int) -> None:
    statistics = Statistics()
    for tier in served:
        statistics.served(tier)
    statistics.misses += misses
    use = statistics.use()
    assert use.served == use.hot.served + use.warm.served + use.cold.served == len(served)
    assert use.hit_rate == pytest.approx(len(served) / (len(served) + misses))


def test_compression_is_described_by_its_mean_and_its_tenths() -> None:
    one = Statistics()
    one.shortened(4.0)
    assert one.use().compression == Compression(mean=4.0, p10=4.0, p90=4.0)
    many = Statistics()
    for ratio in range(1, 101):
        many.shortened(float(ratio))
    compression = many.use().compression
    assert compression is not None
    assert compression.mean == 50.5
    assert 9 < compression.p10 < 12
    assert 89 < compression.p90 < 92


def test_of_very_many_summaries_the_first_are_kept() -> None:
    statistics = Statistics()
    for _ in range(10_000):
        statistics.shortened(2.0)
    statistics.shortened(1_000_000.0)
    assert statistics.use().compression == Compression(mean=2.0, p10=2.0, p90=2.0)
