from __future__ import annotations

import pytest

from harlm.cli.progress_line import ProgressLine, time_text


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


def test_on_a_terminal_one_line_moves_and_no_text_controls_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    with ProgressLine(lambda: "a\x1b[31m [b]line") as shown:
        shown.moved()
    said = capsys.readouterr().err
    assert "[b]line" in said
    assert "\x1b[31m" not in said


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.04, "0.0 s"), (9.94, "9.9 s"), (42.4, "42 s"), (89, "89 s"), (90, "2 min"), (5_400, "1.5 h")],
)
def test_times_have_a_unit(seconds: float, words: str) -> None:
    assert time_text(seconds) == words
