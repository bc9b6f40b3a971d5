from __future__ import annotations

import time
from collections.abc import Sequence

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harlm.models.event_stream import EventStream, ServerEvent

_STREAM = b': comment\n\nevent: a\ndata: {"n": 1}\n\ndata: x\ndata: y\n\nid: 7\nretry: 5\n\ndata: [DONE]\n\n'


def events_of(*pieces: bytes) -> list[ServerEvent]:
    stream = EventStream()
    return [event for piece in pieces for event in stream.take(piece)] + list(stream.end())


def test_events_are_names_and_lines_of_data() -> None:
    assert [(each.name, each.lines) for each in events_of(_STREAM)] == [
        ("a", (b'{"n": 1}',)),
        ("", (b"x", b"y")),
        ("", (b"[DONE]",)),
    ]


@given(st.lists(st.integers(1, 12), max_size=60), st.sampled_from([b"\n", b"\r\n", b"\r"]), st.booleans())
def test_a_stream_may_be_cut_anywhere_with_any_line_ends(
    sizes: Sequence[int], end: bytes, has_mark: bool
) -> None:
    data = (b"\xef\xbb\xbf" if has_mark else b"") + _STREAM.replace(b"\n", end)
    pieces, at = [], 0
    for size in sizes:
        pieces.append(data[at : at + size])
        at += size
    assert events_of(*pieces, data[at:]) == events_of(_STREAM)


@pytest.mark.parametrize(
    "sign", [b"data: : OPENROUTER PROCESSING\n\n", b"data:\n\n", b"data: keepalive\n\n", b"event: ping\ndata: \n\n", b"data\n\n"]
)  # fmt: skip
def test_signs_of_life_have_no_value(sign: bytes) -> None:
    assert [value for event in events_of(sign) for value in event.values()] == []


def test_data_may_be_one_value_over_several_lines_or_one_a_line() -> None:
    (event,) = events_of(b'data: {"a":\ndata: 1}\n\n')
    assert list(event.values()) == [{"a": 1}]
    lines = b'data: {"a": 1}\ndata: {"a": 2}\ndata: [DONE]\n'
    assert [list(event.values()) for event in events_of(lines)] == [[{"a": 1}], [{"a": 2}], []]
    (event,) = events_of(b'data: {"a": 1}{"a": 2}\n\n')
    assert list(event.values()) == [{"a": 1}, {"a": 2}]


def test_lines_of_json_without_a_field_name_are_data() -> None:
    assert [value for event in events_of(b'{"a": 1}\n{"a": 2}\n') for value in event.values()] == [
        {"a": 1},
        {"a": 2},
    ]


def test_an_event_without_a_blank_line_behind_it_ends_where_the_next_begins() -> None:
    first, second = events_of(b"event: a\ndata: 1\nevent: b\ndata: 2\n")
    assert (first.name, second.name) == ("a", "b")


def test_data_that_looks_like_json_and_is_none_is_an_error() -> None:
    (event,) = events_of(b"data: {nonsense\n\n")
    with pytest.raises(msgspec.DecodeError):
        list(event.values())


def test_the_words_of_an_event_are_shown_cut() -> None:
    (event,) = events_of(b"event: error\ndata: upstream connect error\n\n")
    assert (event.name, event.words) == ("error", "upstream connect error")
    (event,) = events_of(b"data: " + b"x" * 10_000 + b"\n\n")
    assert len(event.words) == 2_000


def test_a_line_that_never_ends_takes_time_by_its_length() -> None:
    stream = EventStream()
    started = time.process_time()
    for _ in range(10_000):
        assert list(stream.take(b"x" * 1_000)) == []
    assert time.process_time() - started < 2
