"""Races strategies over one live workspace: each branch works in a fork of it, with a grant of its own, and the workspace
continues in the state of the winner.

``harlm.branching.race`` says how many branches may start, and when; ``harlm.engine.racing`` runs them.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from functools import partial

from harlm import events
from harlm.branching.race import MOST_BRANCHES, BranchForecast, Economics, Odds, Timing, delays, launches
from harlm.branching.stopping import Threshold
from harlm.budget import UNLIMITED, Caps
from harlm.budget.allocator import share
from harlm.budget.pressure import NO_SPECULATION
from harlm.cleanup import finished
from harlm.config import EngineSettings
from harlm.engine.node import Node
from harlm.engine.prefix import PrefixGate
from harlm.engine.racing import BranchOutcome, Entrant, Lane, Result, Stopping, race
from harlm.engine.workspace import Workspace
from harlm.errors import SandboxFailure
from harlm.types import Amounts, Price, Proposal, Usage

_MARGIN = 2  # factor from what a branch is expected to use to what the budget must cover: the ledger reserves worst cases


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """A way to work on a task.

    Attributes:
        strategy: its name.
        start: does the work in a workspace, and pays with a node.
        forecast: what it is expected to take.
        needs: the most that it is expected to use, which the budget must cover before it starts.
    """

    strategy: str
    start: Callable[[Node, Workspace], Awaitable[BranchOutcome]]
    forecast: BranchForecast
    needs: Amounts = field(default_factory=Amounts)


def branch_of(
    proposal: Proposal,
    start: Callable[[Node, Workspace], Awaitable[BranchOutcome]],
    *,
    accuracy: float,
    price: Price | None,
    concurrency: int,
) -> Branch:
    """The branch that carries out a proposal. The input of its first round of calls is paid when it starts, the rest while
    it runs. The budget must cover twice what it is expected to use.

    Args:
        proposal: the strategy, with its forecast.
        start: carries it out.
        accuracy: how likely its answer is right, 0 to 1.
        price: of the model that it calls; ``None`` if unknown.
        concurrency: the most calls at once.
    """
    expected = proposal.forecast
    calls, usd = max(1, expected.calls), (expected.micros or 0) / 1e6
    rounds = max(1, expected.depth, math.ceil(calls / concurrency))
    first = (
        usd * _input_share(expected.input_tokens // calls, expected.output_tokens // calls, price) / rounds
    )
    return Branch(
        strategy=proposal.strategy,
        start=start,
        forecast=BranchForecast(
            median_s=expected.seconds, input_usd=first, output_usd=usd - first, accuracy=accuracy
        ),
        needs=Amounts(
            tokens=_MARGIN * (expected.input_tokens + expected.output_tokens),
            micros=_MARGIN * (expected.micros or 0),
            calls=expected.calls,
        ),
    )


def _input_share(input_tokens: int, output_tokens: int, price: Price | None) -> float:
    """The part of a call's cost that its input has."""
    if price is None:
        return 0.0
    whole = price.picos(Usage(input_tokens=input_tokens, output_tokens=output_tokens))
    return price.picos(Usage(input_tokens=input_tokens)) / whole if whole else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RaceRules:
    """The rules of a race.

    Attributes:
        most: the most branches.
        economics: what time and answers are worth.
        timing: when the next branch starts.
        odds: how well confidences tell right from wrong.
        threshold: from which confidence on an answer is accepted; ``None`` if no confidence is enough.
        shares_prefix: whether the prompts of the branches begin alike, so that the first one fills the provider's cache.
    """

    most: int = 1
    economics: Economics = field(default_factory=Economics)
    timing: Timing = "staggered"
    odds: Odds = field(default_factory=Odds)
    threshold: Threshold | None = None
    shares_prefix: bool = False


def rules_from(settings: EngineSettings, threshold: Threshold | None = None) -> RaceRules:
    """The rules that the user has set, with the calibrated ``threshold``, if there is one."""
    return RaceRules(
        most=settings.branches,
        economics=Economics(
            value_per_second=settings.value_per_second, value_of_answer=settings.value_of_answer
        ),
        timing=settings.branching,
        threshold=threshold,
    )


RACE = "race"
"""The name under which the run's journal keeps the strategy that has won a race."""


async def race_in(workspace: Workspace, branches: Sequence[Branch], rules: RaceRules) -> BranchOutcome:
    """The outcome of the first good branch. Later cells of ``workspace`` see its variables.

    A single branch works in the workspace itself. That is so if only one is allowed, pays or is covered by the
    budget; a note says why.

    Args:
        workspace: between two cells. Its node pays for all branches, each within a grant.
        branches: at least one, the best first.
        rules: how many of them may start, and when the race stops.

    Raises:
        HarlmError: all branches failed: the first error that carries a partial answer, else the first.
    """
    node = workspace.node
    won = node.run.journal.choice(node.name, RACE)
    if (winner := next((each for each in branches if each.strategy == won), None)) is not None:
        return await winner.start(node, workspace)  # of an earlier attempt; times differ now
    asked = branches[: max(1, min(rules.most, MOST_BRANCHES))]
    caps = branch_caps(node.account.prospect, [branch.needs for branch in asked])
    plan = await node.run.threads.do(
        lambda _: launches(
            [branch.forecast for branch in asked],
            rules.economics,
            timing=rules.timing,
            odds=rules.odds,
            granted=len(caps),
        )
    )
    if plan.reason:
        node.emit(events.Noted(message=f"{plan.branches} of {len(asked)} branches may start: {plan.reason}"))
    if plan.branches > 1:
        started = asked[: plan.branches]
        branching = _Branches(workspace, started, _grants(node, started), rules)
        if await branching.can_fork():
            return await branching.raced()
    return await asked[0].start(node, workspace)


def branch_caps(prospect: Amounts, needs: Sequence[Amounts]) -> list[Caps]:
    """The most that each branch of a node may use, for as many of the branches as the budget covers together, and at
    least for the first. What no branch needs is divided among them.

    Args:
        prospect: what the node could still reserve.
        needs: what each branch is expected to take at most, in the order in which they start.
    """
    granted = 1
    for count in range(2, len(needs) + 1):
        total = [sum(need[at] for need in needs[:count]) for at in range(3)]
        if all(want <= left for want, left in zip(total, prospect, strict=True)):
            granted = count
    if granted == 1:
        return [Caps()]
    shares = [_shares(prospect[at], [need[at] for need in needs[:granted]]) for at in range(3)]
    return [
        Caps(tokens=tokens, micros=micros, calls=calls) for tokens, micros, calls in zip(*shares, strict=True)
    ]


def _shares(amount: int, needs: list[int]) -> Sequence[int]:
    """``amount`` divided by needs that it covers; if it is unlimited, every share is."""
    return [UNLIMITED] * len(needs) if amount > UNLIMITED // 2 else share(amount, needs)


def _grants(node: Node, branches: Sequence[Branch]) -> list[Caps]:
    """The grant of each branch. It ends when the node must finish, so that the node can still make its last call."""
    caps = branch_caps(node.account.prospect, [branch.needs for branch in branches])
    ends = time.monotonic() + node.seconds_to_work
    return [replace(each, ends=ends) for each in caps]


class _Branches:
    """The branches of one race, with the forks in which they work.

    Responsibilities: fork for each branch, run the race, report it, continue with the winner's state, close the rest.
    """

    def __init__(
        self, workspace: Workspace, branches: Sequence[Branch], caps: Sequence[Caps], rules: RaceRules
    ) -> None:
        self._workspace = workspace
        self._branches = branches
        self._rules = rules
        self._prefix = PrefixGate() if rules.shares_prefix else None
        node = workspace.node
        self._nodes = [node.fork(cap, None if at else self._prefix) for at, cap in enumerate(caps)]
        self._twins: dict[str, Workspace] = {}  # by the names of their nodes

    async def can_fork(self) -> bool:
        """Fork the workspace for the first branch. If it cannot be forked, a note says so."""
        node = self._nodes[0]
        try:
            self._twins[node.name] = await self._workspace.fork(node)
        except SandboxFailure as failure:
            self._workspace.node.emit(events.Noted(message=f"one branch only: {failure}"))
            return False
        return True

    async def raced(self) -> BranchOutcome:
        """See ``race_in``."""
        entrants = [
            Entrant(
                name=branch.strategy,
                run=partial(self._work, at),
                refusal=partial(self._refusal, at),
                accuracy=branch.forecast.accuracy,
            )
            for at, branch in enumerate(self._branches)
        ]
        waits = delays([branch.forecast for branch in self._branches], self._rules.timing)
        stopping = Stopping(waits=waits, threshold=self._rules.threshold, prefix=self._prefix)
        async with AsyncExitStack() as closing:
            closing.push_async_callback(self._close_twins)
            result = await race(entrants, stopping)
            self._report(result)
            if result.winner is not None:
                node = self._workspace.node
                node.run.journal.choose(node.name, RACE, result.winner.entrant.name)
                await self._adopt(self._nodes[result.lanes.index(result.winner)])
        return result.outcome()

    async def _work(self, at: int) -> BranchOutcome:
        """The outcome of a branch, in a fork of its own. It stays open if it ended by itself: it may win."""
        node, task = self._nodes[at], self._workspace.task
        node.emit(
            events.NodeStarted(
                depth=node.depth,
                question=f"{self._branches[at].strategy}: {task.question}",
                mode=self._workspace.mode,
                documents=len(task.context.documents),
                characters=task.context.characters,
            )
        )
        twin = self._twins.get(node.name)
        try:
            if twin is None:
                twin = self._twins[node.name] = await self._workspace.fork(node)
            judged = await self._branches[at].start(node, twin)
        except BaseException as error:
            status = "cancelled" if isinstance(error, asyncio.CancelledError) else "failed"
            node.emit(events.NodeFinished(status=status, text=str(error)))
            if twin is not None:
                await twin.close()
            raise
        finally:
            node.account.close()
        node.emit(events.NodeFinished(status=judged.outcome.status, text=judged.outcome.text))
        return judged

    def _refusal(self, at: int) -> str:
        """Why the budget does not cover a branch now; empty if it does."""
        account, needs = self._workspace.node.account, self._branches[at].needs
        if account.pressure >= NO_SPECULATION:
            return f"{NO_SPECULATION:.0%} of the budget is used"
        if any(want > left for want, left in zip(needs, account.left, strict=True)):
            return "the rest of the budget does not cover it"
        return ""

    async def _adopt(self, winner: Node) -> None:
        try:
            await self._workspace.adopt(self._twins[winner.name])
        except SandboxFailure as failure:
            self._workspace.node.emit(
                events.Noted(message=f"later cells do not see the variables of the best branch: {failure}")
            )

    async def _close_twins(self) -> None:
        await finished(asyncio.gather(*(twin.close() for twin in self._twins.values())))

    def _report(self, result: Result) -> None:
        self._workspace.node.emit(
            events.Raced(
                branches=tuple(
                    _reported(lane, node) for lane, node in zip(result.lanes, self._nodes, strict=True)
                ),
                winner=None if result.winner is None else result.winner.entrant.name,
                stopped_by=result.stopped_by,
                seconds=round(result.seconds, 6),
            )
        )


def _reported(lane: Lane, node: Node) -> events.RacedBranch:
    if lane.status == "not started":
        reason = lane.reason or "an answer was accepted before"
        return events.RacedBranch(strategy=lane.entrant.name, node="", status="not started", reason=reason)
    usage = node.account.usage
    return events.RacedBranch(
        strategy=lane.entrant.name,
        node=node.name,
        status=lane.status,
        started_s=round(lane.started_s, 6),
        seconds=round(lane.seconds, 6),
        calls=usage.calls,
        tokens=usage.input_tokens + usage.output_tokens,
        cost_micros=usage.cost_micros,
        confidence=None if lane.judged is None else lane.judged.confidence,
        reason="" if lane.error is None else str(lane.error),
    )
