"""No event is larger than its bound, and what is cut can still be read."""

from __future__ import annotations

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from harlm import events
from harlm.redact import Redactor
from harlm.tracing.cutting import LONG, SHORT, WHOLE, Cutter
from harlm.types import Answer, Message, Skipped
from tests.support.story import STORY

CUTTER = Cutter(Redactor([]))


def test_events_of_ordinary_size_are_left_alone() -> None:
    for event in STORY:
        assert CUTTER.cut(event) is event


@given(most=st.integers(0, 5_000), size=st.integers(0, 20_000), count=st.integers(0, 200))
@settings(max_examples=60, deadline=None)
def test_an_event_fits_its_bound_and_decodes(most: int, size: int, count: int) -> None:
    messages = tuple(Message(role="user", content="é" * size) for _ in range(count))
    cut = CUTTER.cut(events.CallStarted(call=1, role="sub", model="m" * size, messages=messages), most)
    data = msgspec.json.encode(cut)
    assert len(data.decode()) <= most + 2_000 + 200 * min(count, most)
    assert msgspec.json.decode(data, type=events.AnyEvent) == cut


def test_every_text_field_of_every_event_is_bounded() -> None:
    for event in STORY:
        if isinstance(event, events.Answered):
            continue
        long = {
            name: "x" * (3 * LONG)
            for name in event.__struct_fields__
            if isinstance(getattr(event, name), str)
            and name not in ("run", "node", "parent", "mode", "role", "status")
        }
        cut = CUTTER.cut(msgspec.structs.replace(event, **long))
        assert len(msgspec.json.encode(cut)) < WHOLE + 10_000, event.kind


def test_a_query_is_cut_shorter_than_a_text_and_says_how_long_it_was() -> None:
    cut = CUTTER.cut(events.Searched(query="x" * 15_000_000, hits=1, seconds=0.1))
    assert isinstance(cut, events.Searched)
    assert len(cut.query) < SHORT + 50
    assert cut.query.endswith("… [cut: 15,000,000 characters]")


def test_a_long_list_is_cut() -> None:
    skipped = tuple(Skipped(name=f"n{at}", reason="r") for at in range(30_000))
    started = events.RunStarted(
        question="q", root_model="m", sub_model="m", documents=1, characters=1, tokens=1, skipped=skipped
    )
    cut = CUTTER.cut(started)
    assert isinstance(cut, events.RunStarted)
    assert cut.skipped == skipped[:10_000]


def test_an_answer_is_whole() -> None:
    answer = events.Answered(answer=Answer(text="x" * (2 * WHOLE), run_id="R"))
    assert CUTTER.cut(answer) is answer


def test_no_half_of_a_secret_is_left() -> None:
    secret = "sk-abcdefghijklmnop"
    redactor = Redactor([secret])
    for at in range(SHORT - 40, SHORT + 10):
        cut = Cutter(redactor).cut(events.Searched(query="x" * at + secret + "y" * 99, hits=1, seconds=0.1))
        assert "sk-" not in redactor.clean(msgspec.json.encode(cut)).decode()
