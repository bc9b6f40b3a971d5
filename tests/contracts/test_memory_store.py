"""What every memory store must do, wherever it keeps its entries."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from harlm.memory import ColdStore, HotStore, InMemoryStore
from harlm.protocols import MemoryStore
from harlm.stores.postgres import PostgresStores
from harlm.types import Entry, Usage
from tests.support.postgres import shared_server

STORES: dict[str, Callable[[Path], MemoryStore]] = {
    "in memory": lambda folder: InMemoryStore(),
    "cold": lambda folder: ColdStore(folder / "memory.db"),
    "hot in front of memory": lambda folder: HotStore(InMemoryStore(), tokens=100),
    "hot in front of cold": lambda folder: HotStore(ColdStore(folder / "memory.db"), tokens=100),
    "hot that holds nothing": lambda folder: HotStore(ColdStore(folder / "memory.db"), tokens=0),
    "postgres": lambda folder: PostgresStores(shared_server().database(), "").entries(),
    "hot in front of postgres": lambda folder: HotStore(
        PostgresStores(shared_server().database(), "mine").entries(), tokens=0
    ),
}


@pytest.fixture(params=STORES)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[MemoryStore]:
    made = STORES[request.param](tmp_path)
    yield made
    made.close()


def entry(key: str, value: str | bytes, *, run: str = "R", question: str = "", tokens: int = 10) -> Entry:
    return Entry(
        key=key, kind="reply", value=value, run=run, question=question, node="0.1", depth=1, model="a/b", tokens=tokens,
        created=12.5, usage=Usage(calls=1, input_tokens=7, output_tokens=3, cost_micros=None),
    )  # fmt: skip


VALUES = [
    "short",
    "",
    "long " * 5_000,
    "\ud800 a lone surrogate",
    "Ünïcödé 漢字 🎈\0",
    b"",
    b"\x00\xff" * 3_000,
]


@pytest.mark.parametrize("value", VALUES)
def test_an_entry_comes_back_as_it_was(store: MemoryStore, value: str | bytes) -> None:
    put = entry("k", value, question="why?")
    store.put(put)
    assert store.get("k") == put
    store.flush()
    assert store.get("k") == put


def test_a_key_that_was_never_put_has_no_entry(store: MemoryStore) -> None:
    assert store.get("nothing") is None
    assert store.search("nothing", 5, run="R") == () or store.search("nothing", 5, run="R") == []


def test_the_first_entry_under_a_key_stays(store: MemoryStore) -> None:
    store.put(entry("k", "first"))
    store.flush()
    store.put(entry("k", "second"))
    store.flush()
    found = store.get("k")
    assert found is not None
    assert found.value == "first"


def test_entries_are_found_by_their_text_and_by_their_question(store: MemoryStore) -> None:
    store.put(entry("a", "The contract ends in March.", question="When does it end?"))
    store.put(entry("b", "The harbour was dredged.", question="What happened to the harbour?"))
    for is_flushed in (False, True):
        if is_flushed:
            store.flush()
        assert [each.key for each in store.search("contract end", 5, run="R")] == ["a"]
        assert [each.key for each in store.search("harbour", 5, run="R")] == ["b"]
        assert [each.key for each in store.search("contract harbour", 1, run="R")] in (["a"], ["b"])


def test_a_search_returns_the_passage_of_a_long_entry(store: MemoryStore) -> None:
    text = (
        "Nothing of interest stands here.\n\n" * 200
        + "The password of the lighthouse is umbrella.\n\n"
        + "More. " * 900
    )
    store.put(entry("long", text))
    store.flush()
    (found, *_) = store.search("lighthouse password", 3, run="R")
    assert "umbrella" in text[found.start : found.end]
    assert found.end - found.start < len(text) // 2


def test_other_runs_are_not_searched(store: MemoryStore) -> None:
    store.put(entry("a", "a sentence about walnuts", run="one"))
    store.put(entry("b", "a sentence about walnuts", run="other"))
    store.flush()
    assert [each.key for each in store.search("walnuts", 5, run="one")] == ["a"]


@pytest.mark.parametrize(
    "query", ["", "   ", '"', "a OR b AND", "NEAR(", "*", "place:x", "\0", "the of", "x" * 100_000]
)
def test_no_query_breaks_a_search(store: MemoryStore, query: str) -> None:
    store.put(entry("a", "the text of a thing"))
    store.flush()
    assert len(store.search(query, 5, run="R")) <= 1
    assert len(store.search(query, 0, run="R")) == 0


def test_closing_twice_is_safe(store: MemoryStore) -> None:
    store.put(entry("a", "x"))
    store.close()
    store.close()
    store.flush()
    assert not store.search("x", 3, run="R"), "a closed store answers at once"
