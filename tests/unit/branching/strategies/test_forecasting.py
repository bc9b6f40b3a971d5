from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from harlm.branching.strategies.forecasting import Calls, forecast
from harlm.types import ModelFacts
from tests.support.proposals import ROOT, SUB

counts = st.integers(0, 1_000)


def calls(number: int, model: ModelFacts = SUB) -> Calls:
    return Calls(model=model, calls=number, input_tokens=1_000, output_tokens=100)


def test_steps_add_up_and_those_with_calls_wait_for_one_another() -> None:
    told = forecast(calls(3), calls(0), calls(2, ROOT), concurrency=8)
    assert (told.calls, told.input_tokens, told.output_tokens, told.depth) == (5, 5_000, 500, 2)
    assert told.micros == 3 * 450 + 2 * 2_250


def test_an_unknown_price_is_unknown_and_never_nothing() -> None:
    assert forecast(calls(1), calls(1, replace(SUB, price=None)), concurrency=8).micros is None


def test_no_step_costs_nothing() -> None:
    told = forecast(concurrency=8)
    assert (told.calls, told.micros, told.seconds, told.depth) == (0, 0, 0, 0)


@given(counts, st.integers(1, 64))
def test_more_at_once_never_takes_longer(number: int, at_once: int) -> None:
    assert calls(number).seconds(at_once + 1) <= calls(number).seconds(at_once)
    assert calls(number + 1).seconds(at_once) >= calls(number).seconds(at_once)
