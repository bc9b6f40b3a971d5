"""Delivery of an answer: an output file is checked before the run, and written whole or not at all."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from harlm.cli.delivery import deliver, refuse_unwritable
from harlm.errors import ConfigError
from harlm.testing import ScriptedServer
from harlm.types import Answer
from tests.support.cli import harlm

ANSWER = Answer(text="4711", run_id="01X")


def test_a_file_that_cannot_be_written_is_refused_before_the_run() -> None:
    with ScriptedServer(lambda request: "4711") as server:
        ran = harlm(
            "ask", "What?", "-", "-o", "no/folder/x", "-m", f"openai/x@{server.base_url}", stdin=b"text"
        )
    assert ran.code == 3
    assert "cannot be written to 'no/folder/x' (No such file or directory), so nothing was asked" in ran.err
    assert server.requests == []


def test_the_check_changes_no_file() -> None:
    output = Path("answer.txt")
    refuse_unwritable(output)
    assert not list(Path().iterdir())
    output.write_text("precious", encoding="utf-8")
    refuse_unwritable(output)
    assert output.read_text(encoding="utf-8") == "precious"


def test_a_file_that_may_not_be_written_is_not_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    output = Path("answer.txt")
    output.write_text("precious", encoding="utf-8")
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path) != output)
    with pytest.raises(ConfigError, match="Permission denied"):
        refuse_unwritable(output)


def test_a_failed_run_leaves_the_old_answer() -> None:
    Path("answer.txt").write_text("precious", encoding="utf-8")
    ran = harlm(
        "ask", "What?", "-", "-o", "answer.txt", "-m", "openai/x@http://127.0.0.1:9/v1", stdin=b"text"
    )
    assert ran.code == 5
    assert Path("answer.txt").read_text(encoding="utf-8") == "precious"


def test_an_answer_replaces_the_file_and_keeps_its_mode_and_its_link() -> None:
    Path("real.txt").write_text("old", encoding="utf-8")
    Path("real.txt").chmod(0o640)
    Path("link.txt").symlink_to("real.txt")
    deliver(ANSWER, "text", Path("link.txt"))
    assert Path("link.txt").is_symlink()
    assert Path("real.txt").read_text(encoding="utf-8") == "4711\n"
    assert Path("real.txt").stat().st_mode & 0o777 == 0o640
    assert {path.name for path in Path().iterdir()} == {"real.txt", "link.txt"}


def test_half_an_answer_is_never_written(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("answer.txt").write_text("precious", encoding="utf-8")

    def full(path: Path, data: bytes) -> int:
        path.touch()
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(ConfigError, match=r"No space left on device\); it is kept: harlm runs show 01X"):
        deliver(ANSWER, "text", Path("answer.txt"))
    assert Path("answer.txt").read_text(encoding="utf-8") == "precious"
    assert len(list(Path().iterdir())) == 1


def test_a_pipe_is_written_to_and_stays_a_pipe() -> None:
    pipe = Path("pipe")
    os.mkfifo(pipe)
    got: list[str] = []
    reader = threading.Thread(target=lambda: got.append(pipe.read_text(encoding="utf-8")))
    reader.start()
    refuse_unwritable(pipe)
    deliver(ANSWER, "text", pipe)
    reader.join(10)
    assert got == ["4711\n"]
    assert pipe.is_fifo()


def test_a_dash_is_stdout() -> None:
    ran = harlm("ask", "What is the code?", "-", "-q", "-o", "-", stdin=b"The code is 4711.")
    assert ran.out.startswith("4711")
    assert not list(Path().iterdir())


def test_events_and_a_file_exclude_each_other() -> None:
    ran = harlm("ask", "What is the code?", "-", "--json", "-o", "x", stdin=b"The code is 4711.")
    assert ran.code == 2
    assert "use one of them" in ran.err
    assert not Path("x").exists()
