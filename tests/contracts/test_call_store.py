"""What every store of paid calls must do, wherever it keeps them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harlm.errors import MemoryFailure
from harlm.journal import CallJournal, InMemoryCalls
from harlm.protocols import CallStore
from harlm.stores.postgres import PostgresStores
from harlm.types import PaidCall, Usage
from tests.support.postgres import shared_server

STORES: dict[str, Callable[[Path], CallStore]] = {
    "in memory": lambda folder: InMemoryCalls(),
    "journal": lambda folder: CallJournal(folder / "calls.db"),
    "journal of a namespace": lambda folder: CallJournal(folder / "calls.db", "mine"),
    "postgres": lambda folder: PostgresStores(shared_server().database(), "").calls(),
}


@pytest.fixture(params=STORES)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[CallStore]:
    made = STORES[request.param](tmp_path)
    yield made
    made.close()


def call(key: str, text: str = "a reply", *, usage: Usage | None = None, created: float = 12.5) -> PaidCall:
    usage = usage or Usage(calls=1, input_tokens=7, output_tokens=3, cost_micros=15)
    return PaidCall(key=key, model="a/b", text=text, usage=usage, created=created)


TEXTS = ["short", "", "long " * 5_000, "\ud800 a lone surrogate", "Ünïcödé 漢字 🎈\0", "\r\n\t"]
USAGES = [
    Usage(),
    Usage(calls=1, input_tokens=10**12, output_tokens=3, cost_micros=None, estimated=True),
    Usage(calls=2, cached_tokens=4, cache_write_tokens=5, reasoning_tokens=6, cost_micros=0).of_model("a/b"),
]


@pytest.mark.parametrize("text", TEXTS)
def test_a_call_comes_back_as_it_was(store: CallStore, text: str) -> None:
    put = call("k", text)
    store.put(put)
    assert store.get("k") == put
    store.flush()
    assert store.get("k") == put


@pytest.mark.parametrize("usage", USAGES)
def test_its_usage_comes_back_as_it_was(store: CallStore, usage: Usage) -> None:
    put = call("k", usage=usage)
    store.put(put)
    store.flush()
    assert store.get("k") == put


def test_a_key_that_was_never_put_has_no_call(store: CallStore) -> None:
    assert store.get("nothing") is None
    store.put(call("k"))
    assert store.get("K") is None
    assert store.get("") is None


def test_the_first_call_under_a_key_stays(store: CallStore) -> None:
    store.put(call("k", "first"))
    store.put(call("k", "second"))
    store.flush()
    store.put(call("k", "third"))
    store.flush()
    assert store.get("k") == call("k", "first")


def test_flushing_an_empty_store_returns(store: CallStore) -> None:
    store.flush()
    store.flush()
    assert store.get("k") is None


def test_a_closed_store_can_be_closed_again_and_holds_nothing(store: CallStore) -> None:
    store.put(call("k"))
    store.close()
    store.close()
    store.flush()
    assert store.get("k") is None
    with pytest.raises(MemoryFailure, match="this journal is closed"):
        store.put(call("other"))


@settings(max_examples=20)
@given(st.lists(st.tuples(st.sampled_from("abcde"), st.text(max_size=900), st.booleans()), max_size=20))
def test_it_behaves_as_a_dictionary_whose_items_stay(
    tmp_path_factory: pytest.TempPathFactory,
    steps: list[tuple[str, str, bool]],
) -> None:
    for make in STORES.values():
        store, expected = make(tmp_path_factory.mktemp("store")), dict[str, str]()
        for key, text, is_flushed in steps:
            store.put(call(key, text))
            expected.setdefault(key, text)
            if is_flushed:
                store.flush()
            assert {each: store.get(each) for each in expected} == {
                each: call(each, first) for each, first in expected.items()
            }
        store.close()
