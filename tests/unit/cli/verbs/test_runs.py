"""``harlm runs``: listed, shown, and shown as far as possible when damaged."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from harlm import events
from harlm.redact import Redactor
from harlm.tracing.jsonl import JsonlSink
from tests.support.cli import harlm, on_terminal
from tests.support.story import STORY


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


def test_a_run_is_removed_only_with_a_yes(run: Path) -> None:
    ran = harlm("runs", "rm", "last")
    assert ran.code == 2
    assert "1 run (" in ran.err
    assert "add -y" in ran.err
    assert run.exists()
    ran = harlm("runs", "rm", run.name[:20].lower(), "-y")
    assert ran.code == 0
    assert "1 run removed" in ran.err
    assert not run.exists()
    assert harlm("runs", "rm", "last", "-y").code == 8


def test_a_user_at_a_terminal_is_asked(run: Path) -> None:
    assert on_terminal("runs", "rm", "last", typed="n\n").code == 130
    assert run.exists()
    assert on_terminal("runs", "rm", "last", typed="y\n").code == 0
    assert not run.exists()


def test_runs_are_pruned_except_pinned_ones(run: Path) -> None:
    assert "is pinned" in harlm("runs", "pin", "last").err
    ran = harlm("runs", "prune", "--to-mb", "0", "-y")
    assert (ran.code, run.exists()) == (0, True)
    assert "0 runs removed, 0 B; kept: 1 pinned" in ran.err
    harlm("runs", "unpin", "last")
    ran = harlm("runs", "prune", "--to-mb", "0", "--dry-run")
    assert run.name in ran.out
    assert "1 run would be removed" in ran.err
    assert run.exists()
    assert "0 runs removed" in harlm("runs", "prune", "--older-than", "30d", "-y").err
    assert "1 run removed" in harlm("runs", "prune", "--to-mb", "0", "-y").err
    assert not run.exists()


def test_a_trace_that_was_cut_is_shown_and_says_so(clean_environment: Path) -> None:
    (clean_environment / "text.txt").write_text("The code is 4711.")
    home = Path(os.environ["HARLM_HOME"])
    sink = JsonlSink(home / "runs" / "01ARZ3NDEKTSV4RRFFQ69G5FAV", Redactor([]), max_bytes=1 << 20)
    for event in STORY[:-2]:
        sink.emit(event)
    for number in range(400):
        sink.emit(events.CellStarted(turn=1, code=f"{number}" + "x" * 9_000, node="0"))
    for event in STORY[-2:]:
        sink.emit(event)
    sink.close()
    ran = harlm("runs", "show", "last", "--cells")
    assert ran.code == 0
    assert "the trace was cut at its size" in ran.out
    assert json.loads(harlm("runs", "show", "last", "--format", "json").out)["result"]["answer"]


def test_a_removed_run_takes_its_journal_along(run: Path) -> None:
    assert (run / "journal.db").exists()
    assert harlm("runs", "rm", "last", "-y").code == 0
    assert list(run.parent.iterdir()) == []
