"""Runs branches side by side until one has a good answer. Does not depend on what a branch does: it is a coroutine.

Branches start in their order: the next one when the last one is late, or when an answer was not accepted. The race stops
at the first answer whose confidence reaches a threshold, or when two branches agree and none that is more likely right
still runs; the others are then cancelled, and waited for at most half a second. All times are those of the running event loop.
"""

from __future__ import annotations

import asyncio
import math
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from harlm.branching.stopping import Threshold
from harlm.cleanup import finished
from harlm.engine.outcome import Outcome, as_text
from harlm.engine.prefix import PrefixGate
from harlm.errors import HarlmError, ModelError
from harlm.folding import fold
from harlm.types import STATUS_RANK

GRACE_S = 0.5
"""Seconds in which cancelled branches must have ended. The race does not wait for them any longer."""

StoppedBy = Literal["confidence", "agreement", "best", "failure"]
Status = Literal["won", "agreed", "beaten", "cancelled", "failed", "not started"]

_CITATION = re.compile(r"\[[^\[\]\n]*\]")


@dataclass(frozen=True, slots=True, kw_only=True)
class BranchOutcome:
    """The outcome of a branch, and how far it can be relied on.

    Attributes:
        outcome: what the branch ended with.
        confidence: how likely it is right, 0 to 1; ``None`` if nothing can be said.
        agrees_as: equal for outcomes that say the same; empty if it agrees with none.
    """

    outcome: Outcome
    confidence: float | None = None
    agrees_as: str = ""


def comparable(outcome: Outcome, confidence: float | None = None) -> BranchOutcome:
    """An outcome with its confidence. Only answers agree: neither parts of them, nor that there is none."""
    if outcome.status != "ok" or outcome.ended_by is not None:
        return BranchOutcome(outcome=outcome, confidence=confidence)
    if outcome.data is not None:
        return BranchOutcome(outcome=outcome, confidence=confidence, agrees_as=as_text(outcome.data))
    bare = _CITATION.sub("", outcome.text) or outcome.text
    said = " ".join(fold(bare).split()).rstrip(" .!")
    return BranchOutcome(outcome=outcome, confidence=confidence, agrees_as=said)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entrant:
    """A branch of a race.

    Attributes:
        name: of its strategy.
        run: does its work, once.
        refusal: why it may not start now, asked just before; empty if it may.
        accuracy: how likely its answer is right before it is known, 0 to 1. Decides where confidences do not.
    """

    name: str
    run: Callable[[], Awaitable[BranchOutcome]]
    refusal: Callable[[], str] = lambda: ""
    accuracy: float = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Stopping:
    """When a race starts more branches, and when it stops.

    Attributes:
        waits: seconds after the start of each branch but the last at which the next one starts, if none was rejected
            before; 0 for at once, infinity for only then.
        threshold: from which confidence on an answer is accepted; ``None`` if no confidence is enough.
        agreeing: how many branches must give one answer to have it accepted; 0 if that is never enough.
        prefix: opened by the first branch; the others start after that. ``None`` to wait for nothing.
    """

    waits: tuple[float, ...] = ()
    threshold: Threshold | None = None
    agreeing: int = 2
    prefix: PrefixGate | None = None


@dataclass(slots=True, eq=False)
class Lane:
    """A branch during a race.

    Attributes:
        entrant: the branch.
        status: of the branch, at the end of the race.
        started_s, ended_s: seconds from the start of the race; infinity if that did not happen.
        judged: its outcome; ``None`` if it has none.
        error: why it failed; ``None`` if it did not.
        reason: why it was not started.
    """

    entrant: Entrant
    status: Status = "not started"
    started_s: float = math.inf
    ended_s: float = math.inf
    judged: BranchOutcome | None = None
    error: HarlmError | None = None
    reason: str = ""

    @property
    def seconds(self) -> float:
        """How long it ran; 0 if it did not start."""
        return 0.0 if math.isinf(self.started_s) else self.ended_s - self.started_s


@dataclass(slots=True, kw_only=True)
class Result:
    """How a race ended.

    Attributes:
        lanes: the branches, in their order.
        winner: the branch whose outcome is taken; ``None`` if all failed.
        stopped_by: what stopped the race.
        seconds: how long it took.
        late: branches that were cancelled and have not ended in time.
    """

    lanes: tuple[Lane, ...]
    winner: Lane | None = None
    stopped_by: StoppedBy = "failure"
    seconds: float = 0.0
    late: set[asyncio.Task[BranchOutcome]] = field(default_factory=set)

    def outcome(self) -> BranchOutcome:
        """The outcome of the winner.

        Raises:
            HarlmError: all branches failed: the first error that carries a partial answer, else the first.
        """
        if self.winner is not None and self.winner.judged is not None:
            return self.winner.judged
        errors = [lane.error for lane in self.lanes if lane.error is not None]
        raise next((error for error in errors if getattr(error, "partial", None) is not None), errors[0])


async def race(entrants: Sequence[Entrant], stopping: Stopping) -> Result:
    """Run the branches until one is accepted, or all have ended.

    No branch runs any more when this returns or raises, except those that do not end within ``GRACE_S`` of their
    cancellation; they are in ``late``.

    Args:
        entrants: at least one, in the order in which they start.
        stopping: when more of them start, and when the race stops.

    Raises:
        ModelError: a key was refused, or the account is empty: no branch can change that.
        Exception: an error of HARLM itself in a branch.
    """
    if not entrants or len(stopping.waits) < len(entrants) - 1:
        raise ValueError(
            f"a race of {len(entrants)} branches with {len(stopping.waits)} waits; give a wait before each but the first"
        )
    return await _Race(entrants, stopping).run()


class _Race:
    """One race.

    Responsibilities: start branches in time, take their outcomes, stop, cancel the rest.
    """

    def __init__(self, entrants: Sequence[Entrant], stopping: Stopping) -> None:
        self._stopping = stopping
        self._clock = asyncio.get_running_loop().time
        self._began = self._clock()
        self._lanes = tuple(map(Lane, entrants))
        self._running: dict[asyncio.Task[BranchOutcome], Lane] = {}
        self._next = 0
        self._due = 0.0  # when the next branch starts, in seconds of the race
        self._result = Result(lanes=self._lanes)

    async def run(self) -> Result:
        """See ``race``."""
        gate = self._stopping.prefix
        waiting = None if gate is None else asyncio.ensure_future(gate.opened())
        try:
            self._start_due()
            while self._running and self._result.winner is None:
                await self._wait(waiting)
                self._take_ended()
                if self._result.winner is None:
                    self._start_due()
            if self._result.winner is None:
                self._take_best()
        finally:
            if waiting is not None:
                waiting.cancel()
            await self._cancel_rest()
        self._result.seconds = self._now()
        return self._result

    def _now(self) -> float:
        return self._clock() - self._began

    # -- starting ------------------------------------------------------------------------------------------

    def _start_due(self) -> None:
        """Start the branches whose time has come. Without any that runs, the next one is due."""
        while self._next < len(self._lanes):
            if self._next and not self._may_follow():
                return
            lane = self._lanes[self._next]
            self._next += 1
            lane.reason = lane.entrant.refusal() if self._next > 1 else ""
            if lane.reason:
                continue
            lane.started_s = self._now()
            self._running[asyncio.ensure_future(_begun(lane.entrant))] = lane
            if self._next < len(self._lanes):
                self._due = lane.started_s + self._stopping.waits[self._next - 1]

    def _may_follow(self) -> bool:
        gate = self._stopping.prefix
        if not self._running:
            return True
        return self._now() >= self._due and (gate is None or gate.is_open)

    async def _wait(self, gate: asyncio.Future[None] | None) -> None:
        """Return when a branch has ended, or the next one may be due."""
        watched: set[asyncio.Future[object]] = set(self._running)  # type: ignore[arg-type] # a set is invariant
        seconds: float | None = None
        if self._next < len(self._lanes) and not math.isinf(self._due):
            if self._now() < self._due:
                seconds = self._due - self._now()
            elif gate is not None:
                watched.add(gate)  # type: ignore[arg-type] # likewise
        await asyncio.wait(watched, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)

    # -- taking outcomes -----------------------------------------------------------------------------------

    def _take_ended(self) -> None:
        for task in [task for task in self._running if task.done()]:
            lane = self._running.pop(task)
            lane.ended_s = self._now()
            if lane is self._lanes[0] and self._stopping.prefix is not None:
                self._stopping.prefix.open()  # it will read no more prompts
            try:
                lane.judged, lane.status = task.result(), "beaten"
            except HarlmError as error:
                lane.status, lane.error = "failed", error
                if isinstance(error, ModelError) and error.is_about_access:
                    raise
            if self._accepts(lane):
                return
            self._due = self._now()  # of the branch that replaces it

    def _accepts(self, lane: Lane) -> bool:
        """Stop if the outcome of ``lane`` is accepted, alone or with those that agree."""
        judged = lane.judged
        if judged is None or judged.outcome.status == "partial":
            return False
        threshold, needed = self._stopping.threshold, self._stopping.agreeing
        if threshold is not None and threshold.stops_at(judged.confidence):
            return self._stop(lane, "confidence")
        alike = [each for each in self._lanes if each.judged and each.judged.agrees_as == judged.agrees_as]
        if judged.agrees_as and 0 < needed <= len(alike) and not self._is_better_one_running(alike):
            for each in alike:
                each.status = "agreed"
            return self._stop(max(alike, key=_worth), "agreement")
        return False

    def _is_better_one_running(self, alike: Sequence[Lane]) -> bool:
        """Whether a branch still runs that is more likely right than each of those that agree: strategies that do not fit a question
        often come to the same wrong answer.
        """
        best = max(each.entrant.accuracy for each in alike)
        return any(each.entrant.accuracy > best for each in self._running.values())

    def _stop(self, lane: Lane, why: StoppedBy) -> bool:
        lane.status = "won"
        self._result.winner, self._result.stopped_by = lane, why
        return True

    def _take_best(self) -> None:
        ended = [lane for lane in self._lanes if lane.judged is not None]
        if ended:
            self._stop(max(ended, key=_worth), "best")

    # -- stopping ------------------------------------------------------------------------------------------

    async def _cancel_rest(self) -> None:
        """Cancel the branches that still run, and wait for them for ``GRACE_S``."""
        for task in self._running:
            task.cancel()
        try:
            if self._running:
                await finished(asyncio.wait(self._running, timeout=GRACE_S))
        finally:
            for task, lane in self._running.items():
                lane.status, lane.ended_s = "cancelled", self._now()
                task.add_done_callback(_retrieved)
                if not task.done():
                    self._result.late.add(task)


async def _begun(entrant: Entrant) -> BranchOutcome:
    return await entrant.run()


def _retrieved(task: asyncio.Task[BranchOutcome]) -> None:
    """Look at the error of a branch that was cancelled, or asyncio would log it."""
    if not task.cancelled():
        task.exception()


def _worth(lane: Lane) -> tuple[int, float, float, float]:
    """Orders the outcomes of a race: answers before parts of them, then by confidence, then by what was expected of the branch, then
    the earlier one.
    """
    judged = lane.judged
    if judged is None:
        return -1, -1.0, 0.0, 0.0
    known = -1.0 if judged.confidence is None else judged.confidence
    return STATUS_RANK[judged.outcome.status], known, lane.entrant.accuracy, -lane.ended_s
