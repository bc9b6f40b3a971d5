"""Sends spans and metrics to a collector over OTLP, configured by the standard ``OTEL_*`` variables.

Sends from threads of its own, so that a run never waits for a collector. Where the process has a tracer provider already, that one is
used, and nothing is exported here.
"""

from __future__ import annotations

import atexit
import logging
import os
import threading
import time
from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from opentelemetry import metrics, trace
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import (
    MetricExportResult,
    MetricsData,
    PeriodicExportingMetricReader,
)
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult

from harlm.config.values import is_address
from harlm.errors import ConfigError
from harlm.tracing.otel import names
from harlm.tracing.otel.delivery import Delivery

_MOST_WAITING = 65_536  # spans that wait for a slow collector; later ones are dropped
_BATCH = 512
_OFTEN_MS = 1_000.0  # milliseconds between two deliveries
_AT_EXIT_S, _AT_EXIT_IN_TROUBLE_S = (
    2.0,
    0.2,
)  # seconds that the end of the process waits for the last delivery
_DEFAULT = "http://localhost:4318"
_BASE, _TRACES, _METRICS = (
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
    "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT",
)
_PROTOCOLS = (
    "OTEL_EXPORTER_OTLP_PROTOCOL",
    "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL",
    "OTEL_EXPORTER_OTLP_METRICS_PROTOCOL",
)


class Exporting:
    """The providers of spans and metrics of this process, and what sends them.

    Args:
        spans: sends spans.
        delivery: what is known of the collector.
        has_metrics: whether metrics are sent too.
    """

    def __init__(self, spans: SpanExporter, delivery: Delivery, *, has_metrics: bool = True) -> None:
        self.delivery = delivery
        resource = _resource(os.environ)
        self.tracers = TracerProvider(resource=resource, shutdown_on_exit=False)
        self._waiting = _Waiting(spans, delivery)
        self.tracers.add_span_processor(_Bounded(self._waiting))
        readers = []
        if has_metrics:
            sender = _WatchedMetrics()
            sender.delivery = delivery
            readers.append(PeriodicExportingMetricReader(sender))
        self.meters = MeterProvider(metric_readers=readers, resource=resource, shutdown_on_exit=False)
        self._is_wanted, self._is_done = threading.Event(), threading.Event()
        threading.Thread(target=self._send, name="harlm-telemetry", daemon=True).start()

    def send_soon(self) -> None:
        """Send what has been collected, without waiting for it."""
        self._is_done.clear()
        self._is_wanted.set()

    def finish(self, seconds: float = _AT_EXIT_S) -> bool:
        """Send what has been collected, and wait for it at most so long; whether it was sent in time.

        What has not been told of a failure is then told in the log.
        """
        self.send_soon()
        is_sent = self._is_done.wait(seconds)
        if not is_sent and self.delivery.trouble is None:
            self.delivery.failed("it does not answer")
        if (line := self.delivery.untold()) is not None:
            logging.getLogger("harlm.telemetry").warning("note: %s", line)
        return is_sent

    def _send(self) -> None:
        while True:
            self._is_wanted.wait()
            self._is_wanted.clear()
            self.tracers.force_flush()
            self.meters.force_flush()
            if not self._is_wanted.is_set():
                self._is_done.set()


class _Waiting(SpanExporter):
    """Sends spans, and counts those that wait."""

    def __init__(self, inner: SpanExporter, delivery: Delivery) -> None:
        self._inner = inner
        self._delivery = delivery
        self.added = self.sent = 0

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        try:
            with self._delivery.watched():
                result = self._inner.export(spans)
        finally:
            self.sent += len(spans)
        if result is SpanExportResult.SUCCESS:
            self._delivery.succeeded()
        elif self._delivery.trouble is None:
            self._delivery.failed()
        return result

    def shutdown(self) -> None:
        self._inner.shutdown()


class _Bounded(BatchSpanProcessor):
    """Collects spans for an exporter, and drops those that would be too many."""

    def __init__(self, waiting: _Waiting) -> None:
        super().__init__(
            waiting,
            max_queue_size=_MOST_WAITING,
            schedule_delay_millis=_OFTEN_MS,
            max_export_batch_size=_BATCH,
        )
        self._spans = waiting

    def on_end(self, span: ReadableSpan) -> None:
        if self._spans.added - self._spans.sent < _MOST_WAITING - _BATCH:
            self._spans.added += 1
            super().on_end(span)


class _WatchedMetrics(OTLPMetricExporter):
    """Sends metrics, and remembers whether that worked."""

    delivery: Delivery | None = None

    def export(
        self, metrics_data: MetricsData, timeout_millis: float | None = 10_000, **kwargs: object
    ) -> MetricExportResult:
        if self.delivery is None:
            return super().export(metrics_data, timeout_millis, **kwargs)
        with self.delivery.watched():
            result = super().export(metrics_data, timeout_millis, **kwargs)
        if result is not MetricExportResult.SUCCESS and self.delivery.trouble is None:
            self.delivery.failed()
        return result


def _finish_all() -> None:
    """Send what is left when the process ends, within one bound for all collectors."""
    ends = time.monotonic() + _AT_EXIT_S
    for each in _known.values():
        most = _AT_EXIT_S if each.delivery.trouble is None else _AT_EXIT_IN_TROUBLE_S
        each.finish(max(0.0, min(most, ends - time.monotonic())))


atexit.register(_finish_all)
_lock = threading.Lock()
_known: dict[frozenset[tuple[str, str]], Exporting] = {}


def exporting_of(environment: Mapping[str, str]) -> Exporting | None:
    """What exports for this process; ``None`` if the process has a tracer provider of its own.

    Runs with the same ``OTEL_*`` variables share one.

    Raises:
        ConfigError: a variable cannot be used.
    """
    if not isinstance(trace.get_tracer_provider(), trace.ProxyTracerProvider):
        return None
    variables = {name: value for name, value in environment.items() if name.startswith("OTEL_")}
    address = _checked_address(variables)
    with _lock:
        key = frozenset(variables.items())
        if key not in _known:
            has_metrics = variables.get("OTEL_METRICS_EXPORTER") != "none"
            _known[key] = Exporting(OTLPSpanExporter(), Delivery(address), has_metrics=has_metrics)
        return _known[key]


def tracer_and_meter(
    exporting: Exporting | None, convention: names.Convention, version: str
) -> tuple[trace.Tracer, metrics.Meter]:
    """The tracer and the meter of HARLM: of ``exporting``, or of the providers of the process."""
    url = convention.schema_url
    if exporting is None:
        return (
            trace.get_tracer(names.SCOPE, version, schema_url=url),
            metrics.get_meter(names.SCOPE, version, schema_url=url),
        )
    return (
        exporting.tracers.get_tracer(names.SCOPE, version, schema_url=url),
        exporting.meters.get_meter(names.SCOPE, version, schema_url=url),
    )


def _checked_address(variables: Mapping[str, str]) -> str:
    """The address of the collector, without what may be secret in it.

    Raises:
        ConfigError: a variable holds no address, or asks for another protocol.
    """
    for name in _PROTOCOLS:
        protocol = variables.get(name, "").strip()
        if protocol not in ("", "http/protobuf"):
            raise ConfigError(
                f"{name} = {protocol!r}: telemetry is sent as http/protobuf only; set it to that, and the endpoint to the "
                "collector's port for HTTP, usually 4318"
            )
    for name in (_BASE, _TRACES, _METRICS):
        if (value := variables.get(name, "").strip()) and not is_address(value):
            raise ConfigError(
                f"{name} is not an http or https URL with a host, such as {_DEFAULT}; correct it, or unset HARLM_OTEL"
            )
    parts = urlsplit(variables.get(_TRACES, "").strip() or variables.get(_BASE, "").strip() or _DEFAULT)
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.scheme}://{parts.hostname}{port}"


def _resource(environment: Mapping[str, str]) -> Resource:
    """What the spans come from; the environment may name it otherwise."""
    is_named = "OTEL_SERVICE_NAME" in environment or "service.name=" in environment.get(
        "OTEL_RESOURCE_ATTRIBUTES", ""
    )
    return Resource.create({} if is_named else {"service.name": names.SCOPE})
