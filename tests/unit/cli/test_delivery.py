"""Delivery of an answer: an output file is checked before the run, and written whole or not at all."""

from __future__ import annotations

import os
import pty
import threading
from pathlib import Path

import pytest

from harlm.cli.delivery import Undelivered, deliver, refuse_unwritable, rescue
from harlm.cli.streams import StdoutFailed
from harlm.errors import ConfigError
from harlm.events import Answered, RunStarted
from harlm.redact import Redactor
from harlm.testing import ScriptedServer
from harlm.tracing.jsonl import JsonlSink
from harlm.types import Answer
from tests.support.cli import harlm

ANSWER = Answer(text="4711", run_id="01X")


def test_a_file_that_cannot_be_written_is_refused_before_the_run() -> None:
    with ScriptedServer(lambda request: "4711") as server:
        ran = harlm(
            "ask", "What?", "-", "-o", "no/folder/x", "-m", f"openai/x@{server.base_url}", stdin=b"text"
        )
    assert ran.code == 3
    assert "no/folder/x' (No such file or directory), so nothing was asked" in ran.err
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
    failure = deliver(ANSWER, "text", Path("answer.txt"))
    assert str(failure) == "the answer cannot be written to 'answer.txt' (No space left on device)"
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


FULL = Undelivered("'x'", OSError(28, "No space left on device"))


def test_an_answer_that_was_not_delivered_is_printed_and_no_more_is_claimed_than_is_true(
    capsys: pytest.CaptureFixture[str],
) -> None:
    error = rescue(ANSWER, "text", FULL, Path("runs"))
    assert capsys.readouterr().out == "4711\n"
    assert str(error) == (
        "the answer cannot be written to 'x' (No space left on device), so it is printed on stdout; "
        "the run could not be stored"
    )
    sink = JsonlSink(Path("runs/01X"), Redactor([]))
    sink.emit(
        RunStarted(
            run="01X", question="?", root_model="a/b", sub_model="a/b", documents=1, characters=1, tokens=1
        )
    )
    sink.emit(Answered(run="01X", answer=ANSWER))
    sink.close()
    assert "; it is kept: harlm runs show 01X" in str(rescue(ANSWER, "text", FULL, Path("runs")))
    Path("runs/01X/result.json").write_bytes(b"{")
    assert "could not be stored" in str(rescue(ANSWER, "text", FULL, Path("runs")))


def test_a_reader_that_left_has_the_answer_only_if_the_run_is_stored(
    capsys: pytest.CaptureFixture[str],
) -> None:
    left = Undelivered("stdout", StdoutFailed(BrokenPipeError(32, "Broken pipe")))
    error = rescue(ANSWER, "text", left, Path("runs"))
    assert "(Broken pipe), so it is printed on stderr; the run could not be stored" in str(error)
    assert capsys.readouterr().err == "4711\n"


def test_a_link_to_itself_is_replaced() -> None:
    Path("loop").symlink_to("loop")
    refuse_unwritable(Path("loop"))
    assert deliver(ANSWER, "text", Path("loop")) is None
    assert Path("loop").read_text(encoding="utf-8") == "4711\n"


def test_a_terminal_that_is_named_as_a_file_is_not_controlled() -> None:
    ours, theirs = pty.openpty()
    try:
        assert (
            deliver(Answer(text="a\x1b]0;x\x07\u202eb", run_id="01X"), "text", Path(os.ttyname(theirs)))
            is None
        )
        assert os.read(ours, 999) == b"a\\x1b]0;x\\x07\\u202eb\r\n"
    finally:
        os.close(ours)
        os.close(theirs)


def test_a_dash_is_stdout() -> None:
    ran = harlm("ask", "What is the code?", "-", "-q", "-o", "-", stdin=b"The code is 4711.")
    assert ran.out.startswith("The code is 4711.")
    assert not list(Path().iterdir())


def test_events_and_a_file_exclude_each_other() -> None:
    ran = harlm("ask", "What is the code?", "-", "--json", "-o", "x", stdin=b"The code is 4711.")
    assert ran.code == 2
    assert "use one of them" in ran.err
    assert not Path("x").exists()
