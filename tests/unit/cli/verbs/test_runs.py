"""``harlm runs``: listed, shown, and shown as far as possible when damaged."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.support.cli import harlm


@pytest.fixture
def run(clean_environment: Path) -> Path:
    """The folder of a run."""
    harlm("ask", "What is\nthe code? " + "really " * 40, "-", "-q", stdin=b"The code is 4711.")
    (folder,) = (Path(os.environ["HARLM_HOME"]) / "runs").iterdir()
    return folder


def edit(path: Path, **changes: object) -> None:
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | changes), encoding="utf-8")


def test_a_long_question_is_one_line_of_the_list(run: Path) -> None:
    (line,) = harlm("runs", "list").out.splitlines()
    assert "What is the code? really" in line
    assert line.endswith("…")
    assert len(line) < 190


@pytest.mark.parametrize("file", ["run.json", "result.json"])
def test_a_damaged_run_is_a_row_that_says_so(run: Path, file: str) -> None:
    harlm("ask", "What is the code?", "-", "-q", stdin=b"The code is 4711.")
    (run / file).write_text('{"half', encoding="utf-8")
    ran = harlm("runs", "list")
    assert ran.code == 0
    whole, damaged = ran.out.splitlines()
    assert "  ok  " in whole
    assert damaged.startswith(run.name)
    assert "unreadable" in damaged


def test_a_time_that_no_calendar_has_is_unknown(run: Path) -> None:
    edit(run / "run.json", started=1e300)
    assert f"{run.name}  ?" in harlm("runs", "list").out
    assert harlm("runs", "show", "last").code == 0


def test_damaged_events_do_not_hide_the_rest(run: Path) -> None:
    events = run / "events.jsonl"
    lines = events.read_text(encoding="utf-8").splitlines(keepends=True)
    events.write_text("".join([*lines[:3], "nonsense\n", *lines[3:]]), encoding="utf-8")
    ran = harlm("runs", "show", "last")
    assert ran.code == 8
    assert "4711" in ran.out
    assert "contains an event that cannot be read" in ran.err
    assert harlm("runs", "show", "last", "--format", "json").out == ""


def test_an_empty_result_is_said_to_be_damaged(run: Path) -> None:
    edit(run / "result.json", answer=None)
    assert "the result is damaged" in harlm("runs", "show", "last").out
    assert "unreadable" in harlm("runs", "list").out


def test_a_node_that_is_its_own_parent_is_shown_once(run: Path) -> None:
    events = run / "events.jsonl"
    lines = [json.loads(line) | {"parent": "0"} for line in events.read_text(encoding="utf-8").splitlines()]
    events.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    assert harlm("runs", "show", "last").out.count("· 1 call ·") == 1


def test_runs_are_listed_and_shown() -> None:
    assert harlm("runs", "list").out == ""
    harlm("ask", "What is the code?", "-", stdin=b"The code is 4711.")
    (row,) = json.loads(harlm("runs", "list", "--format", "json").out)
    assert (row["question"], row["state"]) == ("What is the code?", "ok")
    shown = harlm("runs", "show", row["run"][:20])
    assert "direct “What is the code?” · 1 call" in shown.out
    assert "4711" in shown.out
    whole = json.loads(harlm("runs", "show", "last", "--format", "json").out)
    assert whole["events"][-1]["kind"] == "answer"
