"""Asks the questions of a batch, many at once, and hands out each result as soon as its run has ended."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import AsyncGenerator, Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import chain

from harlm.batch.questions import BatchQuestion, BatchQuestions
from harlm.batch.results import BatchResults
from harlm.batch.rows import BatchRow, row_of
from harlm.cleanup import all_ended
from harlm.events import Event, RunStarted
from harlm.executors.runs import Executor, RunSpec
from harlm.interruption import Interruption
from harlm.types import OutputSchema


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchJob:
    """What is asked in a batch.

    Attributes:
        questions: all of them.
        documents: a digest of what they are about.
        mode: of questions that name none.
        schema: of answers to questions that have none.
        ends: the moment, by ``time.monotonic``, from which no question is asked any more.
    """

    questions: BatchQuestions
    documents: str
    mode: str
    schema: OutputSchema | None
    ends: float


@dataclass(slots=True)
class BatchProgress:
    """How far a batch is.

    Attributes:
        total: its questions.
        known: of these, those that had their answer before.
        ended, failed: those that have ended now, and those of them without an answer.
        micros: what all runs have cost, in micro-dollars, those of earlier attempts included.
        began: when it began, by ``time.monotonic``.
    """

    total: int = 0
    known: int = 0
    ended: int = 0
    failed: int = 0
    micros: int = 0
    began: float = field(default_factory=time.monotonic)

    @property
    def left(self) -> int:
        """The questions that have not ended."""
        return self.total - self.known - self.ended

    @property
    def seconds_left(self) -> float | None:
        """About how long the rest takes; ``None`` as long as no question has ended."""
        if not self.ended:
            return None
        return (time.monotonic() - self.began) / self.ended * self.left


class OpenBatch:
    """The questions of a batch that are under way.

    Args:
        job: what is asked.
        executor: carries out the runs.
        results: what is known already, and where results are kept.
        interruption: stops the runs. Once it is requested, no further question is asked.
        progress: is kept up to date.
    """

    def __init__(
        self,
        job: BatchJob,
        executor: Executor,
        results: BatchResults,
        interruption: Interruption,
        progress: BatchProgress,
    ) -> None:
        self._job, self._executor, self._results = job, executor, results
        self._interruption, self._progress = interruption, progress
        self._has_stopped = False
        progress.total, progress.known = len(job.questions), len(results.answered)
        progress.micros = results.paid.micros

    async def rows(self) -> AsyncGenerator[BatchRow, None]:
        """The results, as questions end; those that have begun before come first.

        Raises:
            ExecutorFailure: no run can be carried out any more.
            ConfigError: a result cannot be written.
        """
        waiting, running = self._waiting(), set[asyncio.Task[BatchRow]]()
        clock = asyncio.create_task(self._end_in_time())
        try:
            with self._interruption.heard_by(self._stop):
                while True:
                    while not self._has_stopped and len(running) < self._executor.capacity:
                        if (asked := next(waiting, None)) is None:
                            break
                        running.add(asyncio.create_task(self._ask(asked)))
                    if not running:
                        return
                    done, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
                    kept = [self._ended(task.result()) for task in done if task.exception() is None]
                    for row in kept:  # all are kept before the first is given: the caller may take no more
                        yield row
                    for task in done:
                        task.result()  # raises what has ended one
        finally:
            clock.cancel()
            for task in running:
                task.cancel()
            await all_ended((clock, *running))
            for task in running:
                if not task.cancelled():
                    task.exception()  # retrieved: the batch has ended with another one

    def _waiting(self) -> Iterator[BatchQuestion]:
        """The questions without an answer."""
        begun = frozenset(self._results.runs)
        first = (each for each in self._job.questions if each.id in begun) if begun else iter(())
        rest = (each for each in self._job.questions if each.id not in begun)
        return (each for each in chain(first, rest) if each.id not in self._results.answered)

    async def _ask(self, asked: BatchQuestion) -> BatchRow:
        schema = asked.schema
        if schema is None and self._job.schema is not None:
            schema = self._job.schema.json_schema
        spec = RunSpec(
            question=asked.question,
            mode=asked.mode or self._job.mode,
            schema=schema,
            run=self._results.runs.get(asked.id, ""),
        )
        outcome = await self._executor.run(spec, partial(self._hear, asked))
        return row_of(asked, outcome, self._job.documents)

    def _hear(self, asked: BatchQuestion, event: Event) -> None:
        if isinstance(event, RunStarted):
            self._results.begin(asked, event.run)
            if self._has_stopped:
                self._interruption.request()  # once more: it had not begun the first time

    def _ended(self, row: BatchRow) -> BatchRow:
        self._results.add(row)
        progress = self._progress
        progress.ended += 1
        progress.failed += not row.is_final
        progress.micros += row.paid.micros
        if row.has_stopped:
            self._stop()
        return row

    def _stop(self) -> None:
        """Ask no further question."""
        self._has_stopped = True

    async def _end_in_time(self) -> None:
        """Stop all runs when the time of the batch has passed."""
        if not math.isinf(self._job.ends):
            await asyncio.sleep(max(0.0, self._job.ends - time.monotonic()))
            self._interruption.request()
