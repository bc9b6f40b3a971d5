"""One sink that passes events to several."""

from __future__ import annotations

from pathlib import Path

from harlm import events
from harlm.testing import EventLog
from harlm.tracing.fanout import Fanout


class Broken:
    """A sink on a full disk."""

    calls = 0

    def emit(self, event: events.Event) -> None:
        self.calls += 1
        raise OSError(28, "No space left on device")


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
