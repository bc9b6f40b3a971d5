"""Carries out the runs of a batch on the nodes of a Ray cluster. The runs of a node that is lost are taken up by the others."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import Any

import msgspec

from harlm.budget import Caps
from harlm.cleanup import all_ended
from harlm.engine import new_run_id
from harlm.errors import ExecutorFailure, HarlmError
from harlm.events import Event
from harlm.executors.ray.cluster import RayCluster, open_cluster
from harlm.executors.ray.copies import HomeCopy
from harlm.executors.ray.limiter import BookTotals, RayLimiter
from harlm.executors.ray.link import NodeLink, NodeLost
from harlm.executors.ray.travel import Baggage, NodeKeys, packed, packed_context
from harlm.executors.runs import RunFailure, RunOutcome, RunSpec
from harlm.executors.setup import RunSetup
from harlm.home import runs_of
from harlm.tracing.run_lock import held_closed
from harlm.types import Amounts

_LOOK_S = 1.0  # between two looks at the head and the nodes
_PATIENCE = 3  # looks in a row at which the head may be silent
_CLOSED_S = 30.0  # for the process of a lost node to let go of its runs
_TRIES = 4  # nodes that one run may lose: perhaps it is the run that ends them
_LIMITER_S = 120.0  # for the limiter to start


class RayExecutor:
    """Carries out runs on the nodes of a cluster; see ``harlm.executors.runs.Executor``.

    Args:
        cluster: the cluster.
        limiter: the actor that leases money and slots.
        baggage, keys, documents: what each node is given; the documents are in the cluster already.
    """

    def __init__(
        self, cluster: RayCluster, limiter: Any, baggage: Baggage, keys: NodeKeys, documents: Any
    ) -> None:
        self._cluster, self._limiter = cluster, limiter
        self._baggage, self._keys, self._documents = baggage, keys, documents
        self._links: list[NodeLink] = []
        self._known: set[str] = set()
        self._failure: ExecutorFailure | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def capacity(self) -> int:
        """The runs at once on all nodes that are there."""
        return max(1, len(self._alive) * self._baggage.at_once)

    @property
    def _alive(self) -> list[NodeLink]:
        return [each for each in self._links if not each.is_lost]

    async def run(self, spec: RunSpec, on_event: Callable[[Event], None]) -> RunOutcome:
        """See ``Executor``. The id of a new run is chosen here, so that it can be taken up if its node is lost."""
        if not spec.run:
            spec = msgspec.structs.replace(spec, run=new_run_id(), is_new=True)
        for _ in range(_TRIES):
            try:
                outcome = await self._on(self._least_loaded(), spec, on_event)
            except NodeLost:
                await self._let_go(spec.run)
                spec = msgspec.structs.replace(spec, is_new=False)
                continue
            if outcome.failure is not None and outcome.failure.kind == ExecutorFailure.__name__:
                raise self._failure or ExecutorFailure(outcome.failure.message)
            return outcome
        failure = RunFailure(
            kind=ExecutorFailure.__name__, message=f"{_TRIES} nodes were lost while they carried out this run"
        )
        return RunOutcome(run=spec.run, failure=failure)

    async def totals(self) -> BookTotals:
        """The state of the books of the batch.

        Raises:
            ExecutorFailure: the limiter is gone.
        """
        told = await self._cluster.reply(self._limiter.totals.remote(), _LIMITER_S)
        assert isinstance(told, BookTotals)
        return told

    async def start(self) -> None:
        """Open the nodes that are there.

        Raises:
            ExecutorFailure: there is none.
            HarlmError: why none can be used.
        """
        nodes = await self._cluster.nodes()
        opened = await asyncio.gather(*map(self._open, nodes), return_exceptions=True)
        failed = [each for each in opened if isinstance(each, BaseException)]
        for error in failed:
            if not isinstance(error, ExecutorFailure):
                raise error
        if not self._alive:
            raise failed[0] if failed else ExecutorFailure("the cluster has no node")
        self._begin(self._watch_nodes())
        self._begin(self._watch_limiter())

    def stop(self) -> None:
        """Let all runs finish with what they have."""
        for each in self._alive:
            each.stop()

    async def close(self) -> None:
        """End all runs, and put everything on disk, as far as the nodes are still there."""
        for task in self._tasks:
            task.cancel()
        await all_ended(list(self._tasks))
        await asyncio.gather(*(each.close() for each in self._links))
        self._cluster.kill(self._limiter)

    # -- inside --------------------------------------------------------------------------------------------

    def _begin(self, work: Coroutine[object, object, None]) -> None:
        task: asyncio.Task[None] = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _least_loaded(self) -> NodeLink:
        if self._failure is not None:
            raise self._failure
        alive = self._alive
        if not alive:
            raise ExecutorFailure(
                "the last node of the cluster is gone; what was paid is kept, and the same command continues where this one ended"
            )
        return min(alive, key=lambda each: each.load)

    async def _on(self, link: NodeLink, spec: RunSpec, on_event: Callable[[Event], None]) -> RunOutcome:
        if not link.is_elsewhere:
            return await link.run(spec, on_event)
        secrets = [self._keys.api_key, *self._keys.variables.values()]
        copy = HomeCopy(self._baggage.config, secrets, on_event)
        try:
            return await link.run(spec, copy.take)
        finally:
            copy.close()

    async def _open(self, node: str) -> None:
        self._known.add(node)
        link = NodeLink(self._cluster, node, self._lost)
        await link.open(self._baggage, self._keys, self._limiter, self._documents)
        self._links.append(link)

    def _lost(self, link: NodeLink) -> None:
        self._limiter.lost.remote(link.node)

    async def _let_go(self, run: str) -> None:
        """Wait until the process of a lost node, which may be ending, has let go of a run."""
        folder = runs_of(self._baggage.config) / run

        def is_closed() -> bool:
            with held_closed(folder) as closed:
                return closed

        with suppress(TimeoutError):
            async with asyncio.timeout(_CLOSED_S):
                while not await asyncio.to_thread(is_closed):  # noqa: ASYNC110 - another process holds it
                    await asyncio.sleep(0.05)

    async def _watch_nodes(self) -> None:
        """Notice nodes that join, nodes that the head counts as lost, and that the head is gone."""
        silent = 0
        while True:
            await asyncio.sleep(_LOOK_S)
            try:
                if not await self._cluster.has_head():
                    raise ExecutorFailure("silent")
                alive, silent = set(await self._cluster.nodes()), 0
            except ExecutorFailure:
                silent += 1
                if silent >= _PATIENCE:
                    self._fail(f"the head of the cluster at {self._cluster.head} is gone")
                    return
                continue
            for link in self._alive:
                if link.node not in alive:
                    link.lose()
            for node in alive - self._known:
                self._begin(self._join(node))

    async def _join(self, node: str) -> None:
        """Use a node that has joined. If it cannot be used, the others carry on."""
        with suppress(HarlmError):
            await self._open(node)

    async def _watch_limiter(self) -> None:
        try:
            await self._cluster.reply(self._limiter.stay.remote())
        except ExecutorFailure:
            self._fail("the limiter of the cluster is gone")

    def _fail(self, why: str) -> None:
        """End everything."""
        self._failure = self._failure or ExecutorFailure(
            f"{why}; what was paid is kept, and the same command continues where this one ended"
        )
        self.stop()
        for each in self._alive:
            each.abandon(self._failure)


@asynccontextmanager
async def open_ray(
    setup: RunSetup, *, address: str | None, caps: Caps, earlier: Amounts
) -> AsyncIterator[RayExecutor]:
    """An executor on a cluster; closing it ends its runs.

    Args:
        setup: what the runs have in common.
        address: of the cluster, as for ``open_cluster``.
        caps: the limits of all runs together.
        earlier: what earlier attempts at the batch have paid.

    Raises:
        ConfigError: the client brings objects of this process, Ray is missing, or the cluster cannot be used as it is.
        ContextError: the documents cannot be sent.
        ExecutorFailure: no cluster is there.
    """
    baggage, keys = packed(setup)
    async with open_cluster(address) as cluster:
        data = await asyncio.to_thread(packed_context, setup.context)
        placed = await asyncio.to_thread(cluster.put, data)
        del data
        slots = setup.config.engine.concurrency
        limiter = cluster.actor(RayLimiter, cluster.here, caps.amounts, slots, earlier)
        executor = RayExecutor(cluster, limiter, baggage, keys, placed)
        try:
            await executor.totals()  # the limiter has started
            await executor.start()
            with setup.interruption.heard_by(_in_loop(executor.stop)):
                yield executor
        finally:
            await executor.close()


def _in_loop(work: Callable[[], None]) -> Callable[[], None]:
    """A function that has this event loop do some work, from any thread."""
    loop = asyncio.get_running_loop()

    def call() -> None:
        with suppress(RuntimeError):  # the loop has closed
            loop.call_soon_threadsafe(work)

    return call
