from __future__ import annotations

import logging

import pytest

from harlm.tracing.otel.delivery import Delivery

EXPORTER = logging.getLogger("opentelemetry.exporter.otlp.proto.http.trace_exporter")


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (
            "Transient error HTTPConnectionPool(…): Connection refused encountered while exporting",
            "nothing listens there",
        ),
        ("Failed to export spans batch code: 401, reason: key sk-1", "it refused the key"),
        ("Transient error: Read timed out.", "it does not answer"),
        ("Something else with a secret", "it did not take them"),
    ],
)
def test_the_reason_is_read_in_the_log_and_the_record_dropped(
    said: str, reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    delivery = Delivery("http://127.0.0.1:4318")
    with delivery.watched():
        EXPORTER.error(said)
    assert delivery.trouble == reason
    assert caplog.records == []


def test_records_of_others_stay(caplog: pytest.LogCaptureFixture) -> None:
    with Delivery("x").watched():
        pass
    EXPORTER.error("of another library")
    assert [record.getMessage() for record in caplog.records] == ["of another library"]


def test_the_last_attempt_keeps_the_reason_of_the_first() -> None:
    delivery = Delivery("x")
    with delivery.watched():
        EXPORTER.warning("Transient error Connection refused encountered")
        EXPORTER.error("Failed to export spans batch due to timeout, max retries or shutdown.")
    assert delivery.trouble == "nothing listens there"


def test_trouble_is_told_once_until_a_delivery_arrives() -> None:
    delivery = Delivery("http://there:1")
    assert delivery.untold() is None
    delivery.failed("nothing listens there")
    line = delivery.untold()
    assert line is not None
    assert line.startswith("telemetry does not reach http://there:1: nothing listens there;")
    assert delivery.untold() is None
    delivery.failed()
    assert delivery.untold() is None
    delivery.succeeded()
    delivery.failed()
    assert delivery.untold() is not None
