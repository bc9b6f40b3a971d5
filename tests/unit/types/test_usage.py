from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harlm.types import Budget, Early, Usage, summed


def test_an_unknown_price_makes_the_sum_unknown() -> None:
    known, unknown = Usage(calls=1, cost_micros=5), Usage(calls=1, cost_micros=None)
    assert (known + known).cost_usd == 0.00001
    assert (known + unknown).cost_usd is None


def test_usage_keeps_apart_what_each_model_used() -> None:
    total = Usage(calls=1, input_tokens=5).of_model("a") + Usage(calls=2, input_tokens=7).of_model("b")
    total += Usage(calls=3, input_tokens=1).of_model("a")
    assert total.calls == 6
    assert {name: each.calls for name, each in total.by_model.items()} == {"a": 4, "b": 2}


USAGES = st.lists(
    st.builds(
        Usage,
        calls=st.integers(0, 5),
        input_tokens=st.integers(0, 100),
        output_tokens=st.integers(0, 100),
        cached_tokens=st.integers(0, 100),
        cost_micros=st.none() | st.integers(0, 100),
        estimated=st.booleans(),
    ),
    max_size=6,
)


@given(USAGES)
def test_a_sum_is_what_adding_gives(usages: list[Usage]) -> None:
    assert summed(usages) == sum(usages, start=Usage())


@given(USAGES.filter(lambda usages: len(usages) == 3))
def test_usages_may_be_added_in_any_order(usages: list[Usage]) -> None:
    one, two, three = (usage.of_model(name) for usage, name in zip(usages, "aba", strict=True))
    assert (one + two) + three == three + (two + one)


def test_early_calls_that_no_cell_reached_are_wasted() -> None:
    early = Early(made=3, claimed=2, wasted_tokens=10, wasted_micros=5) + Early(made=1, wasted_micros=None)
    assert (early.made, early.wasted, early.wasted_tokens, early.wasted_micros) == (4, 2, 10, None)


def test_the_sum_of_nothing_costs_nothing() -> None:
    assert summed([]).cost_usd == 0.0


@pytest.mark.parametrize(
    ("limits", "kind", "said"),
    [
        (
            {"tokens": "x"},
            TypeError,
            r"Budget\(tokens='x'\): tokens is a whole number of tokens, such as 100_000",
        ),
        ({"tokens": 1.5}, TypeError, "tokens is a whole number"),
        ({"usd": "1"}, TypeError, r"usd is a number of dollars, such as 0.5; leave it out for no limit"),
        ({"calls": True}, TypeError, "calls is a whole number of requests"),
        ({"seconds": "5m"}, TypeError, "seconds is a number of seconds, such as 120"),
        ({"depth": 1.0}, TypeError, "depth is a whole number of levels"),
        ({"usd": -1}, ValueError, r"Budget\(usd=-1\): .* at least 0"),
        ({"seconds": math.nan}, ValueError, "at least 0"),
    ],
)
def test_a_limit_that_is_none_is_named(limits: dict[str, Any], kind: type[Exception], said: str) -> None:
    with pytest.raises(kind, match=said):
        Budget(**limits)


def test_limits_are_numbers_of_any_kind() -> None:
    assert Budget(usd=1, tokens=10, calls=0, seconds=0.5, depth=0).seconds == 0.5
    assert Budget(usd=math.inf).usd == math.inf
