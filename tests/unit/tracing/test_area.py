"""An area of a terminal that is drawn over and over, and leaves nothing behind."""

from __future__ import annotations

import io
import threading
from collections.abc import Sequence
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harlm.tracing.area import DIM, Area, Ticker
from tests.support.screen import Screen


class Screened(io.StringIO):
    """A stream to a screen."""

    def __init__(self, width: int = 20, height: int = 6) -> None:
        super().__init__()
        self.screen = Screen(width, height)

    def isatty(self) -> bool:
        return True

    def write(self, text: str, /) -> int:
        self.screen.feed(text)
        return super().write(text)


def test_rows_are_drawn_below_the_lines_that_stay() -> None:
    terminal = Screened()
    area = Area(terminal)
    area.draw(["one", "two", "three"])
    assert (terminal.screen.lines, terminal.screen.row) == (["one", "two", "three"], 0)
    area.say("note", DIM)
    area.draw(["1", "2"])
    assert (terminal.screen.lines, terminal.screen.row) == (["note", "1", "2"], 1)


def test_nothing_is_left_when_it_is_closed() -> None:
    terminal = Screened()
    area = Area(terminal)
    assert not terminal.screen.shows_cursor
    area.say("a note that needs two rows")
    area.draw(["one", "two"])
    area.close()
    screen = terminal.screen
    assert screen.lines == ["a note that needs tw", "o rows"]
    assert (screen.row, screen.column, screen.is_wrapping, screen.shows_cursor) == (2, 0, True, True)


def test_lines_that_stay_scroll_away_at_the_top() -> None:
    terminal = Screened()
    area = Area(terminal)
    for number in range(20):
        area.say(f"note {number}")
        area.draw([f"row {number}", "below"])
    area.close()
    assert [*terminal.screen.scrolled, *terminal.screen.lines] == [f"note {number}" for number in range(20)]


def test_the_same_rows_are_written_once() -> None:
    terminal = Screened()
    area = Area(terminal)
    area.draw(["one"])
    written = terminal.tell()
    area.draw(["one"])
    assert terminal.tell() == written
    area.say("note")
    area.draw(["one"])
    assert terminal.screen.lines == ["note", "one"]


def test_a_row_that_the_terminal_finds_too_wide_does_not_wrap() -> None:
    terminal = Screened()
    Area(terminal).draw(["x" * 25, "next"])
    assert terminal.screen.lines == ["x" * 20, "next"]


@pytest.mark.parametrize("way", ["folded", "cut"])
def test_a_terminal_that_was_resized_is_left_clean(way: Literal["folded", "cut"]) -> None:
    terminal = Screened(20, 10)
    area = Area(terminal)
    area.say("note")
    area.draw(["a" * 19, "b" * 19, "c" * 19])
    terminal.screen.resize(7, 10, way)
    area.draw(["a" * 6, "b" * 6])
    assert terminal.screen.lines == ["note", "a" * 6, "b" * 6]
    area.close()
    assert terminal.screen.lines == ["note"]


FRAMES = st.lists(st.text("ab帝", max_size=9), min_size=1, max_size=5)


@given(steps=st.lists(st.one_of(FRAMES, st.text("xy帝", min_size=1, max_size=30)), max_size=12))
def test_whatever_is_drawn_the_lines_stay_and_the_rows_go(steps: Sequence[list[str] | str]) -> None:
    terminal = Screened(20, 6)
    plain = Screen(20, 6)
    area = Area(terminal)
    for step in steps:
        if isinstance(step, str):
            area.say(step)
            plain.feed(f"{step}\n")
        else:
            area.draw(step)
    area.close()
    seen = [*terminal.screen.scrolled, *terminal.screen.lines]
    assert seen == [*plain.scrolled, *plain.lines]


def test_a_function_is_called_until_it_is_closed() -> None:
    called = threading.Event()
    ticker = Ticker(called.set, 0.001)
    assert called.wait(5)
    ticker.close()
    called.clear()
    assert not called.wait(0.01)
