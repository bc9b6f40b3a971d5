"""What a reading process that was taken over could send."""

from __future__ import annotations

from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harlm.reading.frames import (
    BrokenFrames,
    DocumentHead,
    FileEnd,
    Frame,
    LeftOutPart,
    PartsPiece,
    TextPiece,
    UnreadFile,
)
from harlm.reading.incoming import IncomingFile, TooMuch
from harlm.reading.limits import ReadingLimits
from harlm.types import ReadResult, Unread

LIMITS = ReadingLimits(seconds=1, memory_mb=64, output=10_000, parts=100)


def packed(*numbers: int) -> bytes:
    return array("Q", numbers).tobytes()


def received(*frames: Frame, name: str = "a.zip") -> ReadResult | Unread | None:
    incoming = IncomingFile(name, LIMITS)
    for frame in frames:
        incoming.take(frame)
    return incoming.result


def test_pieces_become_one_document_with_its_places() -> None:
    read = received(
        DocumentHead("a.zip/b.pdf", "pdf", "page"),
        TextPiece("one"),
        TextPiece("two"),
        PartsPiece(packed(0), packed(1)),
        PartsPiece(packed(3), packed(2)),
        FileEnd(),
    )
    assert isinstance(read, ReadResult)
    (document,) = read.documents
    assert document.text == "onetwo"
    assert document.place(4).label == "p2"


@pytest.mark.parametrize(
    "frames",
    [
        [TextPiece("x")],
        [PartsPiece(packed(0))],
        [DocumentHead("a", "virus")],
        [DocumentHead("a", "pdf"), PartsPiece(packed(0))],
        [DocumentHead("a", "pdf", "page"), PartsPiece(b"1234567")],
        [DocumentHead("a", "pdf", "page"), FileEnd()],
        [DocumentHead("a", "pdf", "page"), TextPiece("ab"), PartsPiece(packed(0, 2, 1)), FileEnd()],
        [DocumentHead("a", "pdf", "page"), TextPiece("ab"), PartsPiece(packed(1)), FileEnd()],
        [DocumentHead("a", "pdf", "page"), TextPiece("ab"), PartsPiece(packed(0, 3)), FileEnd()],
        [DocumentHead("a", "pdf", "page"), TextPiece("ab"), PartsPiece(packed(0, 1), packed(1)), FileEnd()],
        [
            DocumentHead("a", "pdf", "page"),
            TextPiece("ab"),
            PartsPiece(packed(0, 1), packed(2, 1)),
            FileEnd(),
        ],
        [DocumentHead("a", "xlsx", "row"), TextPiece("ab"), PartsPiece(packed(0, 1), b"", ["x"]), FileEnd()],
        [DocumentHead("a", "pdf"), UnreadFile("no")],
    ],
)
def test_frames_that_contradict_each_other_are_refused(frames: list[Frame]) -> None:
    with pytest.raises(BrokenFrames):
        received(*frames)


@pytest.mark.parametrize(
    "frames",
    [
        [DocumentHead("a", "text"), TextPiece("x" * 10_000)],
        [DocumentHead("a", "text"), TextPiece("\U0001f600" * 2_500)],
        [DocumentHead("a", "pdf", "page"), PartsPiece(packed(*range(101)))],
        [LeftOutPart("x", "y")] * 50,
        [DocumentHead("a", "text")] * 50,
        [
            DocumentHead("a", "xlsx", "row"),
            PartsPiece(packed(0), b"", ["x" * 8000]),
            PartsPiece(packed(0), b"", ["x" * 8000]),
        ],
    ],
)
def test_more_than_the_limits_allow_is_refused(frames: list[Frame]) -> None:
    with pytest.raises(TooMuch):
        received(*frames)


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("a.zip", "a.zip"),
        ("a.zip/x.txt", "a.zip/x.txt"),
        ("b.txt", "a.zip/b.txt"),
        ("a.zipper", "a.zip/a.zipper"),
        ("../../b.txt", "a.zip/../../b.txt"),
        ("a.zip/\x1b[2J", "a.zip/%1B[2J"),
    ],
)
def test_a_part_cannot_take_the_name_of_another_file_or_reach_a_terminal(sent: str, shown: str) -> None:
    read = received(DocumentHead(sent, "text"), TextPiece("x"), LeftOutPart(sent, "a\x1b\nb"), FileEnd())
    assert isinstance(read, ReadResult)
    assert read.documents[0].name == shown
    assert read.skipped[0].name == shown
    assert "\x1b" not in read.skipped[0].reason
    assert "\n" not in read.skipped[0].reason


def test_the_reason_of_a_file_that_cannot_be_read_is_made_safe() -> None:
    assert received(UnreadFile("is\nnot\x1b text")) == Unread("is not%1B text")


FRAMES = st.one_of(
    st.builds(
        DocumentHead,
        st.text(max_size=20),
        st.sampled_from(["pdf", "text", "x"]),
        st.sampled_from([None, "page"]),
    ),
    st.builds(TextPiece, st.text(max_size=50)),
    st.builds(
        PartsPiece, st.binary(max_size=24), st.binary(max_size=24), st.lists(st.text(max_size=5), max_size=3)
    ),
    st.builds(LeftOutPart, st.text(max_size=20), st.text(max_size=20)),
    st.builds(UnreadFile, st.text(max_size=20)),
    st.just(FileEnd()),
)


@given(st.lists(FRAMES, max_size=12))
def test_any_frames_give_a_result_that_holds_its_promises_or_are_refused(frames: list[Frame]) -> None:
    incoming = IncomingFile("f.pdf", LIMITS)
    try:
        for frame in frames:
            incoming.take(frame)
            if incoming.result is not None:
                break
    except (BrokenFrames, TooMuch):
        return
    if isinstance(incoming.result, ReadResult):
        for document in incoming.result.documents:
            assert document.name.startswith("f.pdf")
            for at in range(len(document.text)):
                document.place(at)
