"""The attempts at a task: the mode that was chosen, and after a doubtful answer another one, as long as that is expected to pay.

Attempts of one node share its memory, its account and the replies that were paid for, so a later one pays nothing twice.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

from harlm import events
from harlm.context import Cited, citing
from harlm.engine.direct import answer_directly
from harlm.engine.judging import NOTHING_KNOWN, judged
from harlm.engine.loop import answer_in_turns
from harlm.engine.node import Node
from harlm.engine.outcome import Outcome, as_text
from harlm.engine.plan_race import answer_by_plans
from harlm.engine.planned import PlanFailed, suggested
from harlm.engine.queries import Solve
from harlm.engine.routing import chosen_first, foreseen, left_of, reading
from harlm.engine.slices import in_slices
from harlm.engine.typed_answers import fits, in_form
from harlm.errors import ContextOverflow, LimitExceeded, ModelError, SandboxFailure
from harlm.router.cascade import keeps_later
from harlm.types import Confidence, Mode, Profile, Proposal, Route, Situation, Task, Tried

_GRACE_S = 0.2  # seconds for which citations are checked if no time is left
_SHOWN = 400  # characters of an earlier answer that a root model is shown


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """A task at a node, and all that attempts at it share.

    Attributes:
        task, node: what is asked, and what answers and pays.
        known: the profile of the context.
        proposed: what the strategies propose.
        situation: what the router knew.
        route: its choice; ``None`` if the caller requires a mode.
        solve: the one recursion, for children.
    """

    task: Task
    node: Node
    known: Profile
    proposed: tuple[Proposal, ...]
    situation: Situation
    route: Route | None
    solve: Solve


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One attempt at a task.

    Attributes:
        mode: the mode that it ended in.
        outcome: how it ended.
        text, data, cited: the answer with its citations checked.
        confidence: of the answer.
        right: how probable it is that the answer is right, by the router's check of what was measured; ``None`` for no check.
    """

    mode: Mode
    outcome: Outcome
    text: str
    data: object
    cited: Cited
    confidence: Confidence
    right: float | None = None

    @property
    def tried(self) -> Tried:
        """The attempt, as a router sees it."""
        return Tried(mode=self.mode, status=self.outcome.status, confidence=self.confidence)


async def best_attempt(trial: Trial, mode: Mode) -> Attempt:
    """The answer of the first attempt that is good enough, or the best one if none is.

    Args:
        trial: the task.
        mode: of the first attempt.

    Raises:
        ModelError, SandboxFailure, LimitExceeded: as the first attempt raises them. Later ones only cost their spend.
    """
    node, route = trial.node, trial.route
    best = latest = await _attempted(trial, mode)
    if route is None or node.depth or not node.run.router_settings.escalate:
        return best
    tried = [latest.tried]
    while latest.outcome.ended_by is None:
        step = node.run.router.follow(replace(trial.situation, left=left_of(node)), route, tried)
        if step is None:
            break
        node.emit(events.Noted(message=step.reason))
        try:
            latest = await _attempted(trial, step.mode, earlier=best)
        except (LimitExceeded, ModelError, SandboxFailure) as error:
            node.emit(events.Noted(message=f"{error}; the earlier answer stands"))
            break
        tried.append(latest.tried)
        if keeps_later(best.tried, best.right, latest.tried, latest.right):
            best = latest
    return best


async def _attempted(trial: Trial, mode: Mode, earlier: Attempt | None = None) -> Attempt:
    task, node, route = trial.task, trial.node, trial.route
    mode, outcome = await _worked(trial, mode, earlier)
    outcome = await in_form(outcome, task, node)
    text, data, cited = await _checked(outcome, task, node)
    if outcome.is_proven_by_quotes and cited.citations and not cited.dropped:
        outcome = replace(outcome, status="ok")
    confidence = judged(
        task,
        reading(node, route) if mode == "direct" else node,
        mode,
        outcome,
        cited,
        outcome.reported,
        before=NOTHING_KNOWN
        if node.depth
        else foreseen(trial.situation, route, mode, outcome.strategy, is_first=earlier is None),
    )
    attempt = Attempt(mode=mode, outcome=outcome, text=text, data=data, cited=cited, confidence=confidence)
    if route is None or node.depth:
        return attempt
    return replace(attempt, right=node.run.router.judge(route, attempt.tried))


async def _worked(trial: Trial, mode: Mode, earlier: Attempt | None) -> tuple[Mode, Outcome]:
    """The outcome in ``mode``. If the router chose it, a text that fits is read in one call where no sandbox can be opened."""
    try:
        return await _worked_in(trial, mode, earlier)
    except SandboxFailure as error:
        if (
            trial.route is None
            or earlier is not None
            or error.partial is not None
            or not _fits(trial.situation)
        ):
            raise
        trial.node.emit(events.Noted(message=f"{error}; reading it in one call instead"))
        return await _worked_in(trial, "direct", None)


def _fits(situation: Situation) -> bool:
    return any(each.mode == "direct" and each.obstacle is None for each in situation.options)


async def _worked_in(trial: Trial, mode: Mode, earlier: Attempt | None) -> tuple[Mode, Outcome]:
    """The outcome in ``mode``. If the router chose it, it becomes another one where the prompt of *direct* does not fit, or a
    strategy fails.
    """
    task, node, route = trial.task, trial.node, trial.route
    has_failed = False
    if mode == "plan":
        try:
            return mode, await answer_by_plans(
                task, node, chosen_first(trial.proposed, route), solve=trial.solve
            )
        except PlanFailed as failure:
            if route is None:
                return mode, failure.outcome
            mode, has_failed = "full", True
            node.emit(events.Noted(message=f"{failure}; a root model works on it instead"))
    if mode == "direct":
        try:
            return mode, await answer_directly(task, reading(node, route))
        except ContextOverflow as error:
            if route is None:
                raise
            mode = "repl"  # it fits by the estimate, but not by the provider's count
            node.emit(events.Noted(message=f"{error}; working on it in parts instead"))
    offered = suggested(trial.proposed) if mode == "full" and not has_failed else None
    return mode, await answer_in_turns(
        task,
        node,
        mode,
        trial.known,
        solve=trial.solve,
        suggestion=None if earlier is not None and earlier.mode == "plan" else offered,
        earlier="" if earlier is None else _told(earlier, is_kept=node.run.reuse is not None),
    )


def _told(earlier: Attempt, *, is_kept: bool) -> str:
    """What a root model is told of an attempt before its own, and, if calls are kept, that they cost nothing again."""
    answer = " ".join(earlier.text.split())
    shown = answer if len(answer) <= _SHOWN else f"{answer[:_SHOWN]} …"
    how = (
        f"by the strategy {earlier.outcome.strategy!r}"
        if earlier.outcome.strategy
        else f"in mode {earlier.mode}"
    )
    again = ", and a call that was made for it costs nothing now" if is_kept else ""
    return (
        f"An attempt {how} gave this answer, which is doubtful: {shown!r}. Check it or find a better one; `memory` holds what was read "
        f"for it{again}."
    )


async def _checked(outcome: Outcome, task: Task, node: Node) -> tuple[str, object, Cited]:
    """Text, data and citations of an outcome; at the root the citations have been checked."""
    if node.depth:
        return outcome.text, outcome.data, Cited(outcome.text, (), 0)
    late = time.monotonic() + max(_GRACE_S, node.account.seconds_left)
    value = outcome.text if outcome.data is None else outcome.data
    data, cited = await in_slices(citing(value, task.context, lambda: time.monotonic() > late))
    if outcome.data is None:
        return cited.text, None, cited
    if task.schema is not None and outcome.ended_by is None:
        if not fits(data, task.schema):  # a string lost a citation that the schema wants in it
            data = outcome.data
        return data if isinstance(data, str) else as_text(data), data, cited
    return as_text(data), data, cited
