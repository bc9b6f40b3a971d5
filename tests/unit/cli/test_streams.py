"""Standard streams that are missing, full, closed by their reader, or in a narrow encoding: a paid answer is
never lost.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.cli import harlm, in_shell

ASK = "harlm ask 'What is the code?' a.txt"


@pytest.fixture(autouse=True)
def document(clean_environment: Path) -> None:
    Path("a.txt").write_text("The code is 4711.", encoding="utf-8")


def states() -> list[str]:
    return [row["state"] for row in json.loads(harlm("runs", "list", "--format", "json").out)]


@pytest.mark.parametrize(
    "command", [f"{ASK} -q", f"{ASK} -q --json", "harlm --help", "harlm inspect a.txt", "harlm config show"]
)
def test_a_reader_that_has_seen_enough_is_no_fault(command: str) -> None:
    ran = in_shell(f"{command} | true; exit ${{PIPESTATUS[0]}}")
    assert (ran.code, ran.err) == (0, "")


def test_a_run_is_finished_and_kept_when_the_reader_of_its_events_leaves() -> None:
    ran = in_shell(f"{ASK} --json | true")
    assert "no longer be written" not in ran.err
    assert states() == ["ok"]


@pytest.mark.parametrize("closing", ["2> >(true)", "2>&-", "2>/dev/full"])
def test_without_stderr_there_is_still_an_answer(closing: str) -> None:
    ran = in_shell(f"{ASK} {closing}")
    assert (ran.code, ran.out) == (0, "The code is 4711.\n\n[a.txt:1]\n")


@pytest.mark.parametrize("flags", ["", "--json", "--format json", "--mode full"])
@pytest.mark.parametrize("place", [">&-", ">/dev/full"])
def test_an_answer_that_stdout_does_not_take_is_kept(place: str, flags: str) -> None:
    ran = in_shell(f"{ASK} -q {flags} {place}")
    assert ran.code == 3
    *answer, said = ran.err.splitlines()
    assert "4711" in "".join(answer)
    assert said.startswith("harlm: the answer cannot be written to stdout (")
    assert "so it is printed on stderr; it is kept: harlm runs show 01" in said
    assert states() == ["ok"]


@pytest.mark.parametrize("place", [">&-", ">/dev/full"])
@pytest.mark.parametrize("command", ["harlm --help", "harlm inspect a.txt", "harlm models --format json"])
def test_other_output_that_stdout_does_not_take_is_one_line(command: str, place: str) -> None:
    ran = in_shell(f"{command} {place}")
    assert ran.code == 3
    assert ran.err.startswith("harlm: stdout cannot be written to (")
    assert len(ran.err.splitlines()) == 1


def test_an_answer_that_goes_to_a_file_needs_no_stdout() -> None:
    ran = in_shell(f"{ASK} -q -o answer.txt >&-")
    assert (ran.code, ran.err) == (0, "")
    assert "4711" in Path("answer.txt").read_text(encoding="utf-8")


def test_a_missing_stdin_is_an_empty_one() -> None:
    ran = in_shell("harlm ask 'What is the code?' - <&-")
    assert ran.code == 8
    assert "standard input is empty" in ran.err


def test_without_any_stream_the_run_is_kept() -> None:
    assert in_shell(f"{ASK} --mode full <&- >&- 2>&-").code == 3
    assert states() == ["ok"]


def test_characters_that_the_encoding_lacks_are_written_as_escapes() -> None:
    Path("a.txt").write_text("The code is “4711”.", encoding="utf-8")
    ran = in_shell(ASK, {"PYTHONIOENCODING": "ascii"})
    assert (ran.code, ran.out) == (0, "The code is \\u201c4711\\u201d.\n\n[a.txt:1]\n")
    assert "\\xb7 offline/extractive" in ran.err


@pytest.mark.parametrize("flags", ["--format json", "--json"])
def test_json_is_in_utf_8_whatever_the_locale(flags: str) -> None:
    Path("a.txt").write_text("The code is “4711”.", encoding="utf-8")
    ran = in_shell(f"{ASK} -q {flags}", {"PYTHONIOENCODING": "latin-1"})
    assert ran.code == 0
    assert "The code is “4711”." in ran.out


def test_the_shell_can_still_complete() -> None:
    assert "_harlm_completion" in in_shell("harlm", {"_HARLM_COMPLETE": "bash_source"}).out
