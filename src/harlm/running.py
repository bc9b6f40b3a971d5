"""One run from its opening to its answer, with what the user is told and what is kept of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import dataclass, replace
from functools import partial

from harlm import assembly, events
from harlm.common_parts import CommonParts, FixedModels
from harlm.config import Config
from harlm.context import profile_in
from harlm.engine import Node, solve
from harlm.engine.approval import Approve
from harlm.engine.failing import partial_in
from harlm.engine.waiting import fetch_batches
from harlm.errors import Interrupted, MemoryFailure, NoAnswer
from harlm.interruption import Interruption
from harlm.models.choosing import ModelChoice
from harlm.opening import notes, started
from harlm.protocols import TraceSink
from harlm.resuming import Resumption, keep_request, take_up
from harlm.tools.toolset import NO_TOOLS, Toolset
from harlm.tracing.request import Sources
from harlm.tracing.timeline import Timeline
from harlm.types import Answer, OutputSchema, Price, Task


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientParts:
    """What a client brings to each of its runs, besides the settings.

    Attributes:
        root, sub: models that are given as objects.
        models: all models, where none is chosen.
        common: parts that its runs share; ``None`` opens them for each run.
        prices: by full model name.
        tools: the user's.
        approve: asked before each cell runs.
        note: told first in each run.
    """

    root: ModelChoice | None = None
    sub: ModelChoice | None = None
    models: FixedModels | None = None
    common: CommonParts | None = None
    prices: Mapping[str, Price] | None = None
    tools: Toolset = NO_TOOLS
    approve: Approve | None = None
    note: str | None = None


async def answered(
    parts: ClientParts,
    task: Task,
    config: Config,
    origin: Sources,
    *,
    sinks: Sequence[TraceSink],
    began: float,
    interruption: Interruption,
    resumption: Resumption | None = None,
    new_id: str = "",
) -> Answer:
    """The answer to a task, in a new run or in one that is taken up again.

    Args:
        parts: of the client.
        task: the question and its documents.
        config: the settings of the run.
        origin: where the documents come from.
        sinks: receive the events of the run as they happen.
        began: when the time limit began to count, by ``time.monotonic``.
        interruption: stops the run.
        resumption: the run that is taken up again; ``None`` for a new one.
        new_id: the id of a new run, if it was chosen already.

    Raises:
        HarlmError: as ``HARLM.aask`` and ``HARLM.aresume``.
    """
    goal, timeline = task.question, Timeline()
    told = (*sinks, timeline)
    opened = open_parts(
        parts, config, sinks=told, began=began, goal=goal, resumption=resumption, new_id=new_id
    )
    async with opened as node:
        with interruption.heard_by(stopper(node)):
            if resumption is not None:
                await fetch_batches(node)
                take_up(resumption, node)
            await announce(task, node, parts.note)
            if resumption is None:
                await keep_request(task, config, node, origin)
            answer = await solved(task, node, is_strict=config.engine.strict)
    return replace(with_type(answer, task.schema), timeline=timeline.calls)


def open_parts(
    parts: ClientParts,
    config: Config,
    *,
    sinks: Sequence[TraceSink],
    began: float,
    goal: str,
    resumption: Resumption | None,
    new_id: str = "",
) -> AbstractAsyncContextManager[Node]:
    """The root node of a run with the parts of a client; see ``assembly.open_run``."""
    return assembly.open_run(
        config,
        root=parts.root,
        sub=parts.sub,
        prices=parts.prices,
        tools=parts.tools,
        approve=parts.approve,
        goal=goal,
        sinks=sinks,
        began=began,
        earlier=None if resumption is None else resumption.run,
        new_id=new_id,
        fixed=parts.models,
        common=parts.common,
    )


def stopper(node: Node) -> Callable[[], None]:
    """A function that stops the run of a node, from any thread."""
    run, loop = node.run, asyncio.get_running_loop()
    reason = Interrupted("the run was stopped", limit="stop", used=0, allowed=0)

    def stop() -> None:
        with suppress(RuntimeError):  # the loop has closed, so the run has ended
            loop.call_soon_threadsafe(run.stop, node.account, reason)

    return stop


async def announce(task: Task, node: Node, note: str | None) -> None:
    """Emit the first events of a run: what is asked, and what the user should know before the answer.

    Args:
        task: the question and its documents.
        node: a root.
        note: the first one.
    """
    known = await profile_in(node.run.threads, task.context)
    node.emit(started(task, known, node))
    if note is not None:
        node.emit(events.Noted(message=note))
    for each in (*node.run.opening_notes, *notes(task.context, node)):
        node.emit(events.Noted(message=each))


async def solved(task: Task, node: Node, *, is_strict: bool) -> Answer:
    """The answer to a task at a root node, with the last events of the run.

    Args:
        task: the question and its documents.
        node: a root.
        is_strict: whether an answer without support in the context is an error.

    Raises:
        HarlmError: as ``HARLM.aask``.
    """
    try:
        answer = await solve(task, node)
        if is_strict and not answer.citations:
            raise NoAnswer(
                f"nothing in the context supports an answer (run {answer.run_id}); leave strict mode to see the reply"
            )
    except (Exception, asyncio.CancelledError, KeyboardInterrupt) as error:
        if (so_far := partial_in(error)) is not None:
            node.emit(events.Answered(answer=so_far))
        else:
            node.emit(events.Failed(error=str(error) or "interrupted", type=type(error).__name__))
        raise
    try:
        if not await assembly.done_in_time(node.account, partial(_flush, node)):
            node.emit(events.Noted(message="the time ran out before all results of this run were on disk"))
    except MemoryFailure as failure:
        node.emit(events.Noted(message=str(failure)))
    if (unshared := node.run.journal.unshared) is not None:
        node.emit(events.Noted(message=f"no other machine could take this run up: {unshared}"))
    if (reason := node.run.memory.without_meaning) is not None:
        node.emit(events.Noted(message=f"memory was searched by words only: {reason}"))
    node.emit(events.Answered(answer=answer))
    return answer


def with_type(answer: Answer, wanted: OutputSchema | None) -> Answer:
    """The answer with data of the caller's type; a run itself handles JSON."""
    if wanted is None or answer.status == "not_found":
        return answer
    return replace(answer, data=wanted.build(answer.data))


def _flush(node: Node) -> None:
    """Return when all entries and replies of the run are written, or raise ``MemoryFailure``."""
    try:
        node.run.memory.flush()
    finally:
        if node.run.reuse is not None:
            node.run.reuse.flush()
