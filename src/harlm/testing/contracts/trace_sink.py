"""What every sink must do: it takes any event of a run, in order, and never raises for what one says."""

from __future__ import annotations

import pytest

from harlm.protocols import TraceSink
from harlm.testing.contracts.missing import missing
from harlm.testing.contracts.story import STORY


class TraceSinkContract:
    """The laws of ``harlm.protocols.TraceSink``."""

    @pytest.fixture
    def sink(self) -> TraceSink:
        """The sink to test; override it."""
        raise missing(self, "sink")

    def test_it_takes_every_event(self, sink: TraceSink) -> None:
        for event in STORY:
            assert sink.emit(event) is None  # type: ignore[func-returns-value] # the law

    def test_it_takes_events_in_any_order(self, sink: TraceSink) -> None:
        for event in reversed(STORY):
            sink.emit(event)
