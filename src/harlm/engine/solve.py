"""The one recursion: a task in, an answer out. Called by the client at depth 0, by ``rlm_query`` below."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace

from harlm import events
from harlm.context import profile_in
from harlm.engine.attempts import Attempt, Trial, best_attempt
from harlm.engine.failing import with_partial
from harlm.engine.node import Node
from harlm.engine.planned import proposals_for
from harlm.engine.reading import reading_cost
from harlm.engine.routing import routed, situation_of
from harlm.types import Answer, Latency, MemoryUse, Task


async def solve(task: Task, node: Node) -> Answer:
    """Answer ``task`` at ``node``.

    At the root the citations are checked against the context; below it the text goes to the parent as the
    model wrote it, since only the root's context holds the user's documents.

    Raises:
        ModelError: a model that the node cannot do without failed.
        SandboxFailure: no REPL could be opened, or it broke.
        LimitExceeded: the budget was spent before the model finished.
        SchemaMismatch: the task has a schema, and no answer follows it.

    Each carries the best answer so far as its ``partial``, if the node had found something.
    """
    started = time.monotonic()
    known = await profile_in(node.run.threads, task.context)
    proposed = proposals_for(task, node, known)
    situation = situation_of(task, node, known, proposed)
    route = await routed(situation, node)
    if route is not None and route.depth is not None:
        node = replace(node, most_depth=node.depth + route.depth)
    mode = task.mode if task.mode != "auto" else route.mode if route is not None else "full"
    node.emit(
        events.NodeStarted(
            depth=node.depth,
            question=task.question,
            mode=mode,
            documents=known.documents,
            characters=known.characters,
        )
    )
    trial = Trial(
        task=task, node=node, known=known, proposed=proposed, situation=situation, route=route, solve=solve
    )
    try:
        attempt = await best_attempt(trial, mode)
        if not node.depth and node.run.conversation is None:
            await node.run.memory.close()  # its last calls to an embedder are part of the answer's usage
    except BaseException as error:
        is_cancelled = isinstance(error, asyncio.CancelledError)
        node.emit(events.NodeFinished(status="cancelled" if is_cancelled else "failed", text=str(error)))
        raise
    if not node.depth:
        node.account.settle_arrears()
    answer = _answer(trial, attempt, time.monotonic() - started)
    node.emit(events.NodeFinished(status=attempt.outcome.status, text=attempt.outcome.text))
    if attempt.outcome.ended_by is not None:
        raise with_partial(attempt.outcome.ended_by, answer)
    return answer


def _answer(trial: Trial, attempt: Attempt, wall_s: float) -> Answer:
    node, outcome = trial.node, attempt.outcome
    usage = replace(node.account.usage, early=node.clock.early)
    return Answer(
        text=attempt.text,
        data=attempt.data,
        citations=attempt.cited.citations,
        citations_dropped=attempt.cited.dropped,
        confidence=attempt.confidence.value,
        confidence_reasons=attempt.confidence.reasons,
        status=outcome.status,
        mode=attempt.mode,
        strategy=outcome.strategy,
        route=trial.route,
        usage=usage,
        latency=Latency(
            wall_s=wall_s,
            critical_path_s=max(0.0, wall_s - outcome.saved_s),
            parallelism=node.clock.parallelism,
        ),
        memory=_memory_use(node, "" if node.depth else attempt.text),
        reading=reading_cost(trial.task.question, trial.known, usage.input_tokens, node.models.sub.window),
        sandbox=None if attempt.mode == "direct" else node.run.sandbox.tier,
        run_id=node.run.id,
    )


def _memory_use(node: Node, text: str) -> MemoryUse:
    """The figures of the memory, and of the calls that were reused."""
    use, reuse = node.run.memory.use(text), node.run.reuse
    if reuse is None:
        return use
    return replace(
        use,
        misses=use.misses + reuse.made,
        reused=reuse.reused,
        saved_tokens=reuse.saved_tokens,
        saved_micros=reuse.saved_micros,
    )
