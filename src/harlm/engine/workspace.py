"""A workspace: the REPL of a node, the functions that its cells can call, and the search over its context.

Opened for a node, and closed with it. ``Workspace.fork`` and ``Workspace.adopt`` are for branches that start from the same
state, of which one wins.
"""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

from harlm.cleanup import finished
from harlm.context import Searcher
from harlm.engine.cells import Cells
from harlm.engine.effects import Effects
from harlm.engine.finishing import Learned
from harlm.engine.node import Node
from harlm.engine.queries import Queries, Solve
from harlm.engine.repl_api import ReplApi
from harlm.guest.vocabulary import PURE_TOOL, TOOL, given_in
from harlm.protocols import Repl, ReplSetup
from harlm.types import Mode, Task


class Workspace:
    """The workspace of one node.

    Attributes:
        task, node, mode: what it was opened for.
        learned: what the node has found out so far.
        effects: what its cells leave outside the REPL.
        queries: makes the calls of cells to models.
        api: serves the calls of cells.
        cells: runs the cells.
    """

    def __init__(self, task: Task, node: Node, mode: Mode, *, solve: Solve, searcher: Searcher) -> None:
        self.task = task
        self.node = node
        self.mode = mode
        self.learned = Learned()
        self.effects = Effects()
        self.queries = Queries(task, node, solve=solve)
        self.api = ReplApi(
            task, node, queries=self.queries, searcher=searcher, learned=self.learned, effects=self.effects
        )
        self.cells = Cells(node, mode, api=self.api, queries=self.queries, effects=self.effects)
        self._solve = solve
        self._searcher = searcher
        self._searching = {self}  # the open workspaces that share the searcher
        self._opening: asyncio.Future[Repl] = asyncio.get_running_loop().create_future()

    @classmethod
    def open(cls, task: Task, node: Node, mode: Mode, *, solve: Solve) -> Workspace:
        """A new workspace, at once. The REPL opens in the background, since the first call needs none."""
        # A child's text is made for that child alone: its index would only evict others from the file.
        searcher = Searcher(
            task.context,
            None if node.depth else node.run.index_file,
            max_bytes=node.run.memory_settings.index_mb << 20,
        )
        self = cls(task, node, mode, solve=solve, searcher=searcher)
        tools = tuple(each.shape for each in node.run.tools.values())
        setup = ReplSetup(
            context=task.context,
            functions=(*given_in(mode), *((TOOL, PURE_TOOL) if tools else ())),
            tools=tools,
            seed=node.settings.seed or 0,
        )
        self._opening = asyncio.ensure_future(node.run.sandbox.open(setup, self.api))
        return self

    @property
    def opening(self) -> asyncio.Future[Repl]:
        """The REPL, to be awaited.

        Raises:
            SandboxFailure: when awaited, if the REPL cannot be opened.
        """
        return self._opening

    async def fork(self, node: Node, task: Task | None = None) -> Workspace:
        """A second workspace that starts with a copy of this one's state and is independent from then on.

        Call it between two cells. The search is shared, and stays open until the last of its workspaces is
        closed.

        Args:
            node: pays for the calls of the new workspace.
            task: what it is for, over the same context; by default the task of this one.

        Raises:
            SandboxFailure: the REPL cannot be opened or forked.
        """
        twin = Workspace(task or self.task, node, self.mode, solve=self._solve, searcher=self._searcher)
        twin.learned.take_over(self.learned)
        twin.cells.take_over(self.cells)
        repl = await asyncio.shield(self._opening)  # cancelling a fork must not cancel the opening
        twin._opening.set_result(await repl.fork(twin.api))
        twin._searching = self._searching
        twin._searching.add(twin)
        return twin

    async def adopt(self, twin: Workspace) -> None:
        """Continue from the state of ``twin``, a fork of this workspace. The calls of later cells are served and paid for
        by this one's node again. Call it between two cells of both; ``twin`` stays open.

        Raises:
            SandboxFailure: the state cannot be copied; then this workspace keeps its own.
        """
        theirs = await asyncio.shield(twin._opening)
        repl = await theirs.fork(self.api)
        own, self._opening = self._opening, asyncio.get_running_loop().create_future()
        self._opening.set_result(repl)
        self.learned.become(twin.learned)
        self.cells.take_over(twin.cells)
        self.queries.bursts.save(twin.queries.bursts.saved)
        await finished(own.result().close())

    async def twin(self) -> Repl | None:
        """A twin of the REPL, for the same functions; ``None`` if none can be made at once.

        Raises:
            SandboxFailure: the REPL cannot be opened, or broke.
        """
        repl = await asyncio.shield(self._opening)
        return await repl.twin(self.api)

    async def go_back_to(self, twin: Repl) -> None:
        """Put a twin in the place of the REPL that it was made of, which has run cells since that do not count."""
        left = self._opening
        self._opening = asyncio.get_running_loop().create_future()
        self._opening.set_result(twin)
        await (await left).close()

    async def close(self) -> None:
        """End the REPL and the calls of its cells, and the search if no fork uses it any more. Safe to call twice
        and at any time.
        """
        self._opening.cancel()
        await finished(self._close())

    async def _close(self) -> None:
        async with AsyncExitStack() as closing:
            closing.callback(self._end_search)
            closing.push_async_callback(self._end_repl)
            closing.push_async_callback(self.cells.forget)

    async def _end_repl(self) -> None:
        repl = (await asyncio.gather(self._opening, return_exceptions=True))[0]
        if not isinstance(repl, BaseException):
            await repl.close()

    def _end_search(self) -> None:
        self._searching.discard(self)
        if not self._searching:
            self._searcher.close()
