"""Handles are short, told apart, and the same in every run; of very many entries the oldest are forgotten."""

from __future__ import annotations

import pytest

from harlm.memory import known
from harlm.memory.known import Known, KnownEntries


def an_entry(handle: str, *, is_pinned: bool = False) -> Known:
    return Known(
        handle=handle, key=f"key of {handle}", kind="reply", node="0", title="", gist="", tokens=1, turn=0,
        is_pinned=is_pinned,
    )  # fmt: skip


def test_a_handle_follows_from_the_content() -> None:
    entries = KnownEntries()
    assert entries.new_handle("a text") == KnownEntries().new_handle("a text")
    assert entries.new_handle("a text") != entries.new_handle("another")


def test_a_handle_that_is_taken_gets_longer() -> None:
    entries = KnownEntries()
    entries.add(an_entry(first := entries.new_handle("a text")))
    second = entries.new_handle("a text")
    assert second.startswith(first)
    assert len(second) == len(first) + 1


def test_an_entry_is_found_by_handle_and_by_key() -> None:
    entries = KnownEntries()
    entries.add(an_entry("mabcd"))
    assert "mabcd" in entries
    assert entries.handle_of("key of mabcd") == "mabcd"
    assert [each.handle for each in entries] == ["mabcd"]
    assert entries.handle_of("another key") is None
    with pytest.raises(KeyError):
        entries["mother"]


def test_the_oldest_are_forgotten_and_pinned_ones_last(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(known, "_MOST", 3)
    entries = KnownEntries()
    for number in range(5):
        entries.add(an_entry(f"m{number}", is_pinned=number == 0))
    assert [each.handle for each in entries] == ["m0", "m3", "m4"]
    assert entries.handle_of("key of m1") is None
    for number in range(5, 9):
        entries.add(an_entry(f"m{number}", is_pinned=True))
    assert len(entries) == 3
