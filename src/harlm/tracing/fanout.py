"""One trace sink that is many. A sink that fails is left out, since a paid run is worth more than its trace; the others are notified."""

from __future__ import annotations

from collections.abc import Sequence

from harlm.events import Event, Noted
from harlm.protocols import TraceSink


class Fanout:
    """Hands each event to several sinks; see ``harlm.protocols.TraceSink``."""

    def __init__(self, sinks: Sequence[TraceSink]) -> None:
        self._sinks = list(sinks)

    def emit(self, event: Event) -> None:
        """Hand an event to each."""
        for sink in tuple(self._sinks):
            try:
                sink.emit(event)
            except OSError as error:
                self._sinks.remove(sink)
                self.emit(_without_trace(event, error))


def _without_trace(event: Event, error: OSError) -> Noted:
    message = f"events are no longer written ({error.strerror}); free some space. The run continues"
    return Noted(
        message=message, seq=event.seq, ts=event.ts, run=event.run, node=event.node, parent=event.parent
    )
