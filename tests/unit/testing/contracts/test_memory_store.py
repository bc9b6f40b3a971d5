"""The suite finds what is wrong with a store of entries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from harlm.memory import InMemoryStore
from harlm.testing.contracts import MemoryStoreContract
from harlm.testing.contracts.memory_store import entry_of
from harlm.threads import StopFlag
from harlm.types import Entry, Recollection

SUITE = MemoryStoreContract()


class Forgets(InMemoryStore):
    def get(self, key: str) -> Entry | None:
        return None


class LosesUsage(InMemoryStore):
    def get(self, key: str) -> Entry | None:
        found = super().get(key)
        return None if found is None else replace(found, node="")


class MixesRuns(InMemoryStore):
    def put(self, entry: Entry) -> None:
        super().put(replace(entry, run="R"))

    def search(self, query: str, k: int, *, run: str, stop: StopFlag | None = None) -> Sequence[Recollection]:
        return super().search(query, k, run="R", stop=stop)


class FindsWhole(InMemoryStore):
    def search(self, query: str, k: int, *, run: str, stop: StopFlag | None = None) -> Sequence[Recollection]:
        found = super().search(query, k, run=run, stop=stop)
        return [replace(each, start=0, end=10**6) for each in found]


class Answers(InMemoryStore):
    def close(self) -> None:
        """Leaves all as it was."""


def test_a_good_one_passes() -> None:
    SUITE.test_an_entry_comes_back_as_it_was(InMemoryStore(), "value")
    SUITE.test_other_runs_are_not_searched(InMemoryStore())
    assert entry_of("k", "v").key == "k"


def test_faults_are_found() -> None:
    with pytest.raises(AssertionError):
        SUITE.test_an_entry_comes_back_as_it_was(Forgets(), "value")
    with pytest.raises(AssertionError):
        SUITE.test_an_entry_comes_back_as_it_was(LosesUsage(), "value")
    with pytest.raises(AssertionError):
        SUITE.test_other_runs_are_not_searched(MixesRuns())
    with pytest.raises(AssertionError):
        SUITE.test_a_search_returns_the_passage_of_a_long_entry(FindsWhole())
    with pytest.raises(AssertionError):
        SUITE.test_closing_twice_is_safe(Answers())
