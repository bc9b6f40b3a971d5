"""What calls are expected to cost and to take."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from harlm.branching.strategies.forecasting import Calls, forecast
from harlm.types import ModelFacts, Price

PRICED = ModelFacts(name="scripted/model", window=100_000, price=Price(input=1.0, output=4.0))
CALLS = st.builds(
    Calls,
    model=st.just(PRICED),
    calls=st.integers(0, 500),
    input_tokens=st.integers(0, 5_000),
    output_tokens=st.integers(0, 500),
)


@given(st.lists(CALLS, max_size=4), st.integers(1, 64))
def test_a_forecast_adds_up_its_steps(steps: list[Calls], concurrency: int) -> None:
    told = forecast(*steps, concurrency=concurrency)
    assert told.calls == sum(step.calls for step in steps)
    assert told.input_tokens == sum(step.calls * step.input_tokens for step in steps)
    assert told.micros is not None
    assert told.micros >= told.input_tokens + 4 * told.output_tokens
    assert told.depth == sum(step.calls > 0 for step in steps)


@given(CALLS, st.integers(1, 63))
def test_more_at_once_take_no_longer(step: Calls, concurrency: int) -> None:
    assert step.seconds(concurrency + 1) <= step.seconds(concurrency)


def test_one_unknown_price_makes_the_cost_unknown() -> None:
    known = Calls(model=PRICED, calls=1, input_tokens=1, output_tokens=1)
    unknown = replace(known, model=replace(PRICED, price=None))
    assert forecast(known, unknown, concurrency=1).micros is None


def test_nothing_costs_nothing() -> None:
    told = forecast(concurrency=8)
    assert (told.calls, told.micros, told.seconds, told.depth) == (0, 0, 0, 0)


def test_calls_of_the_built_in_model_take_a_tenth_of_a_second() -> None:
    local = replace(PRICED, name="offline/extractive")
    assert local.is_local
    assert Calls(model=local, calls=4, input_tokens=9, output_tokens=9).seconds(2) == 0.2
