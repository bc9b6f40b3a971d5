"""*plan* mode: the cells of a proposal run in a REPL, without a root model."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from harlm import events
from harlm.branching.strategies import Asked, fitting
from harlm.engine import prompts
from harlm.engine.finishing import Finishing
from harlm.engine.node import Node
from harlm.engine.outcome import Outcome, outcome_of
from harlm.engine.queries import Solve
from harlm.engine.remaining import what_is_left
from harlm.engine.timed_cells import TimedCells
from harlm.engine.workspace import Workspace
from harlm.errors import LimitExceeded, NoAnswer
from harlm.types import Profile, Proposal, Task

_WITHOUT_PLANS = frozenset({"monty"})
"""Tiers whose REPL cannot run the cells of proposals, which pass functions to combinators and read the tables of ``context``."""


_FITS = 0.6  # fit of a proposal that is worth showing to a root model; general ways to read have less


class PlanFailed(Exception):
    """A proposal's cells ended without an answer. Never leaves the engine.

    Attributes:
        outcome: what there is instead of an answer.
    """

    def __init__(self, reason: str, outcome: Outcome) -> None:
        super().__init__(reason)
        self.outcome = outcome


def proposals_for(task: Task, node: Node, profile: Profile) -> tuple[Proposal, ...]:
    """What the strategies propose for a task, the one that fits best first; nothing on a tier that cannot run their cells."""
    if node.run.sandbox.tier in _WITHOUT_PLANS:
        return ()
    root, sub = node.run.facts_of(node.models.root), node.run.facts_of(node.models.sub)
    asked = Asked(task=task, profile=profile, root=root, sub=sub, concurrency=node.settings.concurrency)
    found = fitting(asked, node.run.brought)
    for note in node.run.brought.taken_notes():
        node.emit(events.Noted(message=note))
    return found


def chosen(task: Task, node: Node, found: tuple[Proposal, ...]) -> Proposal:
    """The proposal to carry out: the one that fits best of those that the budget is expected to cover. If it covers none, the
    best one, and the user is told before anything is spent.

    Raises:
        NoAnswer: the question calls for none.
    """
    short = [why for each in found if (why := _beyond(each, node)) is not None]
    if found and len(short) == len(found):
        node.emit(events.Noted(message=f"{short[0]}; the answer may be partial"))
        return found[0]
    for each in found:
        if _beyond(each, node) is None:
            return each
    if (tier := node.run.sandbox.tier) in _WITHOUT_PLANS:
        raise NoAnswer(
            f"mode plan does not run in the sandbox {tier!r}; use mode full, or another sandbox.tier"
        )
    named = f"the strategy {task.strategy!r}" if task.strategy is not None else "a strategy"
    raise NoAnswer(
        f"the question is not understood as one for {named}: {task.question[:80]!r}; use mode auto, or mode full, in which a "
        "root model writes the program"
    )


def _beyond(proposal: Proposal, node: Node) -> str | None:
    """Why the budget is not expected to cover a proposal; ``None`` if it is."""
    told, left = proposal.forecast, what_is_left(node.account)
    needs = {
        "usd_left": None if told.micros is None else told.micros / 1_000_000,
        "tokens_left": told.input_tokens + told.output_tokens,
        "calls_left": told.calls,
        "seconds_left": told.seconds,
    }
    for name, need in needs.items():
        has = left[name]
        if need is not None and has is not None and need > has:
            what = name.removesuffix("_left")
            return f"the strategy {proposal.strategy!r} is expected to need {need:,.4g} {what}, and {has:,.4g} are left"
    return None


def suggested(proposals: tuple[Proposal, ...]) -> Proposal | None:
    """The proposal that a root model is shown; ``None`` if none fits well enough."""
    return next((each for each in proposals if each.fit >= _FITS), None)


async def answer_by_plan(task: Task, node: Node, proposal: Proposal, *, solve: Solve) -> Outcome:
    """Answer a task by the cells of a proposal.

    Args:
        task: the question and its context.
        node: the node that answers it, and pays.
        proposal: whose cells are run.
        solve: the one recursion, for children.

    Raises:
        PlanFailed: the cells ended without an answer.
        ModelError: a model that the node cannot do without failed.
        SandboxFailure: the REPL cannot be opened, or broke.
    """
    node.emit(events.Proposed(proposal=proposal))
    workspace = Workspace.open(task, node, "full", solve=solve)
    try:
        await asyncio.shield(workspace.opening)
        if (tier := node.run.sandbox.tier) in _WITHOUT_PLANS:  # chosen when the REPL opened
            raise _failed(workspace, proposal, f"its cells do not run in the sandbox {tier!r}")
        outcome = await run_cells(workspace, proposal)
    finally:
        node.account.close()
        await workspace.close()
    return replace(outcome, saved_s=workspace.queries.bursts.saved, strategy=proposal.strategy)


async def run_cells(workspace: Workspace, proposal: Proposal) -> Outcome:
    """What the cells of a proposal finish with, in a workspace that is open.

    Raises:
        PlanFailed: they ended without an answer.
        ModelError, SandboxFailure: as the cells raise them.
    """
    node = workspace.node
    finishing = Finishing(workspace.task, node, workspace.learned)
    timed = TimedCells(workspace)
    reason = "its last cell did not finish"
    for number, cell in enumerate(proposal.cells, start=1):
        workspace.api.begin_turn(len(proposal.cells) - number)
        observation = await timed.run(cell, number)
        if observation.final is not None:
            outcome = replace(outcome_of(observation.final.value), reported=tuple(workspace.api.signals))
            return _with_limit(outcome, node.account.refused)
        if (limit := node.account.refused) is not None:
            return Outcome(text=await finishing.text(limit), status="partial", ended_by=limit)
        if observation.error is not None:
            reason = observation.error.strip().splitlines()[-1]
            break
    raise _failed(workspace, proposal, reason)


def _failed(workspace: Workspace, proposal: Proposal, reason: str) -> PlanFailed:
    failure = f"the strategy {proposal.strategy!r} failed: {reason}"
    text = prompts.unfinished(failure, workspace.learned.text())
    return PlanFailed(failure, Outcome(text=text, status="partial"))


def _with_limit(outcome: Outcome, limit: LimitExceeded | None) -> Outcome:
    """An answer that was reached although the budget refused some calls is partial."""
    return outcome if limit is None else replace(outcome, status="partial", ended_by=limit)
