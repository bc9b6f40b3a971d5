from __future__ import annotations

import pytest

from harlm.errors import MemoryFailure
from harlm.memory.in_memory import InMemoryStore, look_through, telling_words
from harlm.threads import StopFlag
from harlm.types import Entry


def entry(key: str, value: str | bytes, question: str = "") -> Entry:
    return Entry(key=key, kind="reply", value=value, question=question, run="R")


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("When was the lighthouse lit?", ["lighthouse", "lit"]),
        ("the of and", ["the", "of", "and"]),
        ("walnut walnut fig", ["walnut", "fig"]),
        ("", []),
    ],
)
def test_stop_words_count_only_if_there_are_no_others(query: str, words: list[str]) -> None:
    assert telling_words(query) == words


def test_a_very_long_query_is_searched_by_its_first_words() -> None:
    assert telling_words(" ".join(f"word{at}" for at in range(500))) == [f"word{at}" for at in range(64)]


def test_the_entry_with_most_of_the_words_is_first_and_ties_go_by_key() -> None:
    entries = [
        entry("c", "figs"),
        entry("b", "walnuts"),
        entry("a", "FIGS and more"),
        entry("d", "walnuts, figs"),
        entry("e", "x"),
    ]
    found = look_through(["Walnuts", "figs"], entries, StopFlag())
    assert [(each.key, each.score) for each in found] == [("d", 2.0), ("a", 1.0), ("b", 1.0), ("c", 1.0)]


def test_the_question_of_an_entry_counts_and_bytes_hold_no_words() -> None:
    found = look_through(
        ["walnuts"], [entry("a", "yes", question="any walnuts?"), entry("b", b"walnuts")], StopFlag()
    )
    assert [each.key for each in found] == ["a"]


def test_a_closed_store_takes_no_entries() -> None:
    store = InMemoryStore()
    store.close()
    with pytest.raises(MemoryFailure, match="this memory is closed; open another"):
        store.put(entry("a", "x"))
