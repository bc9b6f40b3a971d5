"""What every sink promises: it takes any event of a run, in order, and never raises for what one says."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from harlm import events
from harlm.protocols import TraceSink
from harlm.redact import Redactor
from harlm.testing import EventLog
from harlm.testing.contracts import TraceSinkContract
from harlm.tracing.console import LiveTree, PlainLines
from harlm.tracing.jsonl import JsonlSink
from tests.support.story import STORY

SINKS: dict[str, Callable[[Path], TraceSink]] = {
    "jsonl": lambda folder: JsonlSink(folder / "run", Redactor([])),
    "plain": lambda folder: PlainLines(io.StringIO()),
    "live": lambda folder: LiveTree(io.StringIO()),
    "log": lambda folder: EventLog(),
}


class TestTraceSinks(TraceSinkContract):
    @pytest.fixture(params=SINKS)
    def sink(self, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[TraceSink]:
        made = SINKS[request.param](tmp_path)
        yield made
        if isinstance(made, JsonlSink | LiveTree | PlainLines):
            made.close()


def test_the_story_has_every_kind_of_event() -> None:
    told = {type(event) for event in STORY} | {events.Failed}
    assert told | {events.Resumed} == set(events.AnyEvent.__args__)  # that one begins a second attempt
