"""The actor of a node: it opens the parts of a batch once, and carries out runs in its event loop."""

from __future__ import annotations

import asyncio
import os
import platform
from collections.abc import Mapping
from contextlib import AsyncExitStack, suppress
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from typing import Any, NamedTuple

import msgspec

from harlm.budget.leased import LeasedPurse
from harlm.cleanup import all_ended
from harlm.config import Config
from harlm.errors import ConfigError, HarlmError
from harlm.events import Event
from harlm.executors.local import LocalExecutor, open_local
from harlm.executors.ray.limiter import RayLessor
from harlm.executors.ray.travel import Baggage, NodeFrame, NodeKeys, encoded_frames, machine_here, with_keys
from harlm.executors.runs import RunFailure, RunSpec
from harlm.executors.setup import RunSetup
from harlm.interruption import Interruption
from harlm.running import ClientParts
from harlm.tracing.request import decoded_context

_BEAT_S = 1.0  # a node without news says so this often
_GATHER_S = 0.02  # events that follow each other are sent together
_MOST_FRAMES = 500


class NodeFacts(NamedTuple):
    """What a node says of itself.

    Attributes:
        machine: its name (``machine_here``).
        harlm, python: versions.
        pid: of the actor's process.
    """

    machine: str
    harlm: str
    python: str
    pid: int


def facts_here() -> NodeFacts:
    """What this process says of itself."""
    try:
        known = version("harlm")
    except PackageNotFoundError:
        known = "source"
    return NodeFacts(machine_here(), known, platform.python_version(), os.getpid())


class RayNode:
    """The actor. Its methods run in one event loop."""

    def __init__(self) -> None:
        self._told: list[NodeFrame] = []
        self._has_told = asyncio.Event()
        self._runs: dict[int, asyncio.Task[None]] = {}
        self._interruption = Interruption()
        self._executor: LocalExecutor | None = None
        self._is_over = asyncio.Event()
        self._main: asyncio.Task[None] | None = None

    async def facts(self) -> NodeFacts:
        """What this node says of itself."""
        return facts_here()

    async def open(
        self, baggage: bytes, keys: NodeKeys, limiter: Any, name: str, documents: bytes
    ) -> RunFailure | None:
        """Open the parts of the batch.

        Args:
            baggage: settings and the like.
            keys: of models.
            limiter: the actor that leases money and slots.
            name: of this node, in the books.
            documents: as they were placed in the cluster.

        Returns:
            why that is not possible; ``None`` if it is.
        """
        opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        purse = LeasedPurse(RayLessor(limiter, name))
        self._main = asyncio.create_task(self._live(baggage, keys, purse, documents, opened))
        try:
            await opened
        except HarlmError as error:
            return RunFailure.of(error)
        return None

    async def _live(
        self,
        packed: bytes,
        keys: NodeKeys,
        purse: LeasedPurse,
        documents: bytes,
        opened: asyncio.Future[None],
    ) -> None:
        """Open the parts, and close them at the end: in one task, as they want it."""
        try:
            async with AsyncExitStack() as cleanup:
                cleanup.push_async_callback(purse.close)
                baggage = msgspec.msgpack.decode(packed, type=Baggage)
                context = await asyncio.to_thread(decoded_context, documents)
                with suppress(OSError):  # another machine: its own folder
                    os.chdir(baggage.folder)
                setup = RunSetup(
                    parts=ClientParts(prices=baggage.prices, note=baggage.note),
                    config=_with_key(baggage, keys),
                    context=context,
                    origin=baggage.origin,
                    at_once=baggage.at_once,
                    interruption=self._interruption,
                    accept_changes=baggage.accept_changes,
                )
                executor = open_local(setup, purse=purse, environment=_environment(keys))
                self._executor = await cleanup.enter_async_context(executor)
                opened.set_result(None)
                await self._is_over.wait()
        except Exception as error:
            if opened.done():
                raise
            opened.set_exception(
                error
                if isinstance(error, HarlmError)
                else ConfigError(f"the node cannot be used: {type(error).__name__}: {error}")
            )

    async def start(self, ticket: int, spec: bytes) -> None:
        """Begin a run; ``collect`` tells of it.

        Args:
            ticket: the number under which it is told of.
            spec: the run.
        """
        task = asyncio.create_task(self._run(ticket, msgspec.json.decode(spec, type=RunSpec)))
        self._runs[ticket] = task
        task.add_done_callback(lambda _: self._runs.pop(ticket, None))

    async def _run(self, ticket: int, spec: RunSpec) -> None:
        assert self._executor is not None
        outcome = await self._executor.run(spec, partial(self._hear, ticket))
        self._tell(NodeFrame(ticket=ticket, outcome=outcome))

    def _hear(self, ticket: int, event: Event) -> None:
        self._tell(NodeFrame(ticket=ticket, events=(event,)))  # type: ignore[arg-type] # every event is one of AnyEvent

    def _tell(self, frame: NodeFrame) -> None:
        self._told.append(frame)
        self._has_told.set()

    async def collect(self) -> bytes:
        """What has happened since the last time; waits for it for a while. An empty list says that the node lives."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_BEAT_S):
                await self._has_told.wait()
            await asyncio.sleep(_GATHER_S)
        frames, self._told = self._told[:_MOST_FRAMES], self._told[_MOST_FRAMES:]
        if not self._told:
            self._has_told.clear()
        return encoded_frames(frames)

    async def stop(self) -> None:
        """Let all runs finish with what they have."""
        self._interruption.request()

    async def cancel(self, ticket: int) -> None:
        """End a run at once."""
        if (task := self._runs.get(ticket)) is not None:
            task.cancel()

    async def close(self) -> None:
        """End all runs, put everything on disk, and report what was used."""
        tasks = list(self._runs.values())
        for task in tasks:
            task.cancel()
        await all_ended(tasks)
        self._is_over.set()
        if self._main is not None:
            await asyncio.wait([self._main])


def _with_key(baggage: Baggage, keys: NodeKeys) -> Config:
    """The settings of the runs on this node: on another machine they have a home there."""
    config = with_keys(baggage.config, keys)
    if baggage.machine != machine_here():
        home = os.environ.get("HARLM_HOME")
        config = msgspec.structs.replace(config, tracing=msgspec.structs.replace(config.tracing, home=home))
    return config


def _environment(keys: NodeKeys) -> Mapping[str, str]:
    """The variables in which keys are looked up: those of the client, over those of this process."""
    return {**os.environ, **keys.variables}
