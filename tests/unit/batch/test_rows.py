from __future__ import annotations

import msgspec
import pytest

from harlm.batch.questions import BatchQuestion
from harlm.batch.rows import BatchRow, row_of
from harlm.executors.runs import RunFailure, RunOutcome
from harlm.types import Amounts, Answer, Citation, Latency, Usage

ASKED = BatchQuestion(id="a", question="Who?", given={"team": "x"})
CITED = Citation(source="a.txt", start=0, end=3, line=1, page=None, place="a.txt:1", quote="one")
USAGE = Usage(calls=2, input_tokens=30, output_tokens=12, cost_micros=1_500)


def test_a_row_has_what_the_answer_says_and_what_it_cost() -> None:
    answer = Answer(
        text="7",
        data=7,
        citations=(CITED,),
        confidence=0.9,
        usage=USAGE,
        latency=Latency(wall_s=1.23456, critical_path_s=1, parallelism=1),
    )
    row = row_of(ASKED, RunOutcome(run="R", answer=answer), "digest")
    assert (row.status, row.answer, row.data, row.confidence, row.seconds) == ("ok", "7", 7, 0.9, 1.235)
    assert (row.cost_usd, row.tokens, row.calls, row.run, row.documents) == (0.0015, 42, 2, "R", "digest")
    assert (row.citations[0].place, row.citations[0].quote, row.given) == ("a.txt:1", "one", {"team": "x"})
    assert row.paid == Amounts(42, 1_500, 2)
    assert row.is_final
    assert msgspec.json.decode(msgspec.json.encode(row), type=BatchRow) == row


@pytest.mark.parametrize(
    ("limit", "status"), [("usd", "failed"), ("batch", "stopped"), ("stop", "stopped"), ("", "failed")]
)
def test_a_run_that_was_ended_keeps_its_partial_answer_and_says_why(limit: str, status: str) -> None:
    failure = RunFailure(kind="CostLimit", message="spent", limit=limit)
    row = row_of(
        ASKED,
        RunOutcome(run="R", answer=Answer(text="so far", status="partial", usage=USAGE), failure=failure),
        "",
    )
    assert (row.status, row.answer, row.calls, row.error) == (status, "so far", 2, failure)
    assert not row.is_final
    assert row.has_stopped == (status == "stopped")


def test_a_run_without_anything_has_an_empty_answer() -> None:
    row = row_of(ASKED, RunOutcome(failure=RunFailure(kind="ModelError", message="away")), "")
    assert (row.answer, row.cost_usd, row.run, row.status) == ("", 0.0, "", "failed")
