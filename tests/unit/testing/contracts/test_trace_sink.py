"""The suite finds what is wrong with a sink."""

from __future__ import annotations

import pytest

from harlm.events import CellFinished, Event
from harlm.testing import EventLog
from harlm.testing.contracts import TraceSinkContract

SUITE = TraceSinkContract()


class RefusesLong:
    def emit(self, event: Event) -> None:
        if isinstance(event, CellFinished) and len(event.output) > 1_000:
            raise ValueError("too long")


class WantsOrder:
    def __init__(self) -> None:
        self.last = 0

    def emit(self, event: Event) -> None:
        if event.seq < self.last:
            raise ValueError("out of order")
        self.last = event.seq


def test_a_good_one_passes() -> None:
    SUITE.test_it_takes_every_event(EventLog())
    SUITE.test_it_takes_events_in_any_order(EventLog())


def test_faults_are_found() -> None:
    with pytest.raises(ValueError, match="too long"):
        SUITE.test_it_takes_every_event(RefusesLong())
    with pytest.raises(ValueError, match="out of order"):
        SUITE.test_it_takes_events_in_any_order(WantsOrder())
