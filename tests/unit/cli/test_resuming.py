"""``harlm runs resume``: what only a user can say is asked at a terminal. Whole runs are in tests/flows/test_durable_runs.py."""

from __future__ import annotations

from pathlib import Path

import pytest

from harlm.cli import resuming
from harlm.cli.resuming import _decided, _servers
from harlm.errors import ConfigError
from harlm.resuming import DocumentsChanged, ToolsInDoubt
from harlm.tracing.request import Sources
from harlm.types import Answer
from tests.support.cli import harlm


class Run:
    """Is taken up once the user has accepted the documents and decided about the tools."""

    def __init__(self) -> None:
        self.asked: list[dict[str, bool]] = []

    def __call__(self, **decided: bool) -> Answer:
        self.asked.append(decided)
        if not decided.get("accept_changes"):
            changed = DocumentsChanged("documents changed")
            changed.what = "'a.txt' changed"
            raise changed
        if "repeats" not in decided:
            doubt = ToolsInDoubt("a tool is in doubt")
            doubt.what = "send(1) may have taken place"
            raise doubt
        return Answer(text="7")


@pytest.fixture
def questions(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the user at the terminal is asked; the answer is yes unless it is about tools."""
    asked: list[str] = []

    def confirm(question: str, *, err: bool) -> bool:
        assert err
        asked.append(question)
        return "Call it again" not in question

    monkeypatch.setattr(resuming, "_is_terminal", lambda: True)
    monkeypatch.setattr("click.confirm", confirm)
    return asked


def test_a_user_at_a_terminal_decides(questions: list[str]) -> None:
    run = Run()
    assert _decided(run, {"accept_changes": False, "repeats": None}).text == "7"
    assert questions == [
        "'a.txt' changed. Continue with them as they are now?",
        "send(1) may have taken place. Call it again?",
    ]
    assert run.asked[-1] == {"accept_changes": True, "repeats": False}


def test_what_the_options_say_is_not_asked(questions: list[str]) -> None:
    run = Run()
    _decided(run, {"accept_changes": True, "repeats": True})
    assert questions == []
    assert run.asked == [{"accept_changes": True, "repeats": True}]


def test_a_no_leaves_the_run_as_it_is(questions: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("click.confirm", lambda question, err: False)
    with pytest.raises(DocumentsChanged):
        _decided(Run(), {"accept_changes": False, "repeats": None})


@pytest.mark.parametrize(("accept_changes", "error"), [(False, DocumentsChanged), (True, ToolsInDoubt)])
def test_without_a_terminal_nothing_is_decided(accept_changes: bool, error: type[Exception]) -> None:
    with pytest.raises(error):
        _decided(Run(), {"accept_changes": accept_changes, "repeats": None})


def test_an_address_whose_secret_was_hidden_must_be_named_again() -> None:
    assert _servers(Sources(servers=("http://x",))) == ("http://x",)
    with pytest.raises(ConfigError, match="name it again with --mcp"):
        _servers(Sources(servers=("http://x", "http://u:[redacted]@y")))


def test_a_run_that_cannot_be_taken_up_is_one_line(clean_environment: Path) -> None:
    Path("a.txt").write_text("The code is 4711.", encoding="utf-8")
    harlm("ask", "What is the code?", "a.txt", "-q")
    (folder,) = (clean_environment / "runs").iterdir()
    expected = [("has its answer: `harlm runs show", "last"), ("there is no single run '01ZZ'", "01ZZ")]
    for said, run in expected:
        ran = harlm("runs", "resume", run)
        assert (ran.code, ran.out, len(ran.err.splitlines())) == (8, "", 1), ran.err
        assert said in ran.err
    (folder / "result.json").unlink()
    (folder / "request.json").unlink()
    assert "ask again, and what it has paid for is reused" in harlm("runs", "resume", "last").err


def test_a_run_that_was_cut_short_is_taken_up_from_anywhere(
    clean_environment: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("a.txt").write_text("The code is 4711.", encoding="utf-8")
    harlm("ask", "What is the code?", "a.txt", "-q")
    (folder,) = (clean_environment / "runs").iterdir()
    (folder / "result.json").unlink()
    monkeypatch.chdir(tmp_path)
    ran = harlm("runs", "resume", "last", "-q", "-o", "x.txt")
    assert (ran.code, ran.err) == (0, "")
    assert "4711" in (tmp_path / "x.txt").read_text(encoding="utf-8")
    assert "4711" in harlm("runs", "show", "last").out
