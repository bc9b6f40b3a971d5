"""The JSON object of an answer."""

from __future__ import annotations

import msgspec
import pytest

from harlm.tracing.report import report_of
from harlm.types import Answer, Early, MemoryUse, ReadingCost, TierUse, Usage


def test_money_is_in_dollars_and_unknown_money_is_null() -> None:
    known = report_of(Answer(text="x", usage=Usage(calls=1, cost_micros=1_500))).usage
    unknown = report_of(Answer(text="x", usage=Usage(calls=1, cost_micros=None))).usage
    assert (known.cost_usd, unknown.cost_usd) == (0.0015, None)


@pytest.mark.parametrize("confidence", [None, 0.875])
def test_confidence_is_a_number_or_null_beside_its_reasons(confidence: float | None) -> None:
    answer = Answer(text="x", confidence=confidence, confidence_reasons=("because",))
    printed = msgspec.json.decode(msgspec.json.encode(report_of(answer)))
    assert (printed["confidence"], printed["confidence_reasons"]) == (confidence, ["because"])


def test_usage_is_listed_by_model_and_early_calls_once() -> None:
    usage = Usage().of_model("nothing")
    early = Early(made=5, claimed=3, wasted_tokens=70, wasted_micros=2_000_000)
    usage = Usage(calls=3, early=early) + usage + Usage(calls=2, cost_micros=4).of_model("a/b")
    report = report_of(Answer(text="x", usage=usage)).usage
    assert report.by_model["a/b"].calls == 2
    assert report.by_model["a/b"].early is None
    assert report.early is not None
    assert (report.early.made, report.early.claimed, report.early.wasted) == (5, 3, 2)
    assert report.early.wasted_usd == 2.0


def test_rates_are_rounded_and_null_without_accesses() -> None:
    used = MemoryUse(hot=TierUse(served=1), misses=2, saved_micros=None)
    memory = report_of(Answer(text="x", memory=used, usage=Usage(input_tokens=3, cached_tokens=1))).memory
    assert (memory.hit_rate, memory.provider_cached, memory.saved_usd) == (0.3333, 0.3333, None)
    empty = report_of(Answer(text="x")).memory
    assert (empty.hit_rate, empty.provider_cached) == (None, None)


def test_the_reading_ratio_is_rounded() -> None:
    reading = ReadingCost(growth="linear", tokens_read=200, least_tokens=300)
    report = report_of(Answer(text="x", reading=reading)).reading
    assert report is not None
    assert (report.growth, report.tokens_read, report.least_tokens, report.ratio) == (
        "linear",
        200,
        300,
        0.667,
    )
    assert report_of(Answer(text="x")).reading is None


@pytest.mark.parametrize(("tier", "warns"), [("s0", True), ("s3", False), (None, False)])
def test_only_the_unsafe_tier_has_a_warning(tier: str | None, warns: bool) -> None:
    sandbox = report_of(Answer(text="x", sandbox=tier)).sandbox
    assert (sandbox.tier, sandbox.warning is not None) == (tier, warns)


def test_the_report_is_json() -> None:
    fields = msgspec.json.decode(msgspec.json.encode(report_of(Answer(text="x", data={"a": 1}, run_id="R"))))
    assert (fields["answer"], fields["data"], fields["run"]) == ("x", {"a": 1}, "R")
