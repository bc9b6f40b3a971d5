from __future__ import annotations

import typing
from collections.abc import Iterator

import msgspec
import pytest

from harlm.events import (
    FORMAT,
    Answered,
    AnyEvent,
    CallFinished,
    CallStarted,
    Event,
    Noted,
    Raced,
    RacedBranch,
    Retried,
    RunStarted,
    Scheduled,
    ScheduledCall,
)
from harlm.types import Answer, Message, Skipped, Usage


def kinds(event: type[Event] = Event) -> Iterator[type[Event]]:
    for kind in event.__subclasses__():
        yield kind
        yield from kinds(kind)


EVENTS = list(kinds())

EXAMPLES = [
    RunStarted(
        question="?",
        root_model="a",
        sub_model="b",
        documents=1,
        characters=2,
        tokens=1,
        skipped=(Skipped(name="x.png", reason="binary"),),
    ),
    CallStarted(call=1, role="sub", model="m", messages=(Message(role="user", content="é"),)),
    CallFinished(call=1, text="é", usage=Usage(calls=1, cost_micros=None), stop="end", latency_s=0.5),
    Retried(model="m", attempt=1, error="503", wait_s=1.5),
    Raced(
        branches=(
            RacedBranch(strategy="search", node="0.0", status="won", seconds=1.5, calls=2, confidence=0.9),
            RacedBranch(strategy="map", node="", status="not started", reason="no money", cost_micros=None),
        ),
        winner="search",
        stopped_by="confidence",
        seconds=1.5,
    ),
    Scheduled(
        turn=1,
        pattern="map",
        calls=1,
        early=1,
        claimed=1,
        wasted=0,
        critical_path_s=1.0,
        busy_s=1.0,
        parallelism=1.0,
        graph=(
            ScheduledCall(
                number=1, function="llm_query", needs=(), early=True, claimed=True, began_s=0.0, seconds=1.0
            ),
        ),
    ),
    Answered(answer=Answer(text="42", run_id="R", usage=Usage(calls=1).of_model("m"))),
]


@pytest.mark.parametrize("event", EXAMPLES, ids=lambda event: event.kind)
def test_an_event_survives_its_line_of_the_trace(event: Event) -> None:
    stamped = msgspec.structs.replace(event, seq=3, ts=1.5, run="R", node="0.1", parent="0")
    assert msgspec.json.decode(msgspec.json.encode(stamped), type=AnyEvent) == stamped


def test_every_event_is_in_the_union_and_has_its_own_tag() -> None:
    assert set(typing.get_args(AnyEvent)) == set(EVENTS)
    tags = [kind.__struct_config__.tag for kind in EVENTS]
    assert len(set(tags)) == len(tags)


@pytest.mark.parametrize("event", EXAMPLES, ids=lambda event: event.kind)
def test_the_line_of_an_event_begins_with_its_kind_and_version(event: Event) -> None:
    line = msgspec.json.decode(msgspec.json.encode(event))
    assert line["kind"] == event.kind
    assert line["v"] == FORMAT
    assert list(line)[: len(Event.__struct_fields__) + 1] == ["kind", *Event.__struct_fields__]


def test_fields_of_later_versions_are_ignored() -> None:
    line = b'{"kind": "noted", "message": "x", "v": 2, "something_new": [1]}'
    assert msgspec.json.decode(line, type=AnyEvent) == Noted(message="x", v=2)


def test_an_unknown_kind_is_an_error() -> None:
    with pytest.raises(msgspec.ValidationError, match="Invalid value 'unheard'"):
        msgspec.json.decode(b'{"kind": "unheard"}', type=AnyEvent)


def test_an_event_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        Noted(message="x").message = "y"  # type: ignore[misc] # frozen
