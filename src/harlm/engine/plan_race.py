"""*plan* mode with branches: the proposals for a task side by side, if more than one is allowed, fits and pays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from harlm import events
from harlm.branching.calibration import Calibration
from harlm.branching.confidence import confidence
from harlm.branching.signals import joined
from harlm.branching.stopping import Threshold, conformal
from harlm.context import citing
from harlm.engine.branches import Branch, branch_of, race_in, rules_from
from harlm.engine.judging import signals_of
from harlm.engine.node import Node
from harlm.engine.outcome import Outcome
from harlm.engine.planned import PlanFailed, answer_by_plan, chosen, run_cells
from harlm.engine.queries import Solve
from harlm.engine.racing import BranchOutcome, comparable
from harlm.engine.slices import in_slices
from harlm.engine.workspace import Workspace
from harlm.types import Mode, Proposal, Task

_MODE: Mode = "plan"
_RISK = 0.1  # how often a race may stop at a wrong answer, at most
_ACCURACY = 0.7  # of a strategy that fits in every word: an assumption, to compare gain and cost


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
    threshold = _threshold(node, min(len(raced), node.settings.branches))
    failures: list[PlanFailed] = []
    workspace = Workspace.open(task, node, "full", solve=solve)
    try:
        branches = [_branch(node, proposal, failures) for proposal in raced]
        outcome = (await race_in(workspace, branches, rules_from(node.settings, threshold))).outcome
    finally:
        node.account.close()
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
) -> BranchOutcome:
    """The outcome of a proposal's cells. A failure counts as a partial answer, so that another branch is tried."""
    node.emit(events.Proposed(proposal=proposal))
    try:
        outcome = await run_cells(workspace, proposal)
    except PlanFailed as failure:
        failures.append(failure)
        return comparable(failure.outcome)
    return comparable(replace(outcome, strategy=proposal.strategy), await _confidence(outcome, workspace))


async def _confidence(outcome: Outcome, workspace: Workspace) -> float | None:
    """How probable it is that an outcome is right, by the calibration of this mode and model; ``None`` without one."""
    node, task = workspace.node, workspace.task
    calibration = _calibration(node)
    if calibration is None:
        return None
    value = outcome.text if outcome.data is None else outcome.data
    _, cited = await in_slices(citing(value, task.context, lambda: node.account.seconds_left <= 0))
    return confidence(
        joined(signals_of(task, outcome, cited), outcome.reported),
        mode=_MODE,
        model=calibration.model,
        known=[calibration],
    ).value


def _calibration(node: Node) -> Calibration | None:
    model = node.models.sub.name  # a plan asks no root model
    return next((each for each in node.run.calibrations if (each.mode, each.model) == (_MODE, model)), None)


def _threshold(node: Node, branches: int) -> Threshold | None:
    """From which confidence on the race stops; ``None`` without a calibration. It is calibrated on single answers, and each of
    the branches may stop the race at a wrong one, so each gets an equal part of the risk.
    """
    calibration = _calibration(node)
    return None if calibration is None else conformal(calibration.levels, _RISK / branches)
