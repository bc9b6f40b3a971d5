"""Summaries of stored runs: bounded, and of damaged ones what can be read."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from harlm import HARLM
from harlm.errors import HarlmError, TraceError
from harlm.server.mcp.traces import recent_runs, trace_of


@pytest.fixture
def runs(clean_environment: Path) -> Path:
    return clean_environment / "runs"


def asked(question: str = "What?", reply: Any = lambda prompt: "the answer") -> str:
    return HARLM(model=reply, mode="direct").ask(question, "a text").run_id


def test_a_run_has_its_answer_its_figures_and_its_tree(runs: Path) -> None:
    run = asked("What is it?")
    summary = trace_of(runs, run)
    assert (summary.run, summary.state, summary.question) == (run, "ok", "What is it?")
    assert summary.answer == "the answer"
    assert summary.calls == 1
    assert [(each.name, each.depth, each.mode) for each in summary.nodes] == [("0", 0, "direct")]
    assert summary.damage == ""
    text = summary.as_text()
    assert f"run {run} · ok" in text
    assert "direct “What is it?” · 1 call" in text


def test_a_run_is_found_by_the_beginning_of_its_id_and_as_the_last(runs: Path) -> None:
    run = asked()
    assert (
        trace_of(runs, run[:20]).run == trace_of(runs, run.lower()).run == trace_of(runs, "last").run == run
    )


@pytest.mark.parametrize(
    "name", ["", "..", "../runs", "/etc/passwd", "a/b", "01JZ5W3Y8K9QXW7RB2M4N6P8ST/..", "x" * 27, "a\0", "*"]
)
def test_what_is_no_id_is_refused(runs: Path, name: str) -> None:
    asked()
    with pytest.raises(TraceError, match="cannot be the id of a run"):
        trace_of(runs, name)


def test_an_unknown_run_is_said_so(runs: Path) -> None:
    asked()
    with pytest.raises(TraceError, match="there is no single run '7ZZZZZZZZZZZZZZZZZZZZZZZZZ'"):
        trace_of(runs, "7ZZZZZZZZZZZZZZZZZZZZZZZZZ")


def test_a_folder_that_is_a_link_is_no_run(runs: Path, tmp_path: Path) -> None:
    run = asked()
    (runs / run).rename(tmp_path / "moved")
    (runs / run).symlink_to(tmp_path / "moved")
    with pytest.raises(TraceError, match="no single run"):
        trace_of(runs, run)


def test_a_trace_that_was_cut_off_in_a_line_is_read_up_to_there(runs: Path) -> None:
    run = asked()
    events = runs / run / "events.jsonl"
    os.truncate(events, events.stat().st_size - 20)
    summary = trace_of(runs, run)
    assert summary.state == "ok"
    assert summary.nodes_in_all == 1


def test_a_damaged_event_is_reported_with_what_came_before(runs: Path) -> None:
    run = asked()
    events = runs / run / "events.jsonl"
    lines = events.read_bytes().splitlines(keepends=True)
    events.write_bytes(b"".join([*lines[:3], b'{"kind": "from another version"}\n', *lines[3:]]))
    summary = trace_of(runs, run)
    assert "contains an event that cannot be read" in summary.damage
    assert "Damaged:" in summary.as_text()
    assert summary.answer == "the answer"


def test_a_damaged_result_is_reported(runs: Path) -> None:
    run = asked()
    (runs / run / "result.json").write_text("{")
    summary = trace_of(runs, run)
    assert summary.state == "unreadable"
    assert "result.json" in summary.damage
    assert summary.calls == 1  # from the tree


def test_a_run_without_a_result_is_unfinished(runs: Path) -> None:
    run = asked()
    (runs / run / "result.json").unlink()
    assert trace_of(runs, run).state == "unfinished"


def test_a_run_whose_question_cannot_be_read_is_an_error(runs: Path) -> None:
    run = asked()
    (runs / run / "run.json").write_text("[]")
    with pytest.raises(TraceError, match="is not a file of a stored run"):
        trace_of(runs, run)


def test_a_run_that_failed_has_its_error(runs: Path) -> None:
    def fails(prompt: str) -> str:
        raise ValueError("no words")

    with pytest.raises(HarlmError):
        asked(reply=fails)
    summary = trace_of(runs, "last")
    assert summary.state == "failed"
    assert "no words" in summary.error
    assert "Error: " in summary.as_text()


def test_long_questions_and_answers_are_cut(runs: Path) -> None:
    summary = trace_of(runs, asked("Why? " * 1_000, lambda prompt: "because " * 10_000))
    assert len(summary.question) <= 300
    assert len(summary.answer) < 5_000
    assert len(summary.as_text()) < 10_000


def test_a_tree_of_many_nodes_is_bounded(runs: Path) -> None:
    run = asked()
    events = runs / run / "events.jsonl"
    lines = events.read_text().splitlines(keepends=True)
    started = next(each for each in lines if '"node_started"' in each)
    more = [
        started.replace('"node":"0"', f'"node":"0.{at}"').replace('"parent":null', '"parent":"0"')
        for at in range(1_000)
    ]
    events.write_text("".join([*lines[:-1], *more, lines[-1]]))
    summary = trace_of(runs, run)
    assert summary.nodes_in_all == 1_001
    assert len(summary.nodes) == 200
    assert summary.nodes[1].depth == 1
    assert "Nodes (200 of 1,001):" in summary.as_text()


def test_recent_runs_are_listed_newest_first_with_damaged_ones(runs: Path) -> None:
    first, second = asked("One?"), asked("Two?")
    (runs / first / "run.json").write_text("{")
    rows = recent_runs(runs)
    assert [(each.run, each.state, each.question) for each in rows] == [
        (second, "ok", "Two?"),
        (first, "unreadable", ""),
    ]


def test_without_a_folder_there_are_no_runs(tmp_path: Path) -> None:
    assert recent_runs(tmp_path / "missing") == []
    with pytest.raises(TraceError):
        trace_of(tmp_path / "missing", "last")
