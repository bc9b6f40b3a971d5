"""The names that an interactive Python has."""

from __future__ import annotations

import io
import sys

import pytest

from harlm.guest.worker import interactive
from harlm.guest.worker.tools import functions_of


def described(monkeypatch: pytest.MonkeyPatch, *request: object) -> str:
    monkeypatch.setattr(sys, "stdout", shown := io.StringIO())
    interactive.help(*request)
    return shown.getvalue()


@pytest.mark.parametrize("code", [None, 3, "text"])
def test_leaving_is_a_system_exit(code: object) -> None:
    for name in ("exit", "quit"):
        with pytest.raises(SystemExit) as left:
            interactive.NAMES[name](code)
        assert left.value.code == code


@pytest.mark.parametrize(
    ("request_", "begins", "holds"),
    [
        (len, "Help on built-in function len", "Return the number of items"),
        ("if", 'The "if" statement', "conditional execution"),
        ("json.dumps", "Help on function dumps in json", "Serialize"),
        ("topics", "\nHere is a list of available topics", "COMPARISON"),
        ("no_such_module_at_all", "No Python documentation found", "no_such_module_at_all"),
    ],
)
def test_help_is_plain_text(
    monkeypatch: pytest.MonkeyPatch, request_: object, begins: str, holds: str
) -> None:
    shown = described(monkeypatch, request_)
    assert shown.startswith(begins)
    assert holds in shown
    assert "\b" not in shown


@pytest.mark.parametrize("request_", [(), (interactive.help,)])
def test_help_without_a_subject_says_how_and_waits_for_no_input(
    monkeypatch: pytest.MonkeyPatch, request_: tuple[object, ...]
) -> None:
    assert described(monkeypatch, *request_).startswith("help(x) describes x")


def test_help_of_a_tool_is_what_the_host_says_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    shape = {"name": "find", "parameters": [], "help": "find(city)\n\nFinds a city.", "is_pure": True}
    find = functions_of([shape], lambda function, arguments: None)["find"]
    assert described(monkeypatch, find) == "find(city)\n\nFinds a city.\n"
