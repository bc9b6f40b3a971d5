from __future__ import annotations

import pytest
from opentelemetry.sdk.trace import TracerProvider

from harlm.errors import ConfigError
from harlm.tracing.otel.exporting import Exporting, exporting_of, tracer_and_meter
from harlm.tracing.otel.names import KNOWN
from tests.support.busy import eventually
from tests.support.collector import Received, receiver, silent


def exporting(monkeypatch: pytest.MonkeyPatch, address: str, **more: str) -> Exporting:
    for name, value in {"OTEL_EXPORTER_OTLP_ENDPOINT": address, **more}.items():
        monkeypatch.setenv(name, value)
    import os

    made = exporting_of(os.environ)
    assert made is not None
    return made


def one_span(made: Exporting, name: str = "a") -> None:
    tracer_and_meter(made, KNOWN, "1")[0].start_span(name).end()


def names_at(received: Received) -> list[str]:
    return [span.name for span in received.spans()]


def test_spans_and_metrics_arrive(monkeypatch: pytest.MonkeyPatch) -> None:
    with receiver() as received:
        made = exporting(monkeypatch, received.address)
        tracer_and_meter(made, KNOWN, "1")[1].create_counter("calls").add(1)
        one_span(made)
        assert made.finish(30)
        assert names_at(received) == ["a"]
        assert received.metrics() == {"calls"}
        assert received.resource()["service.name"] == "harlm"


def test_the_environment_names_the_service(monkeypatch: pytest.MonkeyPatch) -> None:
    with receiver() as received:
        made = exporting(monkeypatch, received.address, OTEL_SERVICE_NAME="mine")
        one_span(made)
        assert made.finish(30)
        assert received.resource()["service.name"] == "mine"


def test_runs_with_the_same_variables_share_one(monkeypatch: pytest.MonkeyPatch) -> None:
    with receiver() as received:
        first = exporting(monkeypatch, received.address)
        assert exporting(monkeypatch, received.address) is first
        assert exporting(monkeypatch, received.address, OTEL_METRICS_EXPORTER="none") is not first


def test_a_collector_that_refuses_is_told_and_later_deliveries_arrive(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with receiver() as received:
        received.status = 401
        made = exporting(monkeypatch, received.address)
        one_span(made)
        made.finish(30)
        (record,) = caplog.records
        assert "it refused the key" in record.getMessage()
        received.status = 200
        one_span(made, "b")
        made.finish(30)
        assert eventually(lambda: made.delivery.trouble is None)
        assert "b" in names_at(received)


def test_a_silent_collector_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    with silent() as address:
        made = exporting(monkeypatch, address)
        one_span(made)
        assert not made.finish(0.05)
        assert made.delivery.trouble == "it does not answer"


def test_the_spans_that_wait_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harlm.tracing.otel.exporting._MOST_WAITING", 600)
    with silent() as address:
        made = exporting(monkeypatch, address)
        for _ in range(1_000):
            one_span(made)
        assert made._waiting.added == 600 - 512
        made.delivery.failed("known")


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4318", "such as http://localhost:4318"),
        ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "ftp://x", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc", "http/protobuf only"),
    ],
)
def test_a_variable_that_cannot_be_used_is_named(name: str, value: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        exporting_of({name: value})


def test_an_address_in_a_message_holds_no_secret() -> None:
    made = exporting_of({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://me:hunter2@127.0.0.1:9/x?key=hunter2"})
    assert made is not None
    made.delivery.failed("away")
    line = made.delivery.untold()
    assert line is not None
    assert "http://127.0.0.1:9:" in line
    assert "hunter2" not in line


def test_the_provider_of_the_process_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    own = TracerProvider(shutdown_on_exit=False)
    monkeypatch.setattr("opentelemetry.trace._TRACER_PROVIDER", own)
    assert exporting_of({}) is None
