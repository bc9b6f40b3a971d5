"""The run that sinks are told has everything that can happen."""

from __future__ import annotations

from harlm import events
from harlm.testing.contracts.story import HOSTILE, STORY


def test_it_has_hostile_text() -> None:
    assert "\x1b" in HOSTILE
    assert any(HOSTILE in str(each) or repr(HOSTILE) in repr(each) for each in STORY)


def test_it_has_nearly_every_kind_of_event() -> None:
    told = {type(event) for event in STORY}
    assert set(events.AnyEvent.__args__) - told == {events.Failed, events.Resumed}
