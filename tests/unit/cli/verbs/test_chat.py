"""``harlm chat``: lines in, answers out."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support.cli import harlm


@pytest.fixture(autouse=True)
def document(clean_environment: Path) -> None:
    Path("a.txt").write_text("The fee is 40 euros.\nThe owner is Ann.\n", encoding="utf-8")


def test_each_line_is_answered_and_only_answers_go_to_stdout() -> None:
    ran = harlm("chat", "a.txt", stdin=b"What is the fee?\n\nWho is the owner?\n")
    assert ran.code == 0
    assert "The fee is 40 euros." in ran.out
    assert "The owner is Ann." in ran.out
    assert "harlm chat --resume 01" in ran.err


def test_questions_are_taken_back_and_sessions_forked_and_continued() -> None:
    ran = harlm(
        "chat", "a.txt", stdin=b"Who is the owner?\n/undo\n/cost\n/fork\n/what\n/help\n/quit\nnever\n"
    )
    assert ran.code == 0, ran.err
    assert "taken back: Who is the owner?" in ran.err
    assert "there is no /what" in ran.err
    assert "$0.0000 · " in ran.err
    assert "never" not in ran.out
    first, second = re.findall(r"--resume (01\w+) continues", ran.err)
    assert first != second
    again = harlm("chat", "--resume", first, "-q", stdin=b"What is the fee?\n")
    assert again.code == 0, again.err
    assert "40 euros" in again.out
    assert again.err == ""


def test_in_a_script_an_error_ends_it_with_its_exit_code() -> None:
    ran = harlm("chat", "a.txt", stdin=b"/undo\nWhat is the fee?\n")
    assert ran.code == 3
    assert "no question to take back" in ran.err
    assert ran.out == ""


def test_standard_input_cannot_be_the_text_too() -> None:
    ran = harlm("chat", "-", stdin=b"x")
    assert ran.code == 2
    assert "standard input holds the questions" in ran.err


def test_an_unknown_session_is_named() -> None:
    ran = harlm("chat", "--resume", "01NOSUCH", stdin=b"")
    assert ran.code == 8
    assert "01NOSUCH" in ran.err
