from __future__ import annotations

import pytest

from harlm.cli.printing import say
from harlm.cli.progress_line import ProgressLine, time_text
from tests.unit.tracing.test_area import Screened


def test_a_plain_line_is_said_now_and_then_and_at_the_end(capsys: pytest.CaptureFixture[str]) -> None:
    now, count = 0.0, 0
    with ProgressLine(lambda: f"{count} of 9", clock=lambda: now) as shown:
        for _ in range(4):
            now, count = now + 10.0, count + 1
            shown.moved()
    assert capsys.readouterr().err.splitlines() == ["2 of 9", "4 of 9", "4 of 9"]


def test_quiet_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    now = 0.0
    with ProgressLine(lambda: "line", quiet=True, clock=lambda: now) as shown:
        now = 100.0
        shown.moved()
    assert capsys.readouterr().err == ""


def on_terminal(monkeypatch: pytest.MonkeyPatch) -> Screened:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setattr("sys.stderr", terminal := Screened(40, 6))
    return terminal


def test_on_a_terminal_one_line_moves_and_the_last_one_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = on_terminal(monkeypatch)
    count = 0
    with ProgressLine(lambda: f"{count} of 9") as shown:
        assert terminal.screen.lines == ["0 of 9"]
        count = 1
        shown.moved()
        assert terminal.screen.lines == ["1 of 9"]
        count = 2
    assert terminal.screen.lines == ["2 of 9"]
    assert terminal.screen.shows_cursor


def test_lines_of_others_replace_it_until_the_work_moves(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = on_terminal(monkeypatch)
    with ProgressLine(lambda: "a long line of progress") as shown:
        shown.hide()
        say("a row")
        assert terminal.screen.lines == ["a row"]
        shown.moved()
        assert terminal.screen.lines == ["a row", "a long line of progress"]


def test_no_text_controls_the_terminal_and_no_line_is_longer_than_a_row(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    terminal = on_terminal(monkeypatch)
    with ProgressLine(lambda: "a\x1b[31m [b]line" + 40 * "帝"):
        assert terminal.screen.lines == [r"a\x1b[31m [b]line帝帝帝帝帝帝帝帝帝帝帝…"]
        assert terminal.screen.overflowed == 0


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.04, "0.0 s"), (9.94, "9.9 s"), (42.4, "42 s"), (89, "89 s"), (90, "2 min"), (5_400, "1.5 h")],
)
def test_times_have_a_unit(seconds: float, words: str) -> None:
    assert time_text(seconds) == words
