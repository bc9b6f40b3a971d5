from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harlm.guest.worker import output
from harlm.guest.worker.output import Captured, OutputFlood


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
