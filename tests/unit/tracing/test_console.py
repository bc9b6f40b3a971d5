"""Progress on a terminal: plain lines, and a live tree."""

from __future__ import annotations

import io

import pytest

from harlm import events
from harlm.tracing import console
from harlm.tracing.console import LiveTree, PlainLines, counted
from tests.support.story import STORY


def test_plain_lines_report_important_events(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(console, "_QUIET_S", 0.0)
    out = io.StringIO()
    lines = PlainLines(out)
    for event in STORY:
        lines.emit(event)
    lines.close()
    said = out.getvalue()
    assert said.startswith("2 documents, about 3 tokens · a/b\nmode full (70%)")
    assert "note: [bold]not markup[/]" in said


def test_the_live_tree_does_not_interpret_markup() -> None:
    out = io.StringIO()
    tree = LiveTree(out)
    for event in STORY:
        tree.emit(event)
    tree._live.refresh()
    tree.close()
    assert "[bold]not markup[/]" in out.getvalue()


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
def test_a_display_stops_after_a_write_error_without_failing_the_run(
    display: type[PlainLines | LiveTree],
) -> None:
    out = Broken()
    shown = display(out)
    for event in STORY:
        shown.emit(event)
    shown.close()
    assert out.refused == 1


def test_the_live_tree_does_not_interpret_emoji_codes() -> None:
    out = io.StringIO()
    tree = LiveTree(out)
    tree.emit(events.Noted(message="a :smile: here"))
    tree.close()
    assert ":smile:" in out.getvalue()


def test_a_short_wait_is_not_reported() -> None:
    out = io.StringIO()
    lines = PlainLines(out)
    for wait in (1.9, 2.0):
        lines.emit(events.Retried(model="a/b", attempt=1, error=f"slow after {wait}", wait_s=wait))
    assert out.getvalue() == "note: slow after 2.0; retrying in 2 s\n"


def test_a_limit_and_a_fallback_are_reported() -> None:
    out = io.StringIO()
    lines = PlainLines(out)
    lines.emit(events.LimitReached(limit="usd", used=1, allowed=1, message="$1 of $1 are used"))
    lines.emit(events.FellBack(model="a/b", instead="c/d", error="a/b is away"))
    assert out.getvalue().splitlines() == [
        "limit: $1 of $1 are used; finishing with the findings so far",
        "note: a/b is away; using c/d instead",
    ]


def test_counts_have_a_plural() -> None:
    assert [counted(number, "file") for number in (0, 1, 2_247)] == ["0 files", "1 file", "2,247 files"]
