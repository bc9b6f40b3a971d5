"""One sink that passes events to several."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from harlm import events
from harlm.testing import EventLog
from harlm.tracing.fanout import Fanout


class Broken:
    """A sink that cannot write, by default on a full disk."""

    calls = 0

    def __init__(self, error: OSError | None = None) -> None:
        self._error = error or OSError(28, "No space left on device")

    def emit(self, event: events.Event) -> None:
        self.calls += 1
        raise self._error


def test_every_sink_gets_every_event_in_order() -> None:
    logs = [EventLog(), EventLog()]
    fanout = Fanout(logs)
    story = [events.Noted(message="one"), events.Noted(message="two")]
    for event in story:
        fanout.emit(event)
    assert [log.events for log in logs] == [story, story]


def test_a_failing_sink_is_dropped_and_the_others_get_a_note() -> None:
    broken, log = Broken(), EventLog()
    fanout = Fanout([broken, log])
    event = events.Noted(message="one", seq=7, run="R", node="0.1", parent="0")
    fanout.emit(event)
    fanout.emit(events.Noted(message="two"))
    assert broken.calls == 1
    note, first, second = log.of(events.Noted)
    assert (first.message, second.message) == ("one", "two")
    assert "No space left on device" in note.message
    assert (note.seq, note.run, note.node, note.parent) == (7, "R", "0.1", "0")


def test_a_run_continues_if_all_sinks_fail() -> None:
    fanout = Fanout([Broken(), Broken()])
    fanout.emit(events.Noted(message="one"))
    fanout.emit(events.Noted(message="two"))


def test_a_failed_sink_is_offered_the_end_of_the_run(tmp_path: Path) -> None:
    broken, log = Broken(), EventLog()
    fanout = Fanout([broken, log])
    fanout.emit(events.Noted(message="one"))
    fanout.emit(events.Failed(error="boom", type="ModelError"))
    assert broken.calls == 2
    assert len(log.of(events.Failed)) == 1


@pytest.mark.parametrize(
    ("error", "advice"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "free some disk space. The run continues"),
        (
            OSError(errno.EROFS, "Read-only file system"),
            "set HARLM_HOME to a writable folder. The run continues",
        ),
    ],
)
def test_the_note_says_what_to_do(error: OSError, advice: str) -> None:
    log = EventLog()
    Fanout([Broken(error), log]).emit(events.Noted(message="one"))
    note = log.of(events.Noted)[0].message
    assert note == f"the trace of this run is not written ({error.strerror}); {advice}"
