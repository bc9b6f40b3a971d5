"""What one node works with: a REPL, what its cells may ask, and a search over its context. Opened for a node, forked for a second
attempt from the same state, closed with the node.
"""

from __future__ import annotations

import asyncio

from harlm.context import Searcher
from harlm.engine.cells import Cells
from harlm.engine.finishing import Learned
from harlm.engine.node import Node
from harlm.engine.queries import Queries, Solve
from harlm.engine.repl_api import ReplApi
from harlm.guest.vocabulary import given_in
from harlm.protocols import Repl, ReplSetup
from harlm.types import Mode, Task


class Workspace:
    """The workspace of one node.

    Attributes:
        task, node, mode: whose it is.
        learned: what has been found out so far.
        queries: makes the calls of cells.
        api: serves cells.
        cells: runs them.
    """

    def __init__(self, task: Task, node: Node, mode: Mode, *, solve: Solve, searcher: Searcher) -> None:
        self.task = task
        self.node = node
        self.mode = mode
        self.learned = Learned()
        self.queries = Queries(task, node, solve=solve)
        self.api = ReplApi(task, node, queries=self.queries, searcher=searcher, learned=self.learned)
        self.cells = Cells(node, mode, api=self.api, queries=self.queries)
        self._solve = solve
        self._searcher = searcher
        self._owns_searcher = False
        self._opening: asyncio.Future[Repl] = asyncio.get_running_loop().create_future()

    @classmethod
    def open(cls, task: Task, node: Node, mode: Mode, *, solve: Solve) -> Workspace:
        """A new workspace. Its REPL is opened beside the caller, since a node's first call needs none."""
        # A child's text was cut for that child alone: its index would only evict others from the file.
        searcher = Searcher(task.context, None if node.depth else node.run.index_file)
        self = cls(task, node, mode, solve=solve, searcher=searcher)
        self._owns_searcher = True
        setup = ReplSetup(context=task.context, functions=given_in(mode), seed=node.settings.seed or 0)
        self._opening = asyncio.ensure_future(node.run.sandbox.open(setup, self.api))
        return self

    @property
    def opening(self) -> asyncio.Future[Repl]:
        """The REPL, as soon as it is open.

        Raises:
            SandboxFailure: when awaited, if it cannot be opened.
        """
        return self._opening

    async def fork(self, node: Node) -> Workspace:
        """A second workspace in the state of this one, between two cells. From here each goes its own way.

        Args:
            node: pays for the calls of the new one.

        Raises:
            SandboxFailure: the REPL cannot be forked.
        """
        twin = Workspace(self.task, node, self.mode, solve=self._solve, searcher=self._searcher)
        twin.learned.take_over(self.learned)
        twin._opening.set_result(await (await self._opening).fork(twin.api))
        return twin

    async def close(self) -> None:
        """End the REPL, and the search unless another workspace owns it."""
        self._opening.cancel()
        repl = (await asyncio.gather(self._opening, return_exceptions=True))[0]
        try:
            if not isinstance(repl, BaseException):
                await repl.close()
        finally:
            if self._owns_searcher:
                self._searcher.close()
