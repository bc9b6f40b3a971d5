from __future__ import annotations

from harlm import events
from harlm.testing import EventLog


def test_events_are_kept_in_order_and_found_by_kind() -> None:
    log = EventLog()
    first, second = events.Noted(message="one"), events.Noted(message="two")
    for event in (first, events.ReplOpened(tier="s3"), second):
        log.emit(event)
    assert [event.kind for event in log.events] == ["noted", "repl_opened", "noted"]
    assert log.of(events.Noted) == [first, second]
    assert log.of(events.Failed) == []
