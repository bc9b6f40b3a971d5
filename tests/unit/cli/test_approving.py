"""Asking at the terminal before a cell runs."""

from __future__ import annotations

import io
import sys

import click
import pytest

from harlm.cli.approving import asks_at_terminal
from harlm.types import PendingCell


class Terminal(io.StringIO):
    """Text that stands for a terminal."""

    def isatty(self) -> bool:
        return True


def cell(code: str = "print(1)", turn: int = 1) -> PendingCell:
    return PendingCell(code=code, turn=turn, node="0", question="What?")


def answering(monkeypatch: pytest.MonkeyPatch, *said: str) -> Terminal:
    """A terminal at which the user says some lines; returns what is written to it."""
    shown = Terminal()
    monkeypatch.setattr(sys, "stdin", Terminal("".join(f"{each}\n" for each in said)))
    monkeypatch.setattr(sys, "stderr", shown)
    return shown


@pytest.mark.parametrize(
    ("said", "allowed"), [("y", True), ("Y", True), ("n", False), ("", False), ("a", True)]
)
def test_a_cell_runs_by_the_users_word(said: str, allowed: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = answering(monkeypatch, said)
    assert asks_at_terminal()(cell("print('the code')")) is allowed
    assert "node 0, turn 1, wants to run:\nprint('the code')\n" in shown.getvalue()
    assert "[y]es, [n]o, [a]ll" in shown.getvalue()


def test_what_is_not_an_answer_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = answering(monkeypatch, "perhaps", "y")
    assert asks_at_terminal()(cell())
    assert shown.getvalue().count("Run it?") == 2


def test_after_all_nothing_more_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = answering(monkeypatch, "n", "a")
    approve = asks_at_terminal()
    assert [approve(cell(turn=turn)) for turn in range(1, 5)] == [False, True, True, True]
    assert shown.getvalue().count("Run it?") == 2


def test_each_run_begins_with_nothing_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    answering(monkeypatch, "a", "n")
    assert asks_at_terminal()(cell())
    assert not asks_at_terminal()(cell())


def test_code_cannot_write_to_the_terminal_by_escapes(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = answering(monkeypatch, "n")
    asks_at_terminal()(cell("x = 1\x1b[2K\x1b[1Aprint('harmless')\r# \u202e"))
    written = shown.getvalue()
    assert "\x1b" not in written
    assert "\r" not in written
    assert "\u202e" not in written


def test_the_end_of_the_input_aborts(monkeypatch: pytest.MonkeyPatch) -> None:
    answering(monkeypatch)
    with pytest.raises(click.Abort):
        asks_at_terminal()(cell())


@pytest.mark.parametrize("without", ["stdin", "stderr"])
def test_without_a_terminal_nothing_can_be_asked(without: str, monkeypatch: pytest.MonkeyPatch) -> None:
    answering(monkeypatch)
    monkeypatch.setattr(sys, without, io.StringIO())
    with pytest.raises(click.UsageError, match="--approve asks at a terminal"):
        asks_at_terminal()
