from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harlm.reading.frames import (
    LARGEST,
    BrokenFrames,
    DocumentHead,
    FileEnd,
    Frame,
    FrameBuffer,
    TextPiece,
    with_length,
)


def test_frames_come_out_as_they_went_in_however_the_bytes_are_cut() -> None:
    sent: list[Frame] = [DocumentHead("a.pdf", "pdf", "page"), TextPiece("grün" * 1000), FileEnd()]
    data = with_length(sent)
    for step in (1, 7, len(data)):
        buffer, got = FrameBuffer(), []
        for start in range(0, len(data), step):
            buffer.add(data[start : start + step])
            while (frame := buffer.next()) is not None:
                got.append(frame)
        assert got == sent


def test_a_frame_that_announces_too_much_is_refused_before_it_arrives() -> None:
    buffer = FrameBuffer()
    buffer.add((LARGEST + 1).to_bytes(4, "little"))
    with pytest.raises(BrokenFrames):
        buffer.next()


@given(st.binary(max_size=200))
def test_other_bytes_are_refused_or_awaited(data: bytes) -> None:
    buffer = FrameBuffer()
    buffer.add(len(data).to_bytes(4, "little") + data)
    with pytest.raises(BrokenFrames):
        buffer.next()
    buffer.add(data)


@pytest.mark.parametrize(
    "frame", [{"op": "other"}, {"op": "document", "name": 3, "kind": "x"}, {"op": "text"}, ["text", "x"], 7]
)
def test_values_of_another_shape_are_refused(frame: object) -> None:
    data = msgspec.msgpack.encode(frame)
    buffer = FrameBuffer()
    buffer.add(len(data).to_bytes(4, "little") + data)
    with pytest.raises(BrokenFrames):
        buffer.next()
