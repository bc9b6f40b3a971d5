"""The one recursion: a task in, an answer out. Called by the client at depth 0, by ``rlm_query`` below."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace

from harlm import events
from harlm.context import Cited, citing, profile_in
from harlm.engine.direct import answer_directly
from harlm.engine.failing import with_partial
from harlm.engine.judging import judged
from harlm.engine.loop import answer_in_turns
from harlm.engine.node import Node
from harlm.engine.outcome import Outcome, as_text
from harlm.engine.plan_race import answer_by_plans
from harlm.engine.planned import PlanFailed, proposals_for, suggested
from harlm.engine.reading import reading_cost
from harlm.engine.slices import in_slices
from harlm.errors import ContextOverflow
from harlm.types import Answer, Latency, MemoryUse, Mode, Profile, Proposal, Route, Task

_GRACE_S = 0.2  # seconds for which citations are checked if no time is left


async def solve(task: Task, node: Node) -> Answer:
    """Answer ``task`` at ``node``.

    At the root the citations are checked against the context; below it the text goes to the parent as the
    model wrote it, since only the root's context holds the user's documents.

    Raises:
        ModelError: a model that the node cannot do without failed.
        SandboxFailure: no REPL could be opened, or it broke.
        LimitExceeded: the budget was spent before the model finished.

    Each carries the best answer so far as its ``partial``, if the node had found something.
    """
    started = time.monotonic()
    known = await profile_in(node.run.threads, task.context)
    proposed = proposals_for(task, node, known)
    route, mode = _choose(task, node, known, proposed)
    node.emit(
        events.NodeStarted(
            depth=node.depth,
            question=task.question,
            mode=mode,
            documents=known.documents,
            characters=known.characters,
        )
    )
    try:
        mode, outcome = await _worked(task, node, known, mode, proposed, may_change=route is not None)
        if not node.depth:
            await node.run.memory.close()  # its last calls to an embedder are part of the answer's usage
        checked = await _checked(outcome, task, node)
    except BaseException as error:
        is_cancelled = isinstance(error, asyncio.CancelledError)
        node.emit(events.NodeFinished(status="cancelled" if is_cancelled else "failed", text=str(error)))
        raise
    if outcome.is_proven_by_quotes and checked[2].citations and not checked[2].dropped:
        outcome = replace(outcome, status="ok")
    answer = _answer(task, node, route, mode, outcome, known, checked, time.monotonic() - started)
    node.emit(events.NodeFinished(status=outcome.status, text=outcome.text))
    if outcome.ended_by is not None:
        raise with_partial(outcome.ended_by, answer)
    return answer


async def _worked(
    task: Task,
    node: Node,
    known: Profile,
    mode: Mode,
    proposed: tuple[Proposal, ...],
    *,
    may_change: bool,
) -> tuple[Mode, Outcome]:
    """The outcome in ``mode``. If the mode ``may_change``, it is in turns if the prompt of *direct* does not fit, or if a
    strategy fails.
    """
    has_failed = False
    if mode == "plan":
        try:
            return mode, await answer_by_plans(task, node, proposed, solve=solve)
        except PlanFailed as failure:
            if not may_change:
                return mode, failure.outcome
            mode, has_failed = "full", True
            node.emit(events.Noted(message=f"{failure}; a root model works on it instead"))
    if mode == "direct":
        try:
            return mode, await answer_directly(task, node)
        except ContextOverflow as error:
            if not may_change:
                raise
            mode = "repl"  # it fits by the estimate, but not by the provider's count
            node.emit(events.Noted(message=f"{error}; working on it in parts instead"))
    offered = suggested(proposed) if mode == "full" and not has_failed else None
    return mode, await answer_in_turns(task, node, mode, known, solve=solve, suggestion=offered)


def _choose(
    task: Task, node: Node, known: Profile, proposed: tuple[Proposal, ...]
) -> tuple[Route | None, Mode]:
    if task.mode != "auto":
        return None, task.mode
    route = node.run.router.route(
        task,
        known,
        root=node.run.facts_of(node.models.root),
        sub=node.run.facts_of(node.models.sub),
        proposals=proposed,
    )
    node.emit(events.Routed(mode=route.mode, probabilities=route.probabilities, reasons=route.reasons))
    return route, route.mode


def _answer(
    task: Task,
    node: Node,
    route: Route | None,
    mode: Mode,
    outcome: Outcome,
    known: Profile,
    checked: tuple[str, object, Cited],
    wall_s: float,
) -> Answer:
    usage = replace(node.account.usage, early=node.clock.early)
    text, data, cited = checked
    confidence = judged(task, node, mode, outcome, cited, outcome.reported)
    return Answer(
        text=text,
        data=data,
        citations=cited.citations,
        citations_dropped=cited.dropped,
        confidence=confidence.value,
        confidence_reasons=confidence.reasons,
        status=outcome.status,
        mode=mode,
        strategy=outcome.strategy,
        route=route,
        usage=usage,
        latency=Latency(
            wall_s=wall_s,
            critical_path_s=max(0.0, wall_s - outcome.saved_s),
            parallelism=node.clock.parallelism,
        ),
        memory=_memory_use(node, "" if node.depth else text),
        reading=reading_cost(task.question, known, usage.input_tokens, node.models.sub.window),
        sandbox=None if mode == "direct" else node.run.sandbox.tier,
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


async def _checked(outcome: Outcome, task: Task, node: Node) -> tuple[str, object, Cited]:
    """Text, data and citations of an outcome; at the root the citations have been checked."""
    if node.depth:
        return outcome.text, outcome.data, Cited(outcome.text, (), 0)
    late = time.monotonic() + max(_GRACE_S, node.account.seconds_left)
    value = outcome.text if outcome.data is None else outcome.data
    data, cited = await in_slices(citing(value, task.context, lambda: time.monotonic() > late))
    return (cited.text, None, cited) if outcome.data is None else (as_text(data), data, cited)
