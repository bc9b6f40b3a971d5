"""The sink that makes spans and metrics of one run, and that never fails or delays it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Self

from harlm import events
from harlm.config import TracingSettings
from harlm.protocols import TraceSink
from harlm.redact import Redactor
from harlm.tracing.fanout import Fanout
from harlm.tracing.otel.content import Content
from harlm.tracing.otel.exporting import Exporting, exporting_of, tracer_and_meter
from harlm.tracing.otel.metrics import RunMetrics
from harlm.tracing.otel.names import convention_of
from harlm.tracing.otel.spans import RunSpans


class Telemetry:
    """Makes spans and metrics of a run. A ``TraceSink``.

    The first trouble is told in one note; after a fault of its own it stops, and the run continues.

    Args:
        parts: make the spans and the metrics.
        exporting: sends them; ``None`` if the process does that itself.
        sinks: get the note.
    """

    def __init__(
        self, parts: Sequence[TraceSink], exporting: Exporting | None, sinks: Sequence[TraceSink]
    ) -> None:
        self._parts = tuple(parts)
        self._exporting = exporting
        self._told = Fanout(sinks)

    @classmethod
    def of(cls, settings: TracingSettings, redactor: Redactor, sinks: Sequence[TraceSink]) -> Self:
        """The telemetry of a run by its settings and the ``OTEL_*`` variables.

        Raises:
            ConfigError: a variable of the environment cannot be used.
        """
        chosen = convention_of(settings.otel_semconv, os.environ.get("OTEL_SEMCONV_STABILITY_OPT_IN", ""))
        exporting = exporting_of(os.environ)
        tracer, meter = tracer_and_meter(exporting, chosen, _version())
        content = Content(redactor, is_wanted=settings.otel_content)
        spans = RunSpans(tracer, chosen, content)
        return cls((spans, RunMetrics(meter, chosen)), exporting, sinks)

    def emit(self, event: events.Event) -> None:
        """Take in one event."""
        try:
            for part in self._parts:
                part.emit(event)
        except Exception as error:  # noqa: BLE001 - a paid run does not end for a fault of its telemetry
            self._parts = ()
            self._note(event, f"telemetry has stopped ({type(error).__name__}: {error}); the run continues")
        if self._exporting is None or isinstance(event, events.Resumed | events.RunStarted):
            return  # a trace begins with these, not with a note
        if (line := self._exporting.delivery.untold()) is not None:
            self._note(event, f"{line}. The run continues")
        if isinstance(event, events.Answered | events.Failed):
            self._exporting.send_soon()

    def _note(self, event: events.Event, message: str) -> None:
        note = events.Noted(
            message=message, seq=event.seq, ts=event.ts, run=event.run, node=event.node, parent=event.parent
        )
        self._told.emit(note)


def _version() -> str:
    try:
        return version("harlm")
    except PackageNotFoundError:
        return ""
