"""What a client does with many questions over the same documents."""

from __future__ import annotations

import asyncio
import math
import queue
import time
from collections.abc import AsyncGenerator, Iterable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, aclosing, closing, suppress
from pathlib import Path
from typing import Literal

from harlm.batch.asking import BatchJob, BatchProgress, OpenBatch
from harlm.batch.documents import documents_digest, without_own
from harlm.batch.purse import BatchPurse
from harlm.batch.questions import BatchQuestion, BatchQuestions, questions_in, questions_of
from harlm.batch.results import BatchResults
from harlm.batch.rows import BatchRow
from harlm.budget import UNLIMITED, Caps
from harlm.checks import checked_mode
from harlm.common_parts import RICHEST_USD
from harlm.config import DEFAULT_USD
from harlm.errors import ConfigError
from harlm.executors.choosing import ExecutorName, check_executor, open_executor
from harlm.executors.runs import Executor
from harlm.executors.setup import RunSetup
from harlm.interruption import Interruption
from harlm.loading import LoadingClock, load_async
from harlm.resuming import origin_of
from harlm.stored_runs import StoredRuns
from harlm.storing import paid_by
from harlm.synchronous import InThread
from harlm.tracing.request import Sources
from harlm.typed import schema_of
from harlm.types import Amounts, Budget, Mode, Usage

AT_ONCE = 16
"""Questions of a batch that are under way at once, where nothing else is said."""


_AHEAD = 64
"""Rows that ``batch`` has ready before the caller takes them; then it asks nothing more."""


class Batches(StoredRuns):
    """The part of a client that asks many questions over the same documents."""

    async def abatch(
        self,
        questions: Path | Iterable[str | dict[str, object] | BatchQuestion] | BatchQuestions,
        context: object,
        *,
        results: Path | None = None,
        mode: Mode | Literal["auto"] | None = None,
        schema: object = None,
        budget: Budget | None = None,
        at_once: int = AT_ONCE,
        executor: ExecutorName = "local",
        address: str | None = None,
        accept_changes: bool = False,
        origin: Sources | None = None,
        interruption: Interruption | None = None,
        progress: BatchProgress | None = None,
    ) -> AsyncGenerator[BatchRow, None]:
        """Many questions over the same documents: the result of each, as soon as it has ended.

        Args:
            questions: a file of JSON lines or a table (``harlm.batch.questions``), or strings and dicts with a key ``question``.
            context: as in ``HARLM.aask``.
            results: a file to which each result is appended. If it has some, only questions without an answer are asked.
            mode: of questions that name none.
            schema: of the answers to questions that have none; as in ``HARLM.aask``.
            budget: of all runs together, by default 1 dollar; the budget of the client limits each of them.
            at_once: questions under way at once; on each node of a cluster.
            executor: where runs are carried out: ``local``, in this process, or ``ray``, on the nodes of a Ray cluster.
            address: ``host:port`` of the head of the cluster, or ``auto`` for the one on this machine; without it one is started here.
            accept_changes: whether the documents may have changed since the results were written.
            origin, interruption: as in ``HARLM.aask``; ``progress`` is kept up to date.

        A question whose run fails has a row that says why. Once the budget is spent, no further question is asked.

        Raises:
            ContextError: the questions or the documents cannot be read.
            ConfigError: the results are those of another batch, or a model or the executor cannot be used.
            ExecutorFailure: no cluster is there, or its last node is gone. What was paid is kept.
        """
        check_executor(executor, address, at_once)
        asked, limits, config = _questions(questions), budget or Budget(), self._config
        results = _results(results, asked)
        wanted, began = None if schema is None else schema_of(schema), time.monotonic()
        read = await load_async(context, config.loading, LoadingClock(limits.seconds, began))
        loaded = without_own(read, (asked.file, results))
        documents = await asyncio.to_thread(documents_digest, loaded)
        caps, mode = batch_caps(limits, began), checked_mode(mode or config.engine.mode)
        job = BatchJob(questions=asked, documents=documents, mode=mode, schema=wanted, ends=caps.ends)
        setup = RunSetup(
            parts=self._parts, config=config, context=loaded, documents=documents, origin=origin or origin_of(context),
            at_once=at_once, interruption=interruption or Interruption(), accept_changes=accept_changes,
        )  # fmt: skip
        opening = asyncio.to_thread(BatchResults, results, asked, "" if accept_changes else documents)
        with closing(await opening) as known:
            earlier = await asyncio.to_thread(self._paid_earlier, known)
            purse = _purse(caps, earlier)
            opened = open_executor(executor, setup, address=address, purse=purse, caps=caps, earlier=earlier)
            async with aclosing(_rows(job, opened, known, setup.interruption, progress)) as rows:
                async for row in rows:
                    yield row

    def batch(
        self,
        questions: Path | Iterable[str | dict[str, object] | BatchQuestion],
        context: object,
        **how: object,
    ) -> Iterator[BatchRow]:
        """``abatch``, with its arguments, for callers that do not use asyncio. Closing the iterator cancels what is under way."""
        pending: queue.Queue[BatchRow | BaseException | None] = queue.Queue()
        room, loops = asyncio.Semaphore(_AHEAD), list[asyncio.AbstractEventLoop]()

        async def pump() -> None:
            loops.append(asyncio.get_running_loop())
            async with aclosing(self.abatch(questions, context, **how)) as rows:  # type: ignore[arg-type] # passed on
                async for row in rows:
                    await room.acquire()
                    pending.put(row)

        with InThread(pump()) as running:
            running.add_done_callback(lambda done: pending.put(done.exception()))
            while (row := pending.get()) is not None:
                if isinstance(row, BaseException):
                    raise row
                yield row
                with suppress(RuntimeError):  # the loop has ended: all rows are there
                    loops[0].call_soon_threadsafe(room.release)

    def _paid_earlier(self, known: BatchResults) -> Amounts:
        """What earlier attempts have paid: for questions with an answer, and in the runs that will be taken up again."""
        begun = [
            Amounts(*map(max, amounts_of(paid_by(run, self._config)), known.spent.get(id, Amounts())))
            for id, run in known.runs.items()  # a run that was removed says nothing any more
        ]
        return Amounts(*map(sum, zip(known.paid, *begun, strict=True)))


async def _rows(
    job: BatchJob,
    opened: AbstractAsyncContextManager[Executor],
    results: BatchResults,
    interruption: Interruption,
    progress: BatchProgress | None,
) -> AsyncGenerator[BatchRow, None]:
    """The rows of a batch, over an executor that is open as long as they are asked for."""
    async with (
        opened as executor,
        aclosing(OpenBatch(job, executor, results, interruption, progress or BatchProgress()).rows()) as rows,
    ):
        async for row in rows:
            yield row


def batch_caps(budget: Budget, began: float) -> Caps:
    """The limits of a whole batch.

    Args:
        budget: of the batch.
        began: when its time began, by ``time.monotonic``.
    """
    usd = DEFAULT_USD if budget.usd is None else budget.usd
    return Caps(
        tokens=UNLIMITED if budget.tokens is None else budget.tokens,
        micros=UNLIMITED if usd > RICHEST_USD else round(usd * 1_000_000),
        calls=UNLIMITED if budget.calls is None else budget.calls,
        ends=math.inf if budget.seconds is None else began + budget.seconds,
    )


def _purse(caps: Caps, earlier: Amounts) -> BatchPurse:
    """The purse of runs in this process, from which earlier attempts have paid."""
    purse = BatchPurse(caps)
    purse.count(Usage(calls=earlier.calls, input_tokens=earlier.tokens, cost_micros=earlier.micros))
    return purse


def amounts_of(usage: Usage) -> Amounts:
    """What a usage takes from a budget."""
    return Amounts(usage.input_tokens + usage.output_tokens, usage.cost_micros or 0, usage.calls)


def _results(given: object, asked: BatchQuestions) -> Path | None:
    """The file of the results.

    Raises:
        ConfigError: it is none, or that of the questions.
    """
    if given is None:
        return None
    if not isinstance(given, str | Path):
        raise ConfigError(f"results is of type {type(given).__name__}; pass a path")
    file = Path(given)
    if asked.file is not None and file.exists() and file.samefile(asked.file):
        raise ConfigError(
            f"{file} holds the questions, so it cannot take their results; name another file with -o"
        )
    return file


def _questions(given: object) -> BatchQuestions:
    if isinstance(given, BatchQuestions):
        return given
    if isinstance(given, Path):
        return questions_in(given)
    if isinstance(given, str | Mapping) or not isinstance(given, Iterable):
        raise ConfigError(
            f"questions is of type {type(given).__name__}; pass a list of questions, or a pathlib.Path to a file of them"
        )
    return questions_of(given)
