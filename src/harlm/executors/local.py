"""Carries out runs in this process: over parts that are opened once, and with one purse for all of them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace

import msgspec

from harlm.budget.purse import Purse
from harlm.common_parts import open_common
from harlm.errors import HarlmError, TraceError
from harlm.events import Event, RunStarted
from harlm.executors.runs import RunFailure, RunOutcome, RunSpec
from harlm.executors.setup import RunSetup
from harlm.home import runs_of
from harlm.loading import LoadingClock
from harlm.resuming import Resumption, bring_here, config_of, context_of, resumption_of
from harlm.running import answered
from harlm.tracing.jsonl import RunFolder, find_run
from harlm.typed import schema_of
from harlm.types import Answer, OutputSchema, Task


class LocalExecutor:
    """Carries out runs in the event loop of this process; see ``harlm.executors.runs.Executor``.

    Args:
        setup: what they have in common; its parts include those that they share.
    """

    def __init__(self, setup: RunSetup) -> None:
        self._setup = setup
        self.capacity = setup.at_once

    async def run(self, spec: RunSpec, on_event: Callable[[Event], None]) -> RunOutcome:
        """See ``Executor``. A run that is taken up again and has its answer is not run again."""
        told = _Told(on_event, spec.run)
        try:
            answer = await self._answer(spec, told)
        except HarlmError as error:
            return RunOutcome.failed(told.run, error)
        except Exception as error:  # noqa: BLE001 - a fault of this program ends one run, and no other
            return RunOutcome(run=told.run, failure=RunFailure.of_fault(error))
        return RunOutcome(run=answer.run_id, answer=replace(answer, timeline=()))

    async def _answer(self, spec: RunSpec, told: _Told) -> Answer:
        stored = await self._stored(spec)
        if stored is not None and (known := _answer_of(stored)) is not None:
            return known
        setup, config, began = self._setup, self._setup.config, time.monotonic()
        wanted = None if spec.schema is None else schema_of(dict(spec.schema))
        resumption, new_id = None if stored is None else self._resumption(stored), ""
        if resumption is None:
            told.run = new_id = spec.run if spec.is_new else ""
            task = self._task(spec, wanted)
        else:
            limits = config.budget  # those of the batch as it is now
            config = msgspec.structs.replace(config_of(resumption.request, config, {}), budget=limits)
            clock = LoadingClock(config.budget.seconds, began)
            task = await context_of(resumption, setup.context, wanted, config, clock)
        return await answered(
            setup.parts, task, config, setup.origin, sinks=[told], began=began,
            interruption=setup.interruption, resumption=resumption, new_id=new_id,
        )  # fmt: skip

    def _task(self, spec: RunSpec, wanted: OutputSchema | None) -> Task:
        strategy = self._setup.config.engine.strategy
        mode = "plan" if strategy is not None and spec.mode == "auto" else spec.mode
        return Task(
            question=spec.question,
            context=self._setup.context,
            mode=mode,  # type: ignore[arg-type] # checked where questions are read
            strategy=strategy,
            schema=wanted,
        )

    async def _stored(self, spec: RunSpec) -> RunFolder | None:
        """The stored run that is to be taken up, perhaps one of another machine; ``None`` if there is none any more."""
        if not spec.run or spec.is_new:
            return None
        await asyncio.to_thread(bring_here, self._setup.config, spec.run)
        try:
            return find_run(runs_of(self._setup.config), spec.run)
        except TraceError:
            return None  # it was removed to make room: its question is asked from the start

    def _resumption(self, stored: RunFolder) -> Resumption | None:
        """The run, to be taken up again; ``None`` if it was killed before it had asked for anything."""
        try:
            return resumption_of(stored, accept_changes=self._setup.accept_changes)
        except TraceError:
            return None


def _answer_of(stored: RunFolder) -> Answer | None:
    """The answer of a run that was not ended early; ``None`` if it has none."""
    result = stored.result
    answer = None if result is None else result.answer
    return answer if answer is not None and answer.status in ("ok", "not_found") else None


class _Told:
    """Passes on the events of a run, and knows its id. A ``TraceSink``."""

    def __init__(self, on_event: Callable[[Event], None], run: str) -> None:
        self._on_event, self.run = on_event, run

    def emit(self, event: Event) -> None:
        """Take one event."""
        if isinstance(event, RunStarted):
            self.run = event.run
        self._on_event(event)


@asynccontextmanager
async def open_local(
    setup: RunSetup, *, purse: Purse | None, environment: Mapping[str, str] | None = None
) -> AsyncIterator[LocalExecutor]:
    """An executor in this process; its parts are closed at the end.

    Args:
        setup: what the runs have in common.
        purse: pays for all runs, besides the budget of each.
        environment: variables that hold keys; by default those of the process.

    Raises:
        ConfigError: a model cannot be used.
    """
    parts = setup.parts
    opened = open_common(
        setup.config, root=parts.root, sub=parts.sub, prices=parts.prices, fixed=parts.models, purse=purse,
        environment=environment,
    )  # fmt: skip
    async with opened as common:
        yield LocalExecutor(replace(setup, parts=replace(parts, common=common)))
