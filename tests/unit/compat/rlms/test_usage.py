"""Usage as the reference reports it."""

from __future__ import annotations

from harlm.compat.rlms.usage import usage_summary
from harlm.types import Usage


def test_usage_is_reported_by_the_names_of_the_provider() -> None:
    one = Usage(calls=2, input_tokens=30, output_tokens=4, cost_micros=500_000).of_model(
        "openrouter/qwen/qwen3"
    )
    summary = usage_summary(
        one + Usage(calls=1, input_tokens=5, output_tokens=1, cost_micros=0).of_model("openai/b")
    )
    assert (summary.total_input_tokens, summary.total_output_tokens, summary.total_cost) == (35, 5, 0.5)
    assert summary.to_dict() == {
        "model_usage_summaries": {
            "qwen/qwen3": {
                "total_calls": 2,
                "total_input_tokens": 30,
                "total_output_tokens": 4,
                "total_cost": 0.5,
            },
            "b": {"total_calls": 1, "total_input_tokens": 5, "total_output_tokens": 1, "total_cost": 0.0},
        },
        "total_cost": 0.5,
    }


def test_a_cost_that_is_not_known_is_left_out() -> None:
    summary = usage_summary(Usage(calls=1, cost_micros=None).of_model("openai/b"))
    assert summary.total_cost is None
    assert "total_cost" not in summary.to_dict()
