"""Whether spans and metrics reached their collector, instead of the warnings that the exporters write to the log.

An exporter says in its log why it failed, and nowhere else. The records of an export of ours are read for that and dropped.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_LOGGERS = (
    "opentelemetry.exporter.otlp.proto.http.trace_exporter",
    "opentelemetry.exporter.otlp.proto.http.metric_exporter",
    "opentelemetry.exporter.otlp.common.http",
    "opentelemetry.sdk._shared_internal",
    "opentelemetry.sdk.trace.export",
    "opentelemetry.sdk.metrics._internal.export",
)
_REASONS = (
    ("code: 401", "it refused the key"),
    ("code: 403", "it refused the key"),
    ("code: 404", "it has no such path"),
    ("code: 413", "it refused so much at once"),
    ("refused", "nothing listens there"),
    ("name resolution", "its name is unknown"),
    ("name or service", "its name is unknown"),
    ("timed out", "it does not answer"),
    ("timeout", "it does not answer"),
)
_UNKNOWN = "it did not take them"


class Delivery:
    """What is known of the deliveries to one collector.

    Args:
        address: of the collector, for messages.

    Attributes:
        trouble: why the latest delivery failed; ``None`` if it did not.
    """

    def __init__(self, address: str) -> None:
        self._address = address
        self._lock = threading.Lock()
        self._is_told = False
        self.trouble: str | None = None

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Read the log records of an export in this thread."""
        _install()
        before = getattr(_watching, "delivery", None)
        _watching.delivery = self
        try:
            yield
        finally:
            _watching.delivery = before

    def failed(self, reason: str = _UNKNOWN) -> None:
        """A delivery failed, or its first attempt did."""
        with self._lock:
            self.trouble = reason

    def succeeded(self) -> None:
        """A delivery arrived; a later failure is told again."""
        with self._lock:
            self.trouble, self._is_told = None, False

    def untold(self) -> str | None:
        """A line about the trouble, the first time that it is asked for; ``None`` if there is none."""
        with self._lock:
            if self.trouble is None or self._is_told:
                return None
            self._is_told = True
            return (
                f"telemetry does not reach {self._address}: {self.trouble}; "
                "check OTEL_EXPORTER_OTLP_ENDPOINT, or unset HARLM_OTEL"
            )


class _Reader(logging.Filter):
    """Drops the records of exports that are watched, after reading why they failed."""

    def filter(self, record: logging.LogRecord) -> bool:
        delivery: Delivery | None = getattr(_watching, "delivery", None)
        if delivery is None:
            return True  # of another's exporter
        if record.levelno >= logging.WARNING:
            said = record.getMessage().lower()
            known = delivery.trouble if "max retries" in said and "transient" not in said else None
            found = next((reason for mark, reason in _REASONS if mark in said), _UNKNOWN)
            delivery.failed(known or found)
        return False


_watching = threading.local()
_reader = _Reader()


def _install() -> None:
    for name in _LOGGERS:
        logging.getLogger(name).addFilter(_reader)  # once: a filter that is there is not added again
