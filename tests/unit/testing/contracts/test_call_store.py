"""The suite finds what is wrong with a store of paid calls."""

from __future__ import annotations

from dataclasses import replace

import pytest

from harlm.journal import InMemoryCalls
from harlm.testing.contracts import CallStoreContract
from harlm.testing.contracts.call_store import USAGES, call_of
from harlm.types import PaidCall, Usage

SUITE = CallStoreContract()


class Overwrites:
    """Keeps the last call under a key, and answers after it was closed."""

    def __init__(self) -> None:
        self._calls: dict[str, PaidCall] = {}
        self.is_behind = False

    def put(self, call: PaidCall) -> None:
        self._calls[call.key.lower()] = call

    def get(self, key: str) -> PaidCall | None:
        return self._calls.get(key.lower())

    def flush(self) -> None:
        """Nothing is behind."""

    def close(self) -> None:
        """Nothing is held."""


class LosesUsage(InMemoryCalls):
    def put(self, call: PaidCall) -> None:
        super().put(replace(call, usage=Usage(calls=call.usage.calls)))


def test_a_good_one_passes() -> None:
    SUITE.test_a_call_comes_back_as_it_was(InMemoryCalls(), "text")
    SUITE.test_the_first_call_under_a_key_stays(InMemoryCalls())
    assert call_of("k").key == "k"


def test_faults_are_found() -> None:
    with pytest.raises(AssertionError):
        SUITE.test_the_first_call_under_a_key_stays(Overwrites())
    with pytest.raises(AssertionError):
        SUITE.test_a_key_that_was_never_put_has_no_call(Overwrites())
    with pytest.raises(AssertionError):
        SUITE.test_a_closed_store_can_be_closed_again_and_holds_nothing(Overwrites())
    with pytest.raises(AssertionError):
        SUITE.test_it_behaves_as_a_dictionary_whose_items_stay(make_store=Overwrites)
    with pytest.raises(AssertionError):
        SUITE.test_its_usage_comes_back_as_it_was(LosesUsage(), USAGES[-1])
