"""No text of a document, a name, a model or a cell reorders, hides or writes anything on a terminal (F22)."""

from __future__ import annotations

from pathlib import Path

import pytest

from harlm.testing import Request, ScriptedServer
from tests.support.cli import Ran, harlm, on_terminal

HIDDEN = "\u202e\u2066\u200b\u2060\ufeff\U000e0041\U000e007f\U000e0190\u2028\ufff9\x9b\x7f"
HONEST = "👩‍🚀 می‌خواهم שלום"
TEXT = f"The code is{HIDDEN} 4711 {HONEST} indeed."


@pytest.fixture(autouse=True)
def document(clean_environment: Path) -> None:
    Path("a.txt").write_text(f"{TEXT}\n", encoding="utf-8")
    Path(f"b{HIDDEN[:-2]}.txt").write_text("Bridges are long.", encoding="utf-8")
    Path("cell.py").write_text(f"r = llm_query('{TEXT}')\n", encoding="utf-8")


def _assert_visible(text: str) -> None:
    assert not {letter for letter in HIDDEN if letter in text}
    assert "\\u202e" in text or "%E2%80%AE" in text


def _reply(request: Request) -> str:
    return TEXT if request.number else f"```repl\nprint({TEXT!r})\nFINAL({TEXT!r})\n```"


def _asked(*flags: str) -> Ran:
    with ScriptedServer(_reply) as server:
        model = f"openai/x@{server.base_url}"
        return on_terminal("ask", f"What is the code{HIDDEN}?", ".", "-m", model, "-v", *flags)


@pytest.mark.parametrize("flags", [("--mode", "full"), ("--mode", "direct", "--format", "json")])
def test_f22_an_answer_on_a_terminal(flags: tuple[str, ...]) -> None:
    ran = _asked(*flags)
    assert ran.code == 0
    _assert_visible(ran.err)
    assert HONEST in ran.err or "full" not in flags


def test_f22_other_verbs() -> None:
    _asked("--mode", "full", "-q")
    for arguments in (
        ["search", "code", "."],
        ["inspect", "."],
        ["runs", "show", "last", "--cells"],
        ["plan", "cell.py", "--svg"],
        ["ask", "What?", f"{HIDDEN[:-2]}.txt"],
    ):
        ran = on_terminal(*arguments)
        assert ran.err, arguments
        _assert_visible(ran.err)


def test_an_answer_in_a_pipe_is_raw() -> None:
    assert TEXT.split()[2] in harlm("ask", "What is the code?", "a.txt").out
