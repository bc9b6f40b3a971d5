from __future__ import annotations

import pytest

from harlm.types import RELIABLE_SHARE, Completion, ModelFacts, Price, Usage


def test_the_effective_window_is_a_share_of_the_window_unless_it_was_measured() -> None:
    assert ModelFacts(name="openai/x", window=100_000).effective_window == int(RELIABLE_SHARE * 100_000)
    assert ModelFacts(name="openai/x", window=100_000, effective_window=60_000).effective_window == 60_000


@pytest.mark.parametrize(
    ("name", "is_local"),
    [("offline/extractive", True), ("openai/gpt-5", False), ("openai/offline", False), ("offline", False)],
)
def test_only_the_built_in_models_are_local(name: str, is_local: bool) -> None:
    assert ModelFacts(name=name, window=1_000).is_local is is_local


def test_facts_of_the_same_figures_are_equal() -> None:
    assumed = ModelFacts(name="openai/x", window=1_000)
    assert assumed == ModelFacts(name="openai/x", window=1_000, effective_window=250)


def test_a_completion_ends_normally_unless_it_says_otherwise() -> None:
    completion = Completion(text="x", model="m", usage=Usage(calls=1))
    assert (completion.stop, completion.request_id, completion.rates) == ("end", None, None)


def test_a_call_costs_what_its_price_says_and_takes_longer_the_larger_it_is() -> None:
    facts = ModelFacts(name="openai/x", window=1_000, price=Price(input=1.0, output=4.0))
    assert facts.call_micros(1_000, 100) == 1_400
    assert ModelFacts(name="openai/x", window=1_000).call_micros(1, 1) is None
    assert facts.call_seconds(1_000, 100) < facts.call_seconds(2_000, 100) < facts.call_seconds(2_000, 200)
    assert ModelFacts(name="offline/extractive", window=1_000).call_seconds(9_000, 900) == 0.1
