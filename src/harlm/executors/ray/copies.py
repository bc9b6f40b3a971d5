"""The traces of runs that another machine carries out, written here as well, so that they are shown as any stored run is."""

from __future__ import annotations

from collections.abc import Callable

from harlm.config import Config
from harlm.events import Event, RunStarted
from harlm.home import runs_of
from harlm.redact import Redactor
from harlm.tracing.jsonl import JsonlSink


class HomeCopy:
    """The trace of one run, written as its events arrive; close it at the end.

    Args:
        config: whose home the trace is kept in.
        secrets: hidden in it.
        on_event: told of each event as well.
    """

    def __init__(self, config: Config, secrets: list[str | None], on_event: Callable[[Event], None]) -> None:
        self._config, self._redactor, self._on_event = config, Redactor(secrets), on_event
        self._sink: JsonlSink | None = None

    def take(self, event: Event) -> None:
        """Write one event. The trace of a run that this machine cannot store is left out."""
        if self._sink is None and isinstance(event, RunStarted):
            try:
                self._sink = JsonlSink(
                    runs_of(self._config) / event.run,
                    self._redactor,
                    is_new=True,
                    max_bytes=self._config.tracing.run_mb << 20,
                )
            except OSError:
                self._sink = None
        if self._sink is not None:
            try:
                self._sink.emit(event)
            except OSError:
                self.close()
        self._on_event(event)

    def close(self) -> None:
        """Close the trace."""
        if self._sink is not None:
            self._sink.close()
            self._sink = None
