from __future__ import annotations

from typing import Any

import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader

from harlm import HARLM
from harlm.errors import ModelUnavailable
from harlm.testing import ScriptedModel
from harlm.tracing.otel import names
from harlm.tracing.otel.metrics import RunMetrics
from harlm.tracing.otel.names import KNOWN, NEWEST
from harlm.types import Answer


def measured(
    convention: names.Convention, *replies: str | Exception
) -> tuple[Answer | None, dict[str, list[Any]]]:
    """The answer of a run, and the data points of its metrics by name."""
    reader = InMemoryMetricReader()
    meter = MeterProvider(metric_readers=[reader], shutdown_on_exit=False).get_meter("test")
    answer = None
    try:
        sinks = [RunMetrics(meter, convention)]
        answer = HARLM(model=ScriptedModel(list(replies)), cache=False).ask(
            "?", "text", mode="full", sinks=sinks
        )
    except ModelUnavailable:
        pass
    data = reader.get_metrics_data()
    assert data is not None
    found = (
        metric
        for resource in data.resource_metrics
        for scope in resource.scope_metrics
        for metric in scope.metrics
    )
    return answer, {metric.name: list(metric.data.data_points) for metric in found}


def test_tokens_and_seconds_of_calls_are_those_of_the_answer() -> None:
    answer, points = measured(KNOWN, "```repl\nprint(1)\n```", "FINAL(done)")
    assert answer is not None
    tokens = {point.attributes[names.TOKEN_TYPE]: point.sum for point in points["gen_ai.client.token.usage"]}
    assert tokens == {"input": answer.usage.input_tokens, "output": answer.usage.output_tokens}
    (durations,) = points["gen_ai.client.operation.duration"]
    assert durations.count == answer.usage.calls
    assert durations.attributes[names.REQUEST_MODEL] == "model"
    (runs,) = points[names.RUN_DURATION]
    assert runs.attributes[names.STATUS] == answer.status
    assert points[names.RUN_COST][0].sum == 0


def test_the_newest_names_count_tokens_apart() -> None:
    answer, points = measured(NEWEST, "```repl\nprint(1)\n```", "FINAL(done)")
    assert answer is not None
    assert points["gen_ai.client.inference.usage.input_tokens"][0].value == answer.usage.input_tokens
    assert points["gen_ai.client.inference.usage.output_tokens"][0].value == answer.usage.output_tokens
    assert points["gen_ai.client.inference.duration"][0].count == answer.usage.calls
    assert "gen_ai.client.token.usage" not in points


@pytest.mark.parametrize("convention", [KNOWN, NEWEST], ids=lambda each: each.version)
def test_a_failed_call_counts_with_its_error(convention: names.Convention) -> None:
    answer, points = measured(convention, ModelUnavailable("gone", model="m", status=400))
    assert answer is None
    (durations,) = points[convention.duration]
    assert durations.attributes[names.ERROR_TYPE] == "400"
    assert points[names.RUN_DURATION][0].attributes[names.ERROR_TYPE] == "ModelUnavailable"
