"""Where a verb reads from, and a question that stands in a file."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import click
import pytest

from harlm.cli import sources
from harlm.cli.sources import places_of, question_of
from harlm.errors import ContextError
from tests.support.cli import harlm, in_shell, on_terminal

TEXT = "The vault code is 4711."
ASK = "harlm ask -q 'What is the vault code?'"


@pytest.fixture(autouse=True)
def a_text(clean_environment: Path) -> None:
    Path("a.txt").write_text(f"{TEXT}\n", encoding="utf-8")
    Path("q.txt").write_text("\ufeffWhat is the vault code?\n", encoding="utf-8")


# -- places --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("script", "place"),
    [
        (f"cat a.txt | {ASK}", "<stdin>:1"),
        (f"{ASK} < a.txt", "<stdin>:1"),
        (f"{ASK} <<< '{TEXT}'", "<stdin>:1"),
        (f"{ASK} < /dev/null", "a.txt:1"),
        (f"{ASK} <&-", "a.txt:1"),
        (f"{ASK} /dev/stdin < a.txt", "/dev/stdin:1"),
        (f"cat a.txt | {ASK} /dev/stdin", "/dev/stdin:1"),
        (f"cat a.txt | {ASK} /dev/fd/0", "/dev/fd/0:1"),
        (f"{ASK} <(cat a.txt) | sed 's/fd.[0-9]*/fd/'", "/dev/fd:1"),
        (f'{ASK} @<(echo $PWD/a.txt) | sed "s#$PWD/##"', "a.txt:1"),
        (f"mkfifo p; cat a.txt > p & sleep 0.2; {ASK} p", "p:1"),
        ("harlm ask -q -f q.txt a.txt", "a.txt:1"),
        ("cat a.txt | harlm ask -q -f q.txt", "<stdin>:1"),
        ("harlm ask -q -f - < q.txt", "a.txt:1"),
        ("harlm ask -q -f - a.txt < q.txt", "a.txt:1"),
        ("harlm ask -q -f <(cat q.txt) <(cat a.txt) | sed 's/fd.[0-9]*/fd/'", "/dev/fd:1"),
    ],
)
def test_the_text_is_found_where_the_shell_puts_it(script: str, place: str) -> None:
    ran = in_shell(script)
    assert ran.code == 0, ran.err
    assert f"{TEXT}\n\n[{place}]" in ran.out


def test_the_place_that_was_taken_is_said_and_not_with_q() -> None:
    said = "no path is given: reading"
    assert f"{said} standard input" in harlm("ask", "What code?", stdin=TEXT.encode()).err
    assert f"{said} the current folder" in in_shell("harlm search vault").err
    assert harlm("ask", "What code?", "-q", stdin=TEXT.encode()).err == ""
    assert said not in harlm("ask", "What code?", "a.txt").err


def test_on_a_terminal_the_current_folder_is_read() -> None:
    ran = on_terminal("ask", "What is the vault code?", stdout_too=False, typed="")
    assert "no path is given: reading the current folder" in ran.err
    assert f"{TEXT}\n\n[a.txt:1]" in ran.out.replace("\r", "")


@pytest.mark.parametrize("verb", ["search vault", "inspect", "estimate What?"])
def test_other_verbs_have_the_same_default(verb: str) -> None:
    assert "reading standard input" in harlm(*verb.split(), stdin=TEXT.encode()).err


def test_an_empty_input_says_what_else_to_do() -> None:
    ran = harlm("ask", "What?", stdin=b"")
    assert ran.code == 8
    assert "standard input is empty; pipe some text into it, or name a file or a folder" in ran.err


def test_places_that_are_named_stay() -> None:
    assert places_of(["a", "-"], quiet=False) == ("a", "-")


def test_without_a_standard_input_the_folder_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    assert places_of([], quiet=True) == (".",)


@pytest.mark.parametrize("device", ["/dev/zero", "/dev/null"])
def test_a_device_is_refused(device: str) -> None:
    ran = harlm("ask", "What?", device)
    assert ran.code == 8
    assert "is not a regular file; give a file, a folder, a pipe or -" in ran.err


def test_a_pipe_that_nobody_writes_to_ends_with_the_time_limit_and_with_ctrl_c() -> None:
    os.mkfifo("p")
    ran = harlm("ask", "What?", "p", "--timeout", "1s")
    assert (ran.code, ran.err.count("\n")) == (4, 1)
    assert "the time limit of 1 s passed" in ran.err
    process = subprocess.Popen(
        [sys.executable, "-m", "harlm", "ask", "What?", "p"], stderr=subprocess.PIPE, text=True
    )
    assert process.stderr is not None
    assert process.stderr.readline() == "reading …\n"
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=20)
    assert (process.returncode, said.lstrip("\n")) == (130, "harlm: interrupted\n")


def test_a_slow_pipe_is_read_to_its_end() -> None:
    os.mkfifo("p")

    def write() -> None:
        with Path("p").open("w", encoding="utf-8") as pipe:
            for word in TEXT.split():
                pipe.write(f"{word} ")
                pipe.flush()
                time.sleep(0.05)

    writing = threading.Thread(target=write)
    writing.start()
    assert f"{TEXT}\n\n[p:1]" in harlm("ask", "What is the vault code?", "p").out
    writing.join()


# -- questions -----------------------------------------------------------------------------------------------


def test_a_question_is_an_argument_or_stands_in_a_file() -> None:
    assert question_of("Why?", ["a"], None) == ("Why?", ("a",))
    assert question_of("a.txt", ["b"], "q.txt") == ("What is the vault code?", ("a.txt", "b"))
    assert question_of(None, [], "q.txt") == ("What is the vault code?", ())
    assert question_of("*.txt", ["b"], "q.txt")[1] == ("*.txt", "b")
    assert question_of("https://example.org/a?b", [], "q.txt")[1] == ("https://example.org/a?b",)


@pytest.mark.parametrize(
    ("question", "paths", "file", "said"),
    [
        (None, [], None, "the question is missing; ask something"),
        (" ", ["a.txt"], None, "the question is empty; ask something"),
        ("What is it?", ["a.txt"], "q.txt", "give the question once, as QUESTION or with -f"),
        ("-", [], "-", "standard input can hold the question .* or the text"),
    ],
)
def test_what_is_no_single_question_is_a_usage_error(
    question: str | None, paths: list[str], file: str | None, said: str
) -> None:
    with pytest.raises(click.UsageError, match=said):
        question_of(question, paths, file)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda path: path.write_text(" \n"), r"'q' is empty; ask something"),
        (lambda path: path.write_bytes(b"x" * 300_000), r"'q' is larger than 256 kB; put the text into"),
        (lambda path: path.write_bytes(bytes(range(32)) * 9), r"'q' is not text"),
        (lambda path: path.mkdir(), r"the file of the question, 'q', is not a regular file"),
        (lambda path: None, r"the file of the question, 'q', cannot be read \(No such file"),
    ],
)
def test_a_file_that_is_no_question_is_named(make: Callable[[Path], object], said: str) -> None:
    make(Path("q"))
    with pytest.raises(ContextError, match=said):
        question_of(None, [], "q")


def test_the_shell_completes_paths_where_they_stand() -> None:
    context = click.Context(click.Command("ask"))
    argument = click.Argument(["question"])
    assert sources._complete_question(context, argument, "a") == []
    context.params["question_file"] = "q.txt"
    assert [each.type for each in sources._complete_question(context, argument, "a")] == ["file"]
