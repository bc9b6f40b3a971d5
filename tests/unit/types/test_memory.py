from __future__ import annotations

import dataclasses

import pytest

from harlm.types import Entry, MemoryUse, TierUse


def test_accesses_are_served_by_any_tier() -> None:
    use = MemoryUse(hot=TierUse(served=3), warm=TierUse(served=2), cold=TierUse(served=1), misses=2)
    assert use.served == 6
    assert use.hit_rate == 0.75


def test_without_accesses_there_is_no_hit_rate() -> None:
    assert MemoryUse().hit_rate is None
    assert MemoryUse(misses=1).hit_rate == 0.0


def test_reused_calls_are_not_accesses() -> None:
    assert MemoryUse(reused=5, saved_tokens=100).hit_rate is None


def test_an_entry_cannot_be_changed() -> None:
    entry = Entry(key="k", kind="note", value="x")
    with pytest.raises(dataclasses.FrozenInstanceError):
        entry.value = "y"  # type: ignore[misc] # frozen
    assert dataclasses.replace(entry, value="y") != entry
