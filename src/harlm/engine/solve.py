"""The one recursion: a task goes in, an answer comes out. Called by the client at depth 0 and by ``rlm_query`` below."""

from __future__ import annotations

import time
from dataclasses import replace

from harlm import events
from harlm.context import Cited, cite, cite_value, profile
from harlm.engine.direct import answer_directly
from harlm.engine.loop import answer_in_turns
from harlm.engine.outcome import Outcome, as_text
from harlm.engine.reading import reading_of
from harlm.engine.run import Run
from harlm.errors import ContextOverflow
from harlm.types import Answer, Latency, Mode, Profile, Route, Task


async def solve(task: Task, run: Run) -> Answer:
    """Answer ``task`` at the node that ``run`` stands at.

    At the root the citations are checked against the context; below it the text goes to the parent as the model
    wrote it, since only the root's context holds the user's documents.

    Raises:
        ModelError: a model that the node cannot do without failed.
        SandboxFailure: no REPL could be opened, or it broke.
        LimitExceeded: the budget was spent before there was an answer; ``partial`` is how far it got.
    """
    started = time.monotonic()
    known = profile(task.context)
    route, mode = _choose(task, run, known)
    run.emit(
        events.NodeStarted(
            depth=run.depth,
            question=task.question,
            mode=mode,
            documents=known.documents,
            characters=known.characters,
        )
    )
    if mode == "direct":
        try:
            outcome = await answer_directly(task, run)
        except ContextOverflow as error:
            if route is None:
                raise
            mode = "repl"  # the estimate said that it fits, and the provider says that it does not
            run.emit(events.Noted(message=f"{error}; working on it in parts instead"))
            outcome = await answer_in_turns(task, run, mode, known, solve=solve)
    else:
        outcome = await answer_in_turns(task, run, mode, known, solve=solve)
    if not run.depth:
        await run.shared.memory.close()  # what it may still have cost is part of the answer
    run.emit(events.NodeFinished(status=outcome.status, text=outcome.text))
    answer = _answer(task, run, route, mode, outcome, known, time.monotonic() - started)
    if outcome.limit is not None:
        raise outcome.limit.with_partial(answer)
    return answer


def _choose(task: Task, run: Run, known: Profile) -> tuple[Route | None, Mode]:
    if task.mode != "auto":
        return None, task.mode
    route = run.shared.router.route(
        task, known, root_window=run.models.root.window, sub_window=run.models.sub.window
    )
    run.emit(events.Routed(mode=route.mode, probabilities=route.probabilities, reasons=route.reasons))
    return route, route.mode


def _answer(
    task: Task, run: Run, route: Route | None, mode: Mode, outcome: Outcome, known: Profile, wall_s: float
) -> Answer:
    usage = replace(run.account.usage, early=run.meter.early)
    text, data, cited = _checked(outcome, task, run)
    return Answer(
        text=text,
        data=data,
        citations=cited.citations,
        citations_dropped=cited.dropped,
        status=outcome.status,
        mode=mode,
        route=route,
        usage=usage,
        latency=Latency(
            wall_s=wall_s,
            critical_path_s=max(0.0, wall_s - outcome.saved_s),
            parallelism=run.meter.parallelism,
        ),
        memory=run.shared.memory.use("" if run.depth else text),
        reading=reading_of(task.question, known, usage.input_tokens, run.models.sub.window),
        sandbox=None if mode == "direct" else run.shared.sandbox.tier,
        run_id=run.shared.run_id,
    )


def _checked(outcome: Outcome, task: Task, run: Run) -> tuple[str, object, Cited]:
    """Text and data with their citations checked, at the root."""
    if run.depth:
        return outcome.text, outcome.data, Cited(outcome.text, (), 0)
    if outcome.data is None:
        cited = cite(outcome.text, task.context)
        return cited.text, None, cited
    data, cited = cite_value(outcome.data, task.context)
    return as_text(data), data, cited
