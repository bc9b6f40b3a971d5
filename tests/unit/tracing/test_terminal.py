"""What a terminal can do."""

from __future__ import annotations

import fcntl
import io
import os
import pty
import struct
import sys
import termios

import pytest

from harlm.tracing.terminal import Terminal

XTERM = {"TERM": "xterm"}


class Shown(io.StringIO):
    """A terminal with an encoding, without a descriptor."""

    def __init__(self, encoding: str | None = None, *, is_terminal: bool = True) -> None:
        super().__init__()
        self._named = encoding
        self._is_terminal = is_terminal

    @property
    def encoding(self) -> str | None:  # type: ignore[override] # a read-only property in truth
        return self._named

    def isatty(self) -> bool:
        return self._is_terminal


@pytest.mark.parametrize("encoding", [None, "utf-8", "UTF8"])
def test_a_display_can_be_drawn_on_an_ordinary_terminal(encoding: str | None) -> None:
    assert Terminal(Shown(encoding), XTERM).can_be_drawn_on()


@pytest.mark.parametrize(
    ("out", "variables"),
    [
        (Shown(is_terminal=False), XTERM),
        (Shown(), {**XTERM, "NO_COLOR": "1"}),
        (Shown(), {"TERM": "dumb"}),
        (Shown("latin-1"), XTERM),
        (Shown("no-such-encoding"), XTERM),
        (Shown(), {**XTERM, "COLUMNS": "19"}),
    ],
    ids=["a file", "no colours", "dumb", "latin-1", "an unknown encoding", "narrow"],
)
def test_on_others_it_cannot(out: Shown, variables: dict[str, str]) -> None:
    assert not Terminal(out, variables).can_be_drawn_on()


def test_nor_on_the_log_of_a_build(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    assert not Terminal(Shown(), XTERM).can_be_drawn_on()


@pytest.mark.parametrize(("variables", "can"), [({}, False), ({"WT_SESSION": "1"}, True), (XTERM, True)])
def test_the_older_console_of_windows_takes_no_sequences(
    variables: dict[str, str], can: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    assert Terminal(Shown(), variables).can_be_drawn_on() is can


def test_its_size_is_what_the_kernel_says_now() -> None:
    ours, theirs = pty.openpty()
    with os.fdopen(theirs, "w") as out:
        terminal = Terminal(out, XTERM)
        for columns, rows in ((100, 30), (40, 10)):
            fcntl.ioctl(ours, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
            assert terminal.size == (columns, rows)
        assert Terminal(out, {"COLUMNS": "60", "LINES": "wide"}).size == (60, 10)
        fcntl.ioctl(ours, termios.TIOCSWINSZ, struct.pack("HHHH", 0, 0, 0, 0))
        assert terminal.size == (80, 24)
    os.close(ours)


@pytest.mark.parametrize("columns", ["", "-5", "1e3", "9" * 9, "²"])
def test_a_size_that_is_no_number_does_not_count(columns: str) -> None:
    assert Terminal(Shown(), {"COLUMNS": columns}).size == (80, 24)
