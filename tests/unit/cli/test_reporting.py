"""What is said of an answer on stderr."""

from __future__ import annotations

from dataclasses import replace

import pytest

from harlm.cli.reporting import report
from harlm.errors import HarlmError, Interrupted, ModelUnavailable, SchemaMismatch, StorageFull
from harlm.types import Answer, Citation, Early, Latency, Usage

ANSWER = Answer(
    text="7",
    run_id="R",
    mode="full",
    usage=Usage(calls=3, input_tokens=1_200, output_tokens=34, cost_micros=1_500),
    latency=Latency(wall_s=1.234, critical_path_s=0.5, parallelism=1.0),
)


def said(
    capsys: pytest.CaptureFixture[str],
    answer: Answer,
    ended_by: HarlmError | None = None,
    *,
    explain: bool = False,
) -> list[str]:
    report(answer, ended_by, explain=explain)
    shown = capsys.readouterr()
    assert shown.out == ""
    return shown.err.splitlines()


def test_the_last_line_is_the_bill(capsys: pytest.CaptureFixture[str]) -> None:
    assert said(capsys, ANSWER) == [
        "full · $0.0015 · 3 calls · 1,200 + 34 tokens · 1.23 s (critical path 0.50 s) · run R"
    ]


def test_the_bill_says_what_is_not_known_and_what_was_early(capsys: pytest.CaptureFixture[str]) -> None:
    usage = replace(ANSWER.usage, cost_micros=None, estimated=True, early=Early(made=2, claimed=1))
    answer = replace(
        ANSWER, usage=usage, strategy="map", sandbox="s3", memory=replace(ANSWER.memory, reused=4)
    )
    (line,) = said(capsys, answer)
    assert line.startswith("full map · cost unknown · 3 calls (2 early, 1 wasted), 4 reused · about 1,200")
    assert line.endswith("· sandbox s3 · run R")


@pytest.mark.parametrize(
    ("ended_by", "why"),
    [
        (None, "the model did not finish by itself"),
        (Interrupted("x", limit="stop", used=0, allowed=0), "the run was stopped"),
        (StorageFull("x", limit="disk", used=0, allowed=0), "the turns or the budget ran out"),
        (SchemaMismatch("x", faults="y"), "it does not follow the schema"),
        (ModelUnavailable("x", model="m"), "a failure ended the run"),
    ],
)
def test_a_partial_answer_says_why(
    capsys: pytest.CaptureFixture[str], ended_by: HarlmError | None, why: str
) -> None:
    assert f"this answer is partial: {why}" in said(capsys, replace(ANSWER, status="partial"), ended_by)


def test_sources_and_warnings_are_named_and_control_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    citation = Citation(
        source="a.txt", start=0, end=3, line=1, page=None, place="a.txt:1", quote="a\n\x1b[31mb"
    )
    answer = replace(
        ANSWER, citations=(citation,) * 12, citations_dropped=2, sandbox="s0", status="not_found"
    )
    lines = said(capsys, answer)
    assert sum(line.startswith("source: a.txt") for line in lines) == 10
    assert "2 citation(s) could not be verified and were removed" in lines
    assert "not found in the context" in lines
    assert any(line.startswith("WARNING: model-written code ran on tier s0") for line in lines)
    assert "\x1b" not in "".join(lines)


def test_confidence_has_its_reasons_on_demand(capsys: pytest.CaptureFixture[str]) -> None:
    sure = replace(ANSWER, confidence=0.87, confidence_reasons=("it was quoted", "it ran"))
    assert said(capsys, sure)[0] == "confidence: 87%, since it was quoted"
    assert said(capsys, sure, explain=True)[:2] == ["confidence: 87%, since it was quoted", "  it ran"]
    assert len(said(capsys, ANSWER)) == 1
    assert said(capsys, ANSWER, explain=True)[0] == "no confidence: nothing was measured"
