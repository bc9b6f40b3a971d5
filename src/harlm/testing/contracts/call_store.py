"""What every store of paid calls must do, wherever it keeps them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harlm.errors import MemoryFailure
from harlm.protocols import CallStore
from harlm.testing.contracts.missing import missing
from harlm.types import PaidCall, Usage


def call_of(
    key: str, text: str = "a reply", *, usage: Usage | None = None, created: float = 12.5
) -> PaidCall:
    """A paid call."""
    usage = usage or Usage(calls=1, input_tokens=7, output_tokens=3, cost_micros=15)
    return PaidCall(key=key, model="a/b", text=text, usage=usage, created=created)


TEXTS = ["short", "", "long " * 5_000, "\ud800 a lone surrogate", "Ünïcödé 漢字 🎈\0", "\r\n\t"]
USAGES = [
    Usage(),
    Usage(calls=1, input_tokens=10**12, output_tokens=3, cost_micros=None, estimated=True),
    Usage(calls=2, cached_tokens=4, cache_write_tokens=5, reasoning_tokens=6, cost_micros=0).of_model("a/b"),
]


class CallStoreContract:
    """The laws of ``harlm.protocols.CallStore``."""

    @pytest.fixture
    def make_store(self) -> Callable[[], CallStore]:
        """A function that makes a new store, which is empty; override it."""
        raise missing(self, "make_store")

    @pytest.fixture
    def store(self, make_store: Callable[[], CallStore]) -> Iterator[CallStore]:
        """A store, which is closed at the end of the test."""
        made = make_store()
        yield made
        made.close()

    @pytest.mark.parametrize("text", TEXTS)
    def test_a_call_comes_back_as_it_was(self, store: CallStore, text: str) -> None:
        put = call_of("k", text)
        store.put(put)
        assert store.get("k") == put
        store.flush()
        assert store.get("k") == put

    @pytest.mark.parametrize("usage", USAGES)
    def test_its_usage_comes_back_as_it_was(self, store: CallStore, usage: Usage) -> None:
        put = call_of("k", usage=usage)
        store.put(put)
        store.flush()
        assert store.get("k") == put

    def test_a_key_that_was_never_put_has_no_call(self, store: CallStore) -> None:
        assert store.get("nothing") is None
        store.put(call_of("k"))
        assert store.get("K") is None
        assert store.get("") is None

    def test_the_first_call_under_a_key_stays(self, store: CallStore) -> None:
        store.put(call_of("k", "first"))
        store.put(call_of("k", "second"))
        store.flush()
        store.put(call_of("k", "third"))
        store.flush()
        assert store.get("k") == call_of("k", "first")

    def test_flushing_an_empty_store_returns(self, store: CallStore) -> None:
        store.flush()
        store.flush()
        assert store.get("k") is None

    def test_a_closed_store_can_be_closed_again_and_holds_nothing(self, store: CallStore) -> None:
        store.put(call_of("k"))
        store.close()
        store.close()
        store.flush()
        assert store.get("k") is None
        with pytest.raises(MemoryFailure, match="closed"):
            store.put(call_of("other"))

    @settings(
        max_examples=20,
        deadline=None,
        suppress_health_check=[
            HealthCheck.too_slow,
            HealthCheck.function_scoped_fixture,
            HealthCheck.differing_executors,
        ],
    )
    @given(
        steps=st.lists(st.tuples(st.sampled_from("abcde"), st.text(max_size=900), st.booleans()), max_size=20)
    )
    def test_it_behaves_as_a_dictionary_whose_items_stay(
        self, make_store: Callable[[], CallStore], steps: list[tuple[str, str, bool]]
    ) -> None:
        store, expected = make_store(), dict[str, str]()
        for key, text, is_flushed in steps:
            store.put(call_of(key, text))
            expected.setdefault(key, text)
            if is_flushed:
                store.flush()
            assert {each: store.get(each) for each in expected} == {
                each: call_of(each, first) for each, first in expected.items()
            }
        store.close()
