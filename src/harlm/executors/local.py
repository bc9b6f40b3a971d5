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
from harlm.config import Config
from harlm.errors import HarlmError, TraceError
from harlm.events import Event, RunStarted
from harlm.executors.runs import RunFailure, RunOutcome, RunSpec
from harlm.home import runs_of
from harlm.interruption import Interruption
from harlm.loading import LoadingClock
from harlm.resuming import Resumption, bring_here, config_of, context_of, resumption_of
from harlm.running import ClientParts, answered
from harlm.tracing.jsonl import RunFolder, find_run
from harlm.tracing.request import Sources
from harlm.typed import schema_of
from harlm.types import Answer, Context, OutputSchema, Task


class LocalExecutor:
    """Carries out runs in the event loop of this process; see ``harlm.executors.runs.Executor``.

    Args:
        parts: of the client, with those that the runs share.
        config: of each run.
        context: the documents of each run.
        origin: where they come from.
        at_once: how many runs are under way at once.
        interruption: stops them.
        accept_changes: whether documents may have changed since a run that is taken up again has read them.
    """

    def __init__(
        self,
        parts: ClientParts,
        config: Config,
        context: Context,
        origin: Sources,
        *,
        at_once: int,
        interruption: Interruption,
        accept_changes: bool = False,
    ) -> None:
        self._parts, self._config, self._context, self._origin = parts, config, context, origin
        self._interruption, self._accept_changes = interruption, accept_changes
        self.capacity = at_once

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
        config, began = self._config, time.monotonic()
        wanted = None if spec.schema is None else schema_of(dict(spec.schema))
        resumption, new_id = None if stored is None else self._resumption(stored), ""
        if resumption is None:
            told.run = new_id = spec.run if spec.is_new else ""
            task = self._task(spec, wanted)
        else:
            limits = config.budget  # those of the batch as it is now
            config = msgspec.structs.replace(config_of(resumption.request, config, {}), budget=limits)
            clock = LoadingClock(config.budget.seconds, began)
            task = await context_of(resumption, self._context, wanted, config, clock)
        return await answered(
            self._parts, task, config, self._origin, sinks=[told], began=began,
            interruption=self._interruption, resumption=resumption, new_id=new_id,
        )  # fmt: skip

    def _task(self, spec: RunSpec, wanted: OutputSchema | None) -> Task:
        strategy = self._config.engine.strategy
        mode = "plan" if strategy is not None and spec.mode == "auto" else spec.mode
        return Task(
            question=spec.question,
            context=self._context,
            mode=mode,  # type: ignore[arg-type] # checked where questions are read
            strategy=strategy,
            schema=wanted,
        )

    async def _stored(self, spec: RunSpec) -> RunFolder | None:
        """The stored run that is to be taken up, perhaps one of another machine; ``None`` if there is none any more."""
        if not spec.run or spec.is_new:
            return None
        await asyncio.to_thread(bring_here, self._config, spec.run)
        try:
            return find_run(runs_of(self._config), spec.run)
        except TraceError:
            return None  # it was removed to make room: it is asked anew

    def _resumption(self, stored: RunFolder) -> Resumption | None:
        """The run, to be taken up again; ``None`` if it was killed before it had asked for anything."""
        try:
            return resumption_of(stored, accept_changes=self._accept_changes)
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
    parts: ClientParts,
    config: Config,
    context: Context,
    origin: Sources,
    *,
    at_once: int,
    purse: Purse | None,
    interruption: Interruption,
    accept_changes: bool = False,
    environment: Mapping[str, str] | None = None,
) -> AsyncIterator[LocalExecutor]:
    """An executor in this process; its parts are closed at the end.

    Args:
        parts: of the client.
        config: of each run.
        context: the documents of each run.
        origin: where they come from.
        at_once: how many runs are under way at once.
        purse: pays for all runs, besides the budget of each.
        interruption: stops them.
        accept_changes: as in ``LocalExecutor``.
        environment: variables that hold keys; by default those of the process.

    Raises:
        ConfigError: a model cannot be used.
    """
    opened = open_common(
        config, root=parts.root, sub=parts.sub, prices=parts.prices, fixed=parts.models, purse=purse,
        environment=environment,
    )  # fmt: skip
    async with opened as common:
        yield LocalExecutor(
            replace(parts, common=common), config, context, origin, at_once=at_once, interruption=interruption,
            accept_changes=accept_changes,
        )  # fmt: skip
