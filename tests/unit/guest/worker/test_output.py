"""What is kept of the output of cells, and the streams that they print to."""

from __future__ import annotations

import codecs
import contextlib
import io
import sys
from typing import Any, Self

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harlm.guest.worker import output
from harlm.guest.worker.output import Captured, CellStreams, Kept, OutputFlood, put_back


@given(st.lists(st.text(max_size=40), max_size=40), st.integers(1, 60), st.integers(1, 60))
def test_head_and_tail_are_those_of_all_that_was_written(pieces: list[str], head: int, tail: int) -> None:
    captured = Captured(head, tail)
    for piece in pieces:
        captured.write(piece)
    whole = "".join(pieces)
    kept_head, kept_tail = captured.take()
    assert captured.length == len(whole)
    if len(whole) <= head + tail:
        assert (kept_head, kept_tail) == (whole, "")
    else:
        assert (kept_head, kept_tail) == (whole[:head], whole[-tail:])


def test_a_flood_is_stopped_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(output, "FLOOD", 100)
    captured = Captured(10, 10)
    with pytest.raises(OutputFlood):
        captured.write("x" * 101)
    captured.write("still counted")
    assert captured.length == 114


def test_only_text_is_written() -> None:
    with pytest.raises(TypeError, match="must be str, not bytes"):
        Captured(1, 1).write(b"x")  # type: ignore[arg-type] # that is the test


say = print  # to whatever stream is in place at the time


class Streams:
    """The streams of a REPL in place of those of this process."""

    def __init__(self, head: int = 1_000, tail: int = 1_000) -> None:
        self.signs: list[None] = []
        self.captured = Captured(head, tail, lambda: self.signs.append(None))
        self.streams = CellStreams(self.captured)

    def __enter__(self) -> Self:
        self.before = self.streams.put()
        return self

    def __exit__(self, *_: object) -> None:
        put_back(self.before)


def test_all_streams_are_put_and_put_back() -> None:
    before = sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__
    with Streams() as streams:
        for number, stream in enumerate((sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__)):
            say(number, file=stream)
        assert streams.streams.finish().head == "0\n1\n2\n3\n"
    assert (sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__) == before


def test_each_cell_begins_anew_and_a_kept_stream_prints_into_it() -> None:
    with Streams() as streams:
        kept = sys.stdout
        for number in range(3):
            streams.captured.begin()
            say(number, file=kept)
            assert streams.streams.finish() == Kept(f"{number}\n", "", 2)
        assert streams.streams.finish() == Kept("", "", 0)


@given(
    st.lists(st.lists(st.text(max_size=9), max_size=9), max_size=6), st.integers(0, 20), st.integers(0, 20)
)
def test_every_cell_has_its_own_head_and_tail(cells: list[list[str]], head: int, tail: int) -> None:
    captured = Captured(head, tail)
    for pieces in cells:
        captured.begin()
        for piece in pieces:
            captured.write(piece)
        alone = Captured(head, tail)
        for piece in pieces:
            alone.write(piece)
        assert captured.end() == Kept(*alone.take(), len("".join(pieces)))


def test_what_is_printed_between_cells_is_shown_with_the_next_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(output, "FLOOD", 50)
    monkeypatch.setattr(output, "_SIGN_S", 0.0)
    with Streams() as streams:
        streams.captured.begin()
        streams.streams.finish()
        say("between", file=sys.stdout)
        say("x" * 60)  # neither stopped nor counted, and the host expects no sign of life
        assert not streams.signs
        streams.captured.begin()
        say("in the cell")
        assert streams.streams.finish().head == "between\n" + "x" * 60 + "\nin the cell\n"
        assert streams.signs
        streams.captured.begin()
        with pytest.raises(OutputFlood):
            say("x" * 60)


def test_a_scout_keeps_nothing_and_gives_no_sign(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(output, "_SIGN_S", 0.0)
    with Streams() as streams:
        streams.captured.silence()
        say("x" * 100_000)
        sys.stdout.buffer.write(b"bytes")
        assert streams.captured.take() == ("", "")
        assert not streams.signs


@given(st.text(alphabet="aé€😀\n", max_size=30), st.data())
def test_bytes_are_utf_8_wherever_they_are_split(text: str, data: st.DataObject) -> None:
    encoded = text.encode()
    cuts = sorted(data.draw(st.lists(st.integers(0, len(encoded)), max_size=8)))
    with Streams() as streams:
        for start, end in zip([0, *cuts], [*cuts, len(encoded)], strict=True):
            assert sys.stdout.buffer.write(encoded[start:end]) == end - start
        assert streams.streams.finish().head == text


def test_bytes_that_are_not_utf_8_are_replaced() -> None:
    with Streams() as streams:
        sys.stdout.buffer.write(b"a\xffb\n")
        sys.stderr.buffer.write(bytearray(b"caf\xc3"))  # the rest of the letter never comes
        assert streams.streams.finish().head == "a\ufffdb\ncaf\ufffd"


def test_streams_have_what_programs_use_of_them() -> None:
    with Streams() as streams:
        out: Any = sys.stdout
        assert (out.name, sys.stderr.name, out.mode, out.encoding) == ("<stdout>", "<stderr>", "w", "utf-8")
        assert (out.isatty(), out.closed, out.writable(), out.readable(), out.seekable()) == (
            False, False, True, False, False,
        )  # fmt: skip
        assert (out.newlines, out.errors, out.line_buffering, out.write_through) == (
            None, "backslashreplace", False, False,
        )  # fmt: skip
        out.reconfigure(
            encoding="utf-8", errors="replace", newline="", line_buffering=True, write_through=True
        )
        assert (out.errors, out.line_buffering, out.write_through) == ("replace", True, True)
        out.writelines(["a\n", "b\n"])
        say("c", file=out, flush=True)
        assert streams.streams.finish().head == "a\nb\nc\n"


def test_what_a_stream_without_a_descriptor_cannot_do_is_refused() -> None:
    with Streams():
        out: Any = sys.stdout
        for refused in (out.fileno, out.detach, out.buffer.detach, out.read):
            with pytest.raises(io.UnsupportedOperation):
                refused()
        with pytest.raises(LookupError):
            out.reconfigure(encoding="no such encoding")
        with pytest.raises(TypeError, match="bytes-like object is required"):
            out.buffer.write("text")


def test_a_closed_stream_still_prints() -> None:
    with Streams() as streams:
        with sys.stdout as out:
            say("in", file=out)
        sys.stdout.buffer.close()
        sys.stdout.close()
        say("after")
        assert streams.streams.finish().head == "in\nafter\n"


def test_streams_put_around_them_print_too_and_are_flushed() -> None:
    with Streams() as streams:
        out: Any = sys.stdout
        sys.stdout = io.TextIOWrapper(out.buffer, encoding="utf-8")
        say("wrapped é")
        streams.streams.flush()
        sys.stdout = codecs.getwriter("utf-8")(out.buffer)
        say("coded é")
        streams.streams.flush()
        sys.stdout = None
        streams.streams.flush()
        assert streams.streams.finish().head == "wrapped é\ncoded é\n"


def test_redirected_output_goes_elsewhere_only_for_its_time() -> None:
    with Streams() as streams:
        with contextlib.redirect_stdout(io.StringIO()) as elsewhere:
            say("there")
        say("here")
        assert (elsewhere.getvalue(), streams.streams.finish().head) == ("there\n", "here\n")


def test_a_text_whose_length_lies_is_taken_for_what_it_is() -> None:
    liar = type("Liar", (str,), {"__len__": lambda self: 1, "__getitem__": lambda self, at: self})
    captured = Captured(3, 2)
    captured.write(liar("0123456789"))
    assert captured.end() == Kept("012", "89", 10)
