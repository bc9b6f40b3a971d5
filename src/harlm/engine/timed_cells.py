"""Runs the cells of a node within its time, with their events."""

from __future__ import annotations

import asyncio
import math
from hashlib import blake2b

from harlm import events
from harlm.cleanup import finished
from harlm.engine.approval import REFUSED
from harlm.engine.workspace import Workspace
from harlm.memory.statistics import TIERS, Tier
from harlm.types import Observation, PendingCell

_GRACE_S = 0.1  # at most; after the time to work, for a cell to end by itself once its calls are refused


class TimedCells:
    """The cells of one node.

    Args:
        workspace: where they run.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._node = workspace.node
        self._has_repl = False
        self._sizes: dict[Tier, int] = dict.fromkeys(TIERS, 0)

    async def run(self, cell: str, turn: int) -> Observation:
        """The result of a cell. If the time to work ends first, the cell is cancelled and the account says so.

        Args:
            cell: its code.
            turn: the number of its turn.

        Raises:
            ModelError: a call of the cell failed in a way that no code can change.
            SandboxFailure: the REPL cannot be opened, or broke.
        """
        refusal = await self._asked(cell, turn)
        if refusal is not None:
            return refusal
        to_work = self._node.seconds_to_work
        seconds = (
            to_work if math.isinf(to_work) else to_work + _grace(self._node.account.seconds_left - to_work)
        )
        running = asyncio.create_task(self._executed(cell, turn))
        observation = await self._within(seconds, running)
        if observation is None:
            self._node.account.too_late()
            return Observation(error="The time limit was reached before the cell ended.")
        learned = self._workspace.learned
        self._workspace.effects.happen(lambda: learned.printed([observation]))
        return observation

    async def _asked(self, cell: str, turn: int) -> Observation | None:
        """``_refusal``, unless the run is to stop before the user has answered."""
        asking = asyncio.create_task(self._refusal(cell, turn))
        try:
            if await self._node.run.stopping.done_within(math.inf, asking):
                return asking.result()
        finally:
            asking.cancel()
        self._node.account.too_late()
        return Observation(error="The run was stopped before the user allowed this cell.")

    async def _refusal(self, cell: str, turn: int) -> Observation | None:
        """What the model sees of a cell that the user does not let run; ``None`` for any other."""
        node = self._node
        journal, what = (
            node.run.journal,
            f"cell {turn} {blake2b(cell.encode(errors='replace'), digest_size=8).hexdigest()}",
        )
        if (
            node.run.approval is None
        ):  # the user is not asked, also about a cell that was refused to an earlier attempt
            return Observation(error=REFUSED) if journal.choice(node.name, what) == "refused" else None
        question = self._workspace.task.question
        pending = PendingCell(code=cell, turn=turn, node=node.name, question=question)
        refusal = await node.run.approval.refusal(pending)
        if refusal is not None:
            journal.choose(node.name, what, "refused")
            self._emit(events.Noted(message="the user did not allow a cell to run"))
        return refusal

    async def _executed(self, cell: str, turn: int) -> Observation:
        repl = await self._workspace.opening
        if not self._has_repl:
            self._has_repl = True
            self._emit(events.ReplOpened(tier=self._node.run.sandbox.tier))
        self._emit(events.CellStarted(turn=turn, code=cell))
        observation = await self._workspace.cells.run(repl, cell, turn)
        self._emit(
            events.CellFinished(
                turn=turn,
                output=observation.output,
                output_chars=observation.output_chars,
                error=observation.error,
                finished=observation.final is not None,
                wall_s=round(observation.wall_s, 6),
                waiting_s=round(observation.waiting_s, 6),
            )
        )
        if (sizes := self._node.run.memory.sizes) != self._sizes:
            self._sizes = sizes
            self._emit(events.TiersChanged(hot=sizes["hot"], warm=sizes["warm"], cold=sizes["cold"]))
        return observation

    async def _within(self, seconds: float, work: asyncio.Task[Observation]) -> Observation | None:
        """The result of ``work``; ``None`` if it takes longer than ``seconds``, or than a run that is to stop waits for it. It is
        then cancelled.
        """
        has_ended = False
        try:
            has_ended = await self._node.run.stopping.done_within(seconds, work)
        finally:  # the waiting task may be cancelled as well
            if not work.done():
                work.cancel()
                await finished(asyncio.wait([work]))
        return work.result() if has_ended else None

    def _emit(self, event: events.Event) -> None:
        self._workspace.effects.happen(lambda: self._node.emit(event))


def _grace(kept_s: float) -> float:
    """Seconds that a cell may use to end by itself, out of the ``kept_s`` that are kept for the last call."""
    return min(_GRACE_S, kept_s / 3)
