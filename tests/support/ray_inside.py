"""A stand-in for a Ray cluster inside one event loop: its actors are objects, and their methods tasks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from harlm.config import Config, overridden
from harlm.errors import ExecutorFailure
from harlm.executors.ray.node import RayNode
from harlm.testing import ChatServer
from harlm.types import Price


def asking(server: ChatServer, **more: object) -> Config:
    """Settings of runs that ask a server for *direct* answers."""
    named = f"openai/m@{server.base_url}"
    given: Mapping[str, object] = {
        "models.root": named,
        "models.sub": named,
        "models.api_key": "a-secret-key",
        "engine.mode": "direct",
        "tracing.home": str(Path.cwd() / "home"),
        **more,
    }
    return overridden(Config(), given)


RayError: type[Exception] = pytest.importorskip("ray.exceptions").RayError
ENDING: set[asyncio.Task[None]] = set()
"""What actors that have died still close."""

PRICES = {"openai/m": Price(input=1.0, output=2.0)}


@pytest.fixture(autouse=True)
async def all_has_ended() -> AsyncIterator[None]:
    """At the end of a test, all actors have closed what they had open."""
    yield
    if ENDING:
        await asyncio.wait(ENDING)
    ENDING.clear()


async def until(is_so: Callable[[], bool], seconds: float = 20) -> None:
    """Wait until something is so.

    Raises:
        TimeoutError: it does not become so.
    """
    async with asyncio.timeout(seconds):
        while not is_so():  # noqa: ASYNC110 - a server in a thread of its own
            await asyncio.sleep(0.01)


class _Method:
    def __init__(self, actor: InsideActor, name: str) -> None:
        self._actor, self._name = actor, name

    def remote(self, *arguments: Any) -> asyncio.Future[Any]:
        """Call it."""
        reply: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        task = asyncio.create_task(self._actor.call(self._name, arguments, reply))
        self._actor.calls[task] = reply
        task.add_done_callback(self._actor.calls.pop)
        return reply


class InsideActor:
    """A handle of an actor."""

    def __init__(self, target: object, node: str) -> None:
        self.target, self.node, self.is_dead = target, node, False
        self.calls: dict[asyncio.Task[None], asyncio.Future[Any]] = {}

    def __getattr__(self, name: str) -> _Method:
        return _Method(self, name)

    async def call(self, name: str, arguments: tuple[Any, ...], reply: asyncio.Future[Any]) -> None:
        """Let a method reply."""
        try:
            if self.is_dead:
                raise RayError("The actor is dead")
            value = await getattr(self.target, name)(*arguments)
        except Exception as error:  # noqa: BLE001 - it is raised where the reply is awaited
            if not reply.done():
                reply.set_exception(error)
        else:
            if not reply.done():
                reply.set_result(value)

    def die(self) -> None:
        """End everything that it does, as the loss of its process does."""
        self.is_dead = True
        for task, reply in list(self.calls.items()):
            task.cancel()
            if not reply.done():
                reply.set_exception(RayError("The actor has died"))
                reply.exception()  # it need not be awaited
        if isinstance(self.target, RayNode):
            for task in list(self.target._runs.values()):
                task.cancel()
            if self.target._main is not None:
                self.target._main.cancel()
                ENDING.add(self.target._main)


class InsideCluster:
    """Takes the place of a ``RayCluster``."""

    def __init__(self, *nodes: str) -> None:
        self.head, self.here = "127.0.0.1:1", "here"
        self.alive, self.has_a_head = list(nodes), True
        self.actors: list[InsideActor] = []

    async def nodes(self) -> list[str]:
        """See ``RayCluster``."""
        return list(self.alive)

    def put(self, data: bytes) -> bytes:
        """See ``RayCluster``."""
        return data

    def actor(self, kind: type[object], node: str, *arguments: object) -> InsideActor:
        """See ``RayCluster``."""
        self.actors.append(InsideActor(kind(*arguments), node))
        return self.actors[-1]

    async def reply(self, reference: asyncio.Future[Any], seconds: float | None = None) -> Any:
        """See ``RayCluster``."""
        try:
            async with asyncio.timeout(seconds):
                return await reference
        except TimeoutError:
            raise ExecutorFailure(f"no answer within {seconds:g} s") from None
        except RayError as error:
            raise ExecutorFailure(str(error)) from error

    def kill(self, actor: InsideActor) -> None:
        """See ``RayCluster``."""
        actor.die()

    async def has_head(self) -> bool:
        """See ``RayCluster``."""
        return self.has_a_head

    def lose(self, node: str) -> None:
        """End the actors of a node."""
        self.alive.remove(node)
        for each in self.actors:
            if each.node == node:
                each.die()
