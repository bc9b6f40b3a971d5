"""No text of a document, a name, a question or an answer controls the terminal."""

from __future__ import annotations

import io
import json
import socket
import sys
from pathlib import Path

import pytest

from harlm.cli.answering import Showing, _displayed, _EventLines
from harlm.cli.printing import json_text
from tests.support.cli import harlm, on_terminal

TITLE = "\x1b]0;taken over\x07"
SHOWN = "\\x1b]0;taken over\\x07"


@pytest.fixture(autouse=True)
def document(clean_environment: Path) -> None:
    text = f"The code is 4711 {TITLE} \u009b31m yes.\n" + "Bridges are long. " * 100
    Path("a.txt").write_text(text, encoding="utf-8")


def test_an_answer_is_harmless_on_a_terminal() -> None:
    ran = on_terminal("ask", f"What is the{TITLE} code?", "a.txt")
    assert ran.code == 0
    assert SHOWN in ran.err
    assert "\\x9b31m" in ran.err
    assert TITLE not in ran.err
    assert "\u009b" not in ran.err


def test_an_answer_in_a_pipe_is_unchanged() -> None:
    ran = harlm("ask", "What is the code?", "a.txt")
    assert f"The code is 4711 {TITLE} \u009b31m yes." in ran.out
    assert SHOWN in ran.err
    assert TITLE not in ran.err


def test_an_answer_in_a_file_is_unchanged() -> None:
    harlm("ask", "What is the code?", "a.txt", "-o", "answer.txt")
    assert TITLE in Path("answer.txt").read_text(encoding="utf-8")


def test_the_output_of_other_verbs_is_harmless() -> None:
    Path(f"b{TITLE}.txt").write_text("text", encoding="utf-8")
    Path(f"c{TITLE}.bin").write_bytes(b"\0\xff" * 50)
    harlm("ask", f"What is the{TITLE} code?", "a.txt", "-q")
    for arguments in (["inspect", "."], ["runs", "list"], ["runs", "show", "last"]):
        ran = harlm(*arguments)
        assert "taken over" in ran.out
        assert "\x1b" not in ran.out + ran.err


def test_an_error_is_harmless() -> None:
    ran = harlm("ask", "What?", "a.txt", f"--mo{TITLE}")
    assert ran.code == 2
    assert "\x1b" not in ran.err


def test_json_keeps_the_value_and_has_no_control_character() -> None:
    value = {"text": "".join(map(chr, range(0x110)))}
    text = json_text(value)
    assert json.loads(text) == value
    assert not [char for char in text if char != "\n" and (ord(char) < 32 or 0x7F <= ord(char) < 0xA0)]


def test_events_reach_stdout_while_a_tree_is_drawn_on_the_terminal() -> None:
    ran = on_terminal("ask", "What is the code?", "a.txt", "--json", stdout_too=False)
    assert [json.loads(line)["kind"] for line in ran.out.splitlines()][-1] == "answer"
    assert "run_started" not in ran.err


def test_places_are_links_on_a_terminal_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    address = f"\x1b]8;;file://{socket.gethostname()}{Path.cwd()}/a.txt\x1b\\"
    assert address in on_terminal("ask", "What is the code?", "a.txt").err
    assert address in on_terminal("search", "code", "a.txt").err
    for name in ("NO_COLOR", "CI"):
        monkeypatch.setenv(name, "1")
        assert "\x1b]8" not in on_terminal("ask", "What is the code?", "a.txt").err
        assert "\x1b]8" not in on_terminal("search", "code", "a.txt").err
        monkeypatch.delenv(name)
    assert "\x1b]8" not in harlm("ask", "What is the code?", "a.txt").out
    assert "\x1b]8" not in harlm("search", "code", "a.txt").out


def test_on_one_terminal_no_tree_is_drawn_over_the_events() -> None:
    assert "\x1b[" not in on_terminal("ask", "What is the code?", "a.txt", "--json").err


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_the_cursor_comes_back_after_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys, "stderr", terminal := Terminal())
    with pytest.raises(RuntimeError), _displayed(Showing(), None):
        raise RuntimeError("a bug")
    said = terminal.getvalue()
    assert said.rindex("\x1b[?25h") > said.rindex("\x1b[?25l")


def test_progress_is_shown_while_events_go_elsewhere_unless_quiet() -> None:
    with _displayed(Showing(), _EventLines()) as displays:
        assert len(displays) == 1
    with _displayed(Showing(quiet=True), None) as displays:
        assert displays == []
