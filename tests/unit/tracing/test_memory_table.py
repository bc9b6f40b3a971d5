"""The table of what memory did in a run."""

from __future__ import annotations

from harlm.tracing.memory_table import memory_lines
from harlm.types import Compression, MemoryUse, TierUse, Usage

USED = MemoryUse(
    hot=TierUse(served=6, entries_mean=2.5, entries_max=4), warm=TierUse(served=1), misses=3, reused=2
)


def test_a_run_that_used_no_memory_has_no_table() -> None:
    assert list(memory_lines(MemoryUse(), Usage())) == []


def test_each_tier_has_its_share_of_all_accesses() -> None:
    rows = [line.split() for line in memory_lines(USED, Usage())]
    assert rows[1] == ["hot", "6", "60.0%", "2.5", "4"]
    assert rows[2][:3] == ["warm", "1", "10.0%"]
    assert rows[3][:3] == ["cold", "0", "0.0%"]
    assert rows[4] == ["missed", "3", "30.0%"]


def test_reuse_alone_has_a_table_without_shares() -> None:
    lines = list(memory_lines(MemoryUse(reused=1, saved_tokens=1_200, saved_micros=2_500), Usage()))
    assert lines[1].split()[2] == "-"
    assert lines[-1].strip() == "1 replies reused (1,200 tokens, $0.0025 saved)"


def test_an_unknown_saving_has_no_dollars() -> None:
    *_, last = memory_lines(MemoryUse(reused=1, saved_tokens=5, saved_micros=None), Usage())
    assert "(5 tokens saved)" in last


def test_summaries_and_the_providers_cache_are_reported() -> None:
    memory = MemoryUse(
        misses=1, compression=Compression(mean=8.0, p10=4.0, p90=12.0), kept=3, probed=4, recomputed=2
    )
    *_, last = memory_lines(memory, Usage(input_tokens=200, cached_tokens=50))
    assert "summaries 8.0 times shorter (p10 4.0, p90 12.0)" in last
    assert "summaries kept 3 of 4 numbers and names of the answer" in last
    assert "25% of the input from the provider's cache" in last
    assert "2 fetched again, 0 after a summary" in last
