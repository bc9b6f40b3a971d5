"""Progress on a terminal: plain lines, and a live tree."""

from __future__ import annotations

import io
import threading

import pytest

from harlm import events
from harlm.tracing.console import LiveTree, PlainLines
from harlm.tracing.terminal import Terminal
from tests.support.screen import Screen
from tests.support.story import STORY
from tests.unit.tracing.test_area import Screened
from tests.unit.tracing.test_status import Clock, answered, failed, retried, run_started, started


def live(
    out: Screened, width: int = 100, height: int = 24, clock: Clock | None = None, **options: str
) -> LiveTree:
    """A display that draws when a test says so."""
    variables = {"TERM": "xterm", "COLUMNS": str(width), "LINES": str(height), **options}
    tree = LiveTree(out, Terminal(out, variables), clock or Clock())
    if tree._ticker is not None:
        tree._ticker.close()
    return tree


def told(*lines: events.Event) -> tuple[PlainLines, io.StringIO, Clock]:
    out, clock = io.StringIO(), Clock()
    shown = PlainLines(out, clock)
    for event in lines:
        shown.emit(event)
    shown.close()
    return shown, out, clock


# -- plain lines ------------------------------------------------------------------------------------------


def test_plain_lines_report_important_events() -> None:
    _, out, _ = told(*STORY)
    said = out.getvalue()
    assert said.startswith("2 documents, about 3 tokens · a/b\nmode full (70%)")
    assert "note: [bold]not markup[/]" in said


def test_plain_lines_show_the_figures_every_few_seconds() -> None:
    lines, out, clock = told(run_started(), started(1), answered(1), started(2))
    for _ in range(11):
        clock.seconds += 1
        lines.tick()
        lines.emit(answered(2))
    assert [line[:16] for line in out.getvalue().splitlines()[1:]] == ["0:05 · 5 done, 0", "0:10 · 10 done, "]


def test_plain_lines_say_what_a_run_waits_for_less_and_less_often() -> None:
    lines, out, clock = told(run_started(), started(1))
    for _ in range(200):
        clock.seconds += 1
        lines.tick()
    said = [line.partition(" · ")[0] for line in out.getvalue().splitlines()[1:]]
    assert said == [
        f"waiting for openai/m: 1 in flight, {seconds} s" for seconds in (5, 15, 35, 75, 135, 195)
    ]


def test_plain_lines_say_nothing_before_and_after_a_run() -> None:
    lines, out, clock = told()
    clock.seconds += 100
    lines.tick()
    lines.emit(run_started())
    lines.emit(events.Failed(error="x", type="X"))
    clock.seconds += 100
    lines.tick()
    lines.close()
    assert out.getvalue().count("\n") == 1


# -- the live tree ----------------------------------------------------------------------------------------


def test_the_live_tree_shows_status_and_nodes_below_the_notes() -> None:
    terminal, clock = Screened(100, 24), Clock()
    tree = live(terminal, clock=clock)
    for event in STORY:
        tree.emit(event)
    clock.seconds += 61
    tree.draw()
    lines = terminal.screen.lines
    assert lines[0] == "2 documents, about 3 tokens · a/b"
    assert lines[-3].startswith("1:01 · 1 done, 0 in flight, 1 failed, 1 reused · 0 tokens · $0.0000")
    assert lines[-2].startswith("full “[bold]n")
    assert lines[-1].startswith("└─ full “q” · ")


def test_the_clock_ticks_during_one_long_call() -> None:
    terminal, clock = Screened(100, 24), Clock()
    tree = live(terminal, clock=clock)
    tree.emit(started(1))
    shown = []
    for _ in range(3):
        clock.seconds += 1
        tree.draw()
        shown.append(terminal.screen.lines[0])
    assert shown == [f"0:0{second} · 0 done, 1 in flight · 0 tokens · $0.0000" for second in (1, 2, 3)]


def test_a_frame_that_would_be_the_same_is_not_made() -> None:
    terminal = Screened(100, 24)
    tree = live(terminal)
    tree.draw()
    written = terminal.tell()
    tree.draw()
    assert terminal.tell() == written


@pytest.mark.parametrize(("width", "height"), [(20, 5), (20, 24), (100, 5), (40, 2), (200, 100)])
def test_the_display_fits_and_leaves_nothing(width: int, height: int) -> None:
    terminal, clock = Screened(width, height), Clock()
    tree = live(terminal, width, height, clock)
    notes = Screen(width, height)
    for event in (*STORY, *(started(number) for number in range(9)), retried(5.0)):
        tree.emit(event)
        tree.draw()
    for note in _notes():
        notes.feed(f"{note}\n")
    tree.close()
    screen = terminal.screen
    assert [*screen.scrolled, *screen.lines] == [*notes.scrolled, *notes.lines]
    assert (screen.column, screen.shows_cursor, screen.is_wrapping) == (0, True, True)


def _notes() -> list[str]:
    """The lines that stay: the plain display of the same events writes nothing else."""
    return told(*STORY, retried(5.0))[1].getvalue().splitlines()


def test_a_resize_is_followed() -> None:
    terminal = Screened(100, 24)
    tree = live(terminal, 100, 24)
    for event in STORY[:8]:
        tree.emit(event)
    tree.draw()
    terminal.screen.resize(30, 6, "folded")
    tree._terminal = Terminal(terminal, {"TERM": "xterm", "COLUMNS": "30", "LINES": "6"})
    tree.draw()
    lines = terminal.screen.lines
    assert lines[-3] == "0:00 · 1 done, 0 in flight ·…"
    assert all(len(line) < 30 for line in lines[-3:])
    tree.close()
    assert "in flight" not in " ".join([*terminal.screen.scrolled, *terminal.screen.lines])


def test_an_error_while_drawing_clears_the_display_and_the_run_continues(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    terminal = Screened(100, 24)
    tree = live(terminal)
    tree.emit(started(1))
    tree.draw()
    monkeypatch.setattr("harlm.tracing.rows.status_row", lambda status, width: 1 / 0)
    tree.emit(started(2))
    tree.draw()
    tree.emit(events.Noted(message="it goes on"))
    tree.draw()
    tree.close()
    assert terminal.screen.lines == [
        "note: the display has stopped (ZeroDivisionError: division by zero); the run continues",
        "note: it goes on",
    ]


def test_an_event_that_cannot_be_counted_does_not_end_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Screened(100, 24)
    tree = live(terminal)
    monkeypatch.setattr("harlm.tracing.tree.CallTree.add", lambda self, event: 1 / 0)
    tree.emit(started(1))
    tree.emit(started(2))
    tree.close()
    assert len(terminal.screen.lines) == 1


def test_the_display_draws_by_itself_until_it_is_closed() -> None:
    drawn = threading.Event()

    class Waiting(Screened):
        def write(self, text: str, /) -> int:
            if "in flight" in text:
                drawn.set()
            return super().write(text)

    terminal = Waiting(80, 24)
    tree = LiveTree(terminal, Terminal(terminal, {"TERM": "xterm", "COLUMNS": "80", "LINES": "24"}))
    tree.emit(started(1))
    assert drawn.wait(10)
    tree.close()
    assert terminal.screen.lines == []
    assert not [each for each in threading.enumerate() if each is tree._ticker._thread]  # type: ignore[union-attr]


def test_a_terminal_that_cannot_be_drawn_on_gets_plain_lines() -> None:
    out = Screened(100, 24)
    tree = LiveTree(out, Terminal(out, {"TERM": "dumb"}))
    for event in STORY:
        tree.emit(event)
    tree.close()
    assert out.getvalue().startswith("2 documents, about 3 tokens")
    assert "\x1b" not in out.getvalue()


# -- both -------------------------------------------------------------------------------------------------


def test_the_live_tree_does_not_interpret_markup_and_emoji_codes() -> None:
    terminal = Screened(100, 24)
    tree = live(terminal)
    tree.emit(events.Noted(message="[bold]a[/] :smile: here"))
    tree.close()
    assert terminal.screen.lines == ["note: [bold]a[/] :smile: here"]


@pytest.mark.parametrize("display", [PlainLines, LiveTree])
def test_no_display_controls_the_terminal(display: type[PlainLines | LiveTree]) -> None:
    out = io.StringIO()
    shown = display(out)
    for event in STORY:
        shown.emit(event)
    shown.close()
    assert r"\x1b[31m" in out.getvalue()
    assert "\x1b[31m" not in out.getvalue()


class Broken(io.StringIO):
    """A terminal that closes after the first line."""

    def __init__(self) -> None:
        super().__init__()
        self.refused = 0

    def isatty(self) -> bool:
        return True

    def write(self, text: str, /) -> int:
        if self.tell():
            self.refused += 1
            raise BrokenPipeError(32, "Broken pipe")
        return super().write(text)


@pytest.mark.parametrize("display", [PlainLines, LiveTree])
@pytest.mark.parametrize("term", ["xterm", "dumb"])
def test_a_display_stops_after_a_write_error_without_failing_the_run(
    display: type[PlainLines | LiveTree], term: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", term)
    out = Broken()
    shown = display(out)
    for event in (*STORY, failed(1)):
        shown.emit(event)
    shown.close()
    assert out.refused == 1
