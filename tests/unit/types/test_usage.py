from __future__ import annotations

from harlm.types import Usage


def test_an_unknown_price_makes_the_sum_unknown() -> None:
    known, unknown = Usage(calls=1, cost_micros=5), Usage(calls=1, cost_micros=None)
    assert (known + known).cost_usd == 0.00001
    assert (known + unknown).cost_usd is None


def test_usage_keeps_apart_what_each_model_used() -> None:
    total = Usage(calls=1, input_tokens=5).of_model("a") + Usage(calls=2, input_tokens=7).of_model("b")
    total += Usage(calls=3, input_tokens=1).of_model("a")
    assert total.calls == 6
    assert {name: each.calls for name, each in total.by_model.items()} == {"a": 4, "b": 2}
