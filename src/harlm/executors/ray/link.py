"""A node as its client sees it: the runs that it carries out, what it tells of them, and whether it is lost."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from typing import Any

import msgspec

from harlm.errors import ConfigError, ExecutorFailure
from harlm.events import Event
from harlm.executors.ray.cluster import RayCluster
from harlm.executors.ray.node import NodeFacts, RayNode, facts_here
from harlm.executors.ray.travel import Baggage, NodeKeys, decoded_frames
from harlm.executors.runs import RunOutcome, RunSpec

_OPEN_S = 180.0  # for a node to start its process and to open its parts
_SILENCE_S = 60.0  # after which a node counts as lost
_END_S = 30.0
_tickets = count(1)


class NodeLost(ExecutorFailure):
    """A node is gone, and with it the attempt at a run."""


@dataclass(slots=True)
class _Underway:
    on_event: Callable[[Event], None]
    done: asyncio.Future[RunOutcome]


class NodeLink:
    """One node of the cluster.

    Args:
        cluster: the way to it.
        node: its id.
        on_lost: called once when it is lost.

    Attributes:
        is_lost: whether no run can be carried out there any more.
        is_elsewhere: whether it is on another machine than this process.
    """

    def __init__(self, cluster: RayCluster, node: str, on_lost: Callable[[NodeLink], None]) -> None:
        self._cluster, self.node, self._on_lost = cluster, node, on_lost
        self._actor: Any = None
        self._runs: dict[int, _Underway] = {}
        self._listening: asyncio.Task[None] | None = None
        self.is_lost = self.is_elsewhere = False

    @property
    def load(self) -> int:
        """The runs under way there."""
        return len(self._runs)

    async def open(self, baggage: Baggage, keys: NodeKeys, limiter: Any, documents: Any) -> None:
        """Start the actor and open the parts of the batch.

        Raises:
            ExecutorFailure: the node is gone, or does not answer.
            HarlmError: why it cannot carry out runs.
        """
        self._actor = self._cluster.actor(RayNode, self.node)
        facts = NodeFacts(*await self._cluster.reply(self._actor.facts.remote(), _OPEN_S))
        check_facts(facts, facts_here(), baggage)
        self.is_elsewhere = facts.machine != baggage.machine
        packed = msgspec.msgpack.encode(baggage)
        opening = self._actor.open.remote(packed, keys, limiter, self.node, documents)
        failure = await self._cluster.reply(opening, _OPEN_S)
        if failure is not None:
            raise failure.error(failure.message)
        self._listening = asyncio.create_task(self._listen())

    async def run(self, spec: RunSpec, on_event: Callable[[Event], None]) -> RunOutcome:
        """Carry out a run.

        Raises:
            NodeLost: the node is gone.
        """
        ticket = next(_tickets)
        underway = _Underway(on_event, asyncio.get_running_loop().create_future())
        self._runs[ticket] = underway
        try:
            await self._begun(ticket, spec)
            return await underway.done
        except asyncio.CancelledError:
            if not self.is_lost:
                self._actor.cancel.remote(ticket)
            raise
        finally:
            self._runs.pop(ticket, None)
            if underway.done.done() and not underway.done.cancelled():
                underway.done.exception()  # retrieved: the node was lost before the run had begun

    async def _begun(self, ticket: int, spec: RunSpec) -> None:
        """Begin a run there."""
        try:
            await self._cluster.reply(self._actor.start.remote(ticket, msgspec.json.encode(spec)), _SILENCE_S)
        except ExecutorFailure as error:
            self.lose()
            raise NodeLost(str(error)) from error

    def stop(self) -> None:
        """Let its runs finish with what they have."""
        if not self.is_lost:
            self._actor.stop.remote()

    def lose(self) -> None:
        """Count the node as lost. If its process still lives, it is ended."""
        if self.is_lost:
            return
        self.is_lost = True
        if self._actor is not None:
            self._cluster.kill(self._actor)
        for each in self._runs.values():
            if not each.done.done():
                each.done.set_exception(NodeLost(f"node {self.node[:8]} of the cluster is gone"))
        self._on_lost(self)

    def abandon(self, reason: ExecutorFailure) -> None:
        """End the wait for its runs."""
        for each in self._runs.values():
            if not each.done.done():
                each.done.set_exception(reason)

    async def close(self) -> None:
        """End its runs, have everything put on disk, and end the actor."""
        if self._listening is not None:
            self._listening.cancel()
            await asyncio.wait([self._listening])
        if self._actor is None or self.is_lost:
            return
        try:
            await self._cluster.reply(self._actor.close.remote(), _END_S)
        except ExecutorFailure:
            pass  # it is gone, which is as good
        self._cluster.kill(self._actor)

    async def _listen(self) -> None:
        """Take what the node tells, until it is lost."""
        try:
            while True:
                told = await self._cluster.reply(self._actor.collect.remote(), _SILENCE_S)
                for frame in decoded_frames(told):
                    underway = self._runs.get(frame.ticket)
                    if underway is None:
                        continue  # it was cancelled
                    for event in frame.events:
                        underway.on_event(event)
                    if frame.outcome is not None and not underway.done.done():
                        underway.done.set_result(frame.outcome)
        except ExecutorFailure:
            self.lose()
        except Exception as error:  # such as a result that cannot be written: it ends the batch
            for each in self._runs.values():
                if not each.done.done():
                    each.done.set_exception(error)
            raise


def check_facts(facts: NodeFacts, here: NodeFacts, baggage: Baggage) -> None:
    """Check that a node can carry out runs for this process.

    Raises:
        ConfigError: it has another version of HARLM, or shares no files with this machine and no other store.
    """
    name = facts.machine.partition(" ")[0]
    if facts.harlm != here.harlm:
        raise ConfigError(
            f"the node on {name} has HARLM {facts.harlm}, and this machine {here.harlm}; install the same version on all nodes"
        )
    if facts.machine != baggage.machine and not baggage.has_store:
        raise ConfigError(
            f"the node on {name} is another machine, which cannot use the files of memory and of paid calls here; set memory.store to a "
            "Postgres database that all nodes reach"
        )
