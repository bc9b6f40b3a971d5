"""What every sink promises: it takes any event of a run, in order, and never raises for what one says."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pytest

from harlm import events
from harlm.protocols import TraceSink
from harlm.redact import Redactor
from harlm.testing import EventLog
from harlm.tracing.console import LiveTree, PlainLines
from harlm.tracing.jsonl import JsonlSink
from tests.support.story import STORY

SINKS: dict[str, Callable[[Path], TraceSink]] = {
    "jsonl": lambda folder: JsonlSink(folder / "run", Redactor([])),
    "plain": lambda folder: PlainLines(io.StringIO()),
    "live": lambda folder: LiveTree(io.StringIO()),
    "log": lambda folder: EventLog(),
}


@pytest.mark.parametrize("kind", SINKS)
def test_a_sink_takes_every_event(kind: str, tmp_path: Path) -> None:
    sink = SINKS[kind](tmp_path)
    for event in STORY:
        sink.emit(event)
    if isinstance(sink, JsonlSink | LiveTree | PlainLines):
        sink.close()


def test_the_story_has_every_kind_of_event() -> None:
    told = {type(event) for event in STORY} | {events.Failed}
    assert told | {events.Resumed} == set(events.AnyEvent.__args__)  # that one begins a second attempt
