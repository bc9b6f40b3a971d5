"""Runs the blocks of a node's replies: those of a reply that is still being written as soon as they are closed.

It is open whether such a block counts, since the attempt may break off and be made again. So a twin of the REPL is made
first, and what the blocks leave outside the REPL waits (``effects``). When the reply has ended and begins with the blocks
that were run, they count, and the twin is closed. If not, the twin takes the place of the REPL, and only what their calls
have cost remains. Neither code nor model can tell the difference, except by the clock.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress

from harlm.budget.pressure import NO_SPECULATION
from harlm.cleanup import all_ended, finished
from harlm.engine.replies import ClosedBlocks
from harlm.engine.timed_cells import TimedCells
from harlm.engine.workspace import Workspace
from harlm.errors import SandboxFailure
from harlm.protocols import Repl
from harlm.types import Final, Observation

IsAccepted = Callable[[Final, Sequence[str]], bool]
"""Whether a node may finish with a value, given the cells of the reply up to the one that finishes."""


class EarlyBlocks:
    """The blocks of one node's replies.

    Args:
        workspace: where they run.
        is_accepted: see ``IsAccepted``; asked before the reply has ended.
    """

    def __init__(self, workspace: Workspace, is_accepted: IsAccepted) -> None:
        self._workspace = workspace
        self._is_accepted = is_accepted
        self._timed = TimedCells(workspace)
        self._ahead: _Ahead | None = None
        node = workspace.node
        self._has_twins = node.settings.speculation != "off" and node.run.approval is None
        self._closing: set[asyncio.Task[None]] = set()

    def listen(self, turn: int) -> _Ahead | None:
        """Prepare for a reply that the model is about to write.

        Args:
            turn: the number of its turn.

        Returns:
            what is to be called with the reply so far; ``None`` if no block will run early.
        """
        if not self._has_twins:
            return None
        self._ahead = _Ahead(self._workspace, self._timed, turn, self._is_accepted)
        return self._ahead

    async def begin(self, cells: Sequence[str]) -> None:
        """The reply has ended, and its blocks are about to run.

        Args:
            cells: of the whole reply.
        """
        ahead = self._ahead
        if ahead is None:
            return
        if not ahead.is_beginning_of(cells):
            await self.forget()
            return
        twin = await ahead.keep()
        self._has_twins = self._has_twins and ahead.may_have_twins
        if twin is not None:
            closing = asyncio.create_task(twin.close())
            self._closing.add(closing)
            closing.add_done_callback(self._closing.discard)

    async def run(self, cell: str, turn: int) -> Observation:
        """The result of the next block of a reply, which may be running already.

        Raises:
            ModelError: a call of the block failed in a way that no code can change.
            SandboxFailure: the REPL cannot be opened, or broke.
        """
        early = None if self._ahead is None else await self._ahead.next_result()
        return await self._timed.run(cell, turn) if early is None else early

    async def forget(self) -> None:
        """Drop the blocks of a reply that is not read to its end, or that has none. Safe to call at any time."""
        ahead, self._ahead = self._ahead, None
        if ahead is not None:
            await finished(ahead.drop())
        await self._workspace.cells.forget()
        await all_ended(self._closing)


class _Ahead:
    """The blocks of one reply that is being written.

    Args:
        workspace, is_accepted: see ``EarlyBlocks``.
        timed: runs the blocks.
        turn: the number of the turn.

    Attributes:
        may_have_twins: whether the REPL had a twin, if one was asked for.
    """

    def __init__(self, workspace: Workspace, timed: TimedCells, turn: int, is_accepted: IsAccepted) -> None:
        self._workspace = workspace
        self._timed = timed
        self._turn = turn
        self._is_accepted = is_accepted
        self._foresee = workspace.cells.listen(workspace.opening)
        self._blocks = ClosedBlocks()
        self._cells: Sequence[str] = ()
        self._more = asyncio.Event()
        self._work: asyncio.Task[None] | None = None
        self._twin: Repl | None = None
        self._results: list[asyncio.Future[Observation]] = []  # of the blocks that have begun
        self._read = 0  # of these, by the turn
        self._is_same = True  # all that was heard belongs to one reply
        self._has_finished = False
        self._is_over = False
        self.may_have_twins = True

    # -- while the reply is written ------------------------------------------------------------------------

    def on_text(self, text: str) -> None:
        """Take the reply so far, and run the blocks that were closed."""
        if self._foresee is not None:
            self._foresee(text)
        cells = self._blocks.take(text) if self._is_same else None
        if cells is None:
            self._is_same = False
            return
        if len(cells) > len(self._cells):
            self._cells = cells
            self._more.set()
        if self._cells and self._work is None and self._may_begin():
            self._work = asyncio.create_task(self._run())

    def is_enough(self, text: str) -> bool:
        """Whether the rest of this reply is of no use, since one of its blocks has finished the node."""
        return self._has_finished and self._is_same

    def _may_begin(self) -> bool:
        """Whether early calls may be made, the REPL is open, and the reply cannot turn out to be thoughts that no mark
        has opened.
        """
        node, opening = self._workspace.node, self._workspace.opening
        if not opening.done() or opening.cancelled() or opening.exception() is not None:
            return False
        is_plain = self._blocks.begins_with_code or node.models.root.name in node.run.thoughtless
        return is_plain and node.account.pressure < NO_SPECULATION

    async def _run(self) -> None:
        with suppress(SandboxFailure):  # the turn meets it again
            self._twin = await self._workspace.twin()
        self.may_have_twins = self._twin is not None
        if self._twin is None or self._is_over:
            return
        self._workspace.effects.hold()
        while not self._is_over:
            self._more.clear()
            while len(self._results) < len(self._cells) and not self._is_over:
                if await self._ends_with(self._cells[len(self._results)]):
                    return
            await self._more.wait()

    async def _ends_with(self, cell: str) -> bool:
        """Run one block. Returns whether no block after it is run."""
        result: asyncio.Future[Observation] = asyncio.get_running_loop().create_future()
        self._results.append(result)
        try:
            seen = await self._timed.run(cell, self._turn)
        except asyncio.CancelledError:
            result.cancel()
            raise
        except Exception as error:  # noqa: BLE001 - it is raised when the turn comes to this block
            result.set_exception(error)
            result.exception()  # or asyncio would log it if that never happens
            return True
        result.set_result(seen)
        if seen.final is not None:
            self._has_finished = self._is_accepted(seen.final, self._cells[: len(self._results)])
        return seen.final is not None or seen.error is not None

    # -- when it has ended -----------------------------------------------------------------------------------

    def is_beginning_of(self, cells: Sequence[str]) -> bool:
        """Whether a reply with these cells begins with the blocks that were run."""
        begun = len(self._results)
        return list(self._cells[:begun]) == list(cells[:begun])

    async def keep(self) -> Repl | None:
        """The blocks count. Blocks that have not begun are left to the turn. Returns the twin, which has no use now."""
        await self._end()
        self._workspace.effects.keep()
        twin, self._twin = self._twin, None
        return twin

    async def drop(self) -> None:
        """The blocks do not count, unless that was decided before. Those that still run are ended."""
        is_decided = self._is_over
        await self._end()
        if self._work is not None:
            self._work.cancel()
            await asyncio.wait([self._work])
        if is_decided:
            return
        self._workspace.effects.drop()
        if self._twin is not None and self._results:
            await self._workspace.go_back_to(self._twin)
        elif self._twin is not None:
            await self._twin.close()

    async def _end(self) -> None:
        """Begin no more blocks. A twin that is being made is waited for: it takes milliseconds."""
        self._is_over = True
        self._more.set()
        if self._work is not None and not self._results:
            await asyncio.wait([self._work])

    async def next_result(self) -> Observation | None:
        """The result of the next block; ``None`` if it has not begun."""
        if self._read >= len(self._results):
            return None
        self._read += 1
        return await asyncio.shield(self._results[self._read - 1])
