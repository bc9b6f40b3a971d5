"""*plan* mode with branches: the proposals for a task side by side, if more than one is allowed, fits and pays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from harlm import events
from harlm.engine.branches import Branch, branch_of, race_in, rules_from
from harlm.engine.node import Node
from harlm.engine.outcome import Outcome
from harlm.engine.planned import PlanFailed, answer_by_plan, chosen, run_cells
from harlm.engine.queries import Solve
from harlm.engine.racing import JudgedOutcome, judged
from harlm.engine.workspace import Workspace
from harlm.types import Proposal, Task

_ACCURACY = (
    0.7  # of a strategy that fits in every word; not measured, and only used to compare costs and gains
)


async def answer_by_plans(task: Task, node: Node, found: Sequence[Proposal], *, solve: Solve) -> Outcome:
    """Answer a task by the proposal that fits best; at the root by a race of several, if ``engine.branches`` allows it.

    Args:
        task: the question and its context.
        node: the node that answers it, and pays.
        found: the proposals, the one that fits best first.
        solve: the one recursion, for children.

    Raises:
        NoAnswer: there is no proposal.
        PlanFailed: the cells of every branch ended without an answer.
        ModelError: a model that the node cannot do without failed.
        SandboxFailure: the REPL cannot be opened, or broke.
    """
    first = chosen(task, node, tuple(found))
    raced = [first, *(each for each in found if each.strategy != first.strategy)]
    if node.settings.branches < 2 or node.parent is not None or len(raced) < 2:
        return await answer_by_plan(task, node, first, solve=solve)
    failures: list[PlanFailed] = []
    workspace = Workspace.open(task, node, "full", solve=solve)
    try:
        branches = [_branch(node, proposal, failures) for proposal in raced]
        outcome = (await race_in(workspace, branches, rules_from(node.settings))).outcome
    finally:
        await workspace.close()
    for failure in failures:
        if outcome is failure.outcome:
            raise failure
    return replace(outcome, saved_s=workspace.queries.bursts.saved)


def _branch(node: Node, proposal: Proposal, failures: list[PlanFailed]) -> Branch:
    return branch_of(
        proposal,
        partial(_judged_cells, proposal, failures),
        accuracy=_ACCURACY * proposal.fit,
        price=node.run.facts_of(node.models.sub).price,
        concurrency=node.settings.concurrency,
    )


async def _judged_cells(
    proposal: Proposal, failures: list[PlanFailed], node: Node, workspace: Workspace
) -> JudgedOutcome:
    """The outcome of a proposal's cells. A failure counts as a partial answer, so that another branch is tried."""
    node.emit(events.Proposed(proposal=proposal))
    try:
        outcome = await run_cells(workspace, proposal)
    except PlanFailed as failure:
        failures.append(failure)
        return judged(failure.outcome)
    return judged(replace(outcome, strategy=proposal.strategy))
