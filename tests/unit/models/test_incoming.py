from __future__ import annotations

import json
from collections.abc import Sequence

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harlm.models.gemini import GeminiReader
from harlm.models.incoming import Incoming
from harlm.models.openai import OpenAIReader

WHOLE = {"choices": [{"message": {"content": "words 漢"}, "finish_reason": "stop"}]}


def read(*pieces: bytes) -> tuple[OpenAIReader, Incoming]:
    reader = OpenAIReader()
    incoming = Incoming(reader)
    for piece in pieces:
        incoming.take(piece)
    incoming.end()
    return reader, incoming


@given(
    st.lists(st.integers(1, 20), max_size=12),
    st.sampled_from([b"", b"\xef\xbb\xbf", b" \r\n\n ", b"\n\xef\xbb\xbf"]),
)
def test_one_json_text_may_be_cut_anywhere(sizes: Sequence[int], before: bytes) -> None:
    data = before + json.dumps(WHOLE).encode()
    pieces, at = [], 0
    for size in sizes:
        pieces.append(data[at : at + size])
        at += size
    reader, incoming = read(*pieces, data[at:])
    assert (reader.text, incoming.is_stream) == ("words 漢", False)


def test_events_are_told_by_how_they_begin() -> None:
    for beginning in (b"data: ", b": x\n\ndata: ", b"event: message\ndata: ", b"id: 1\ndata: "):
        reader, incoming = read(beginning + json.dumps(WHOLE).encode() + b"\n\n")
        assert (reader.text, incoming.is_stream) == ("words 漢", True)


def test_one_json_object_a_line_and_a_list_of_objects_are_events_too() -> None:
    half = {"choices": [{"delta": {"content": "wo"}}]}
    rest = {"choices": [{"delta": {"content": "rds"}, "finish_reason": "stop"}]}
    lines = b"\n".join(json.dumps(each).encode() for each in (half, rest))
    assert read(lines)[0].text == "words"
    reader = GeminiReader()
    incoming = Incoming(reader)
    parts = [{"candidates": [{"content": {"parts": [{"text": text}]}}]} for text in ("wo", "rds")]
    incoming.take(json.dumps(parts).encode())
    incoming.end()
    assert reader.text == "words"


@pytest.mark.parametrize(
    "body", [b"<html>hello</html>", b"plain words", b"{}", b"[]", b'{"id": 1}', b"data: x\n\n"]
)
def test_what_is_no_reply_is_an_error_that_shows_how_it_begins(body: bytes) -> None:
    incoming = Incoming(OpenAIReader())
    incoming.take(body)
    with pytest.raises(msgspec.DecodeError):
        incoming.end()
    assert body.decode().startswith(incoming.shown[:5])


def test_nothing_but_blanks_is_empty() -> None:
    incoming = Incoming(OpenAIReader())
    incoming.take(b" \n\n")
    assert incoming.is_empty


def test_a_last_event_that_is_cut_is_left_out_and_one_in_the_middle_is_an_error() -> None:
    good = b"data: " + json.dumps({"choices": [{"delta": {"content": "wo"}}]}).encode() + b"\n\n"
    reader, _ = read(good + b'data: {"choices": [{"del')
    assert (reader.text, reader.reason, reader.is_ended) == ("wo", None, False)
    incoming = Incoming(OpenAIReader())
    incoming.take(b"data: {nonsense\n\n" + good)
    with pytest.raises(msgspec.DecodeError):
        incoming.end()


def test_an_error_event_in_plain_words_is_kept() -> None:
    reader, _ = read(b"event: error\ndata: upstream connect error\n\n")
    assert reader.error == "upstream connect error"
