"""The driver of a batch over an executor that answers what the test says."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable
from contextlib import aclosing, closing
from pathlib import Path

import pytest

from harlm.batch.asking import BatchJob, BatchProgress, OpenBatch
from harlm.batch.questions import questions_of
from harlm.batch.results import BatchResults
from harlm.batch.rows import BatchRow
from harlm.errors import ExecutorFailure
from harlm.events import Event, RunStarted
from harlm.executors.runs import RunFailure, RunOutcome, RunSpec
from harlm.interruption import Interruption
from harlm.types import Answer

DONE = RunOutcome(answer=Answer(text="yes"))
SPENT = RunOutcome(failure=RunFailure(kind="CostLimit", message="spent", limit="batch"))


class Answering:
    """Answers at once, or when it is let."""

    capacity = 3

    def __init__(self, says: Callable[[RunSpec], RunOutcome] = lambda spec: DONE) -> None:
        self.asked: list[RunSpec] = []
        self.most = self.under_way = 0
        self._says = says
        self.let = asyncio.Event()
        self.let.set()
        self.is_full = asyncio.Event()

    async def run(self, spec: RunSpec, on_event: Callable[[Event], None]) -> RunOutcome:
        self.asked.append(spec)
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        if self.under_way == self.capacity:
            self.is_full.set()
        run = spec.run or f"run of {spec.question}"
        started = RunStarted(
            run=run,
            question=spec.question,
            root_model="m",
            sub_model="m",
            documents=1,
            characters=1,
            tokens=1,
        )
        on_event(started)
        try:
            await asyncio.sleep(0)
            await self.let.wait()
            return self._says(spec)
        finally:
            self.under_way -= 1


def job(count: int, ends: float = math.inf) -> BatchJob:
    asked = questions_of([{"id": str(n), "question": f"{n}?"} for n in range(count)])
    return BatchJob(questions=asked, documents="d", mode="direct", schema=None, ends=ends)


async def rows_of(asking: OpenBatch) -> list[BatchRow]:
    return [row async for row in asking.rows()]


async def test_every_question_is_asked_once_and_no_more_than_the_capacity_at_once() -> None:
    executor, work, progress = Answering(), job(20), BatchProgress(total=20)
    with closing(BatchResults(None, work.questions)) as results:
        rows = await rows_of(OpenBatch(work, executor, results, Interruption(), progress))
    assert sorted(int(row.id) for row in rows) == list(range(20))
    assert {spec.mode for spec in executor.asked} == {"direct"}
    assert executor.most == 3
    assert (progress.ended, progress.failed, progress.left) == (20, 0, 0)


async def test_what_has_begun_comes_first_and_what_has_its_answer_is_not_asked() -> None:
    work = job(6)
    with closing(BatchResults(Path("r.jsonl"), work.questions)) as results:
        await rows_of(OpenBatch(job(2), Answering(), results, Interruption(), BatchProgress()))
        results.runs["5"] = "THE-RUN"
        executor = Answering()
        rows = await rows_of(OpenBatch(work, executor, results, Interruption(), BatchProgress()))
    assert [(spec.question, spec.run) for spec in executor.asked] == [
        ("5?", "THE-RUN"),
        ("2?", ""),
        ("3?", ""),
        ("4?", ""),
    ]
    assert {row.id for row in rows} == {"2", "3", "4", "5"}


async def test_once_the_budget_of_the_batch_is_spent_nothing_more_is_asked() -> None:
    executor, work, progress = (
        Answering(lambda spec: SPENT if spec.question == "4?" else DONE),
        job(50),
        BatchProgress(total=50),
    )
    with closing(BatchResults(None, work.questions)) as results:
        rows = await rows_of(OpenBatch(work, executor, results, Interruption(), progress))
    assert len(executor.asked) < 10
    assert [row.id for row in rows if row.has_stopped] == ["4"]
    assert progress.failed == 1


async def test_a_question_that_fails_does_not_stop_the_others() -> None:
    failed = RunOutcome(failure=RunFailure(kind="ModelError", message="away"))
    work = job(9)
    with closing(BatchResults(None, work.questions)) as results:
        rows = await rows_of(
            OpenBatch(work, Answering(lambda spec: failed), results, Interruption(), BatchProgress())
        )
    assert len(rows) == 9
    assert {row.status for row in rows} == {"failed"}


async def test_when_it_is_interrupted_what_is_under_way_is_told_and_no_more_is_asked() -> None:
    executor, work, stop = Answering(), job(50), Interruption()
    executor.let.clear()
    heard: list[str] = []

    def heard_by_a_run() -> None:
        heard.append("stop")
        executor.let.set()

    with closing(BatchResults(None, work.questions)) as results, stop.heard_by(heard_by_a_run):
        asking = asyncio.create_task(rows_of(OpenBatch(work, executor, results, stop, BatchProgress())))
        await executor.is_full.wait()
        stop.request()
        rows = await asking
    assert heard
    assert len(rows) == len(executor.asked) == 3


async def test_when_its_time_has_passed_it_is_interrupted() -> None:
    executor, stop = Answering(), Interruption()
    executor.let.clear()
    work = job(50, ends=time.monotonic() + 0.02)
    with closing(BatchResults(None, work.questions)) as results, stop.heard_by(executor.let.set):
        rows = await rows_of(OpenBatch(work, executor, results, stop, BatchProgress()))
    assert len(rows) == 3


async def test_leaving_early_cancels_what_is_under_way() -> None:
    executor, work = Answering(), job(50)
    with closing(BatchResults(None, work.questions)) as results:
        async with aclosing(
            OpenBatch(work, executor, results, Interruption(), BatchProgress()).rows()
        ) as rows:
            async for _ in rows:
                executor.let.clear()
                break
    assert executor.under_way == 0


async def test_an_executor_that_is_gone_ends_the_batch() -> None:
    def gone(spec: RunSpec) -> RunOutcome:
        raise ExecutorFailure("the cluster is gone")

    work = job(5)
    with (
        closing(BatchResults(None, work.questions)) as results,
        pytest.raises(ExecutorFailure, match="is gone"),
    ):
        await rows_of(OpenBatch(work, Answering(gone), results, Interruption(), BatchProgress()))


def test_the_time_left_follows_from_the_pace() -> None:
    progress = BatchProgress(total=100, known=20, began=time.monotonic() - 10)
    assert progress.seconds_left is None
    progress.ended = 20
    assert progress.left == 60
    assert progress.seconds_left == pytest.approx(30, rel=0.2)


async def test_what_ended_together_is_kept_also_if_the_caller_leaves_after_the_first() -> None:
    executor, work = Answering(), job(3)
    executor.let.clear()
    with closing(BatchResults(Path("r.jsonl"), work.questions)) as results:
        async with aclosing(
            OpenBatch(work, executor, results, Interruption(), BatchProgress()).rows()
        ) as rows:
            asyncio.get_running_loop().call_later(0.05, executor.let.set)
            await anext(rows)
        assert results.answered == {"0", "1", "2"}
