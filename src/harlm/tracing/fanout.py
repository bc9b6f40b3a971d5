"""A trace sink that passes events to several sinks.

A sink that fails is dropped, since a paid run is worth more than its trace; the other sinks receive a note.
Only the end of the run is offered to it again: there may be room for the answer by then.
"""

from __future__ import annotations

import errno
from collections.abc import Sequence
from contextlib import suppress

from harlm.events import Answered, Event, Failed, Noted
from harlm.protocols import TraceSink

NOT_WRITTEN = "the trace of this run is not written"
"""The beginning of the note about a sink that failed."""


class Fanout:
    """Passes each event to several sinks. A ``harlm.protocols.TraceSink``."""

    def __init__(self, sinks: Sequence[TraceSink]) -> None:
        self._sinks = list(sinks)
        self._failed: list[TraceSink] = []

    def emit(self, event: Event) -> None:
        """Pass an event to every sink."""
        for sink in tuple(self._sinks):
            if sink not in self._sinks:
                continue  # it was dropped when it received the note about another sink
            try:
                sink.emit(event)
            except OSError as error:
                self._sinks.remove(sink)
                self._failed.append(sink)
                self.emit(_no_longer_written(event, error))
        if isinstance(event, Answered | Failed):
            for sink in self._failed:
                with suppress(OSError):
                    sink.emit(event)


def _no_longer_written(event: Event, error: OSError) -> Noted:
    is_full = error.errno in (errno.ENOSPC, errno.EDQUOT)
    advice = "free some disk space" if is_full else "set HARLM_HOME to a writable folder"
    message = f"{NOT_WRITTEN} ({error.strerror or error}); {advice}. The run continues"
    return Noted(
        message=message, seq=event.seq, ts=event.ts, run=event.run, node=event.node, parent=event.parent
    )
