"""Runs on nodes that are lost, join and fail, over actors in this process. On real nodes: ``tests/flows/test_ray.py``."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from harlm.budget import Caps
from harlm.config import Config
from harlm.errors import ConfigError, ExecutorFailure
from harlm.executors.ray import executor as module
from harlm.executors.ray.executor import RayExecutor, open_ray
from harlm.executors.runs import RunOutcome, RunSpec
from harlm.executors.setup import RunSetup
from harlm.interruption import Interruption
from harlm.loading import load
from harlm.running import ClientParts
from harlm.testing import ChatServer
from harlm.types import Amounts
from tests.support.ray_inside import PRICES, InsideCluster, asking, until


@pytest.fixture
def on(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    monkeypatch.setattr(module, "_LOOK_S", 0.02)

    @asynccontextmanager
    async def opened(config: Config, cluster: InsideCluster, **how: Any) -> AsyncIterator[RayExecutor]:
        @asynccontextmanager
        async def found(address: str | None) -> AsyncIterator[InsideCluster]:
            yield cluster

        monkeypatch.setattr(module, "open_cluster", found)
        caps, earlier = how.pop("caps", Caps(calls=100)), how.pop("earlier", Amounts())
        given: dict[str, Any] = {"at_once": 4, "documents": "d", **how}
        setup = RunSetup(parts=ClientParts(prices=PRICES), config=config, context=load("a text"), **given)
        async with open_ray(setup, address="a:1", caps=caps, earlier=earlier) as executor:
            yield executor

    return opened


async def asked(executor: RayExecutor, count: int, mode: str = "direct") -> list[RunOutcome | BaseException]:
    specs = [RunSpec(question=f"What is {n}?", mode=mode) for n in range(count)]
    runs = asyncio.gather(*(executor.run(each, lambda _: None) for each in specs), return_exceptions=True)
    return await asyncio.wait_for(runs, 40)


def all_answered(outcomes: list[RunOutcome | BaseException]) -> bool:
    return all(isinstance(each, RunOutcome) and each.answer is not None for each in outcomes)


async def test_runs_are_spread_over_the_nodes_and_paid_from_one_book(on: Callable[..., Any]) -> None:
    cluster = InsideCluster("n1", "n2")
    with ChatServer(lambda _: "1883", latency_s=0.02) as server:
        async with on(asking(server), cluster) as executor:
            assert executor.capacity == 8
            outcomes = await asked(executor, 12)
        assert server.arrived == 12
    assert all_answered(outcomes)
    assert len({each.run for each in outcomes if isinstance(each, RunOutcome)}) == 12
    assert all(each.is_dead for each in cluster.actors), "no actor is left behind"


async def test_the_runs_of_a_lost_node_are_taken_up_by_another(on: Callable[..., Any]) -> None:
    cluster = InsideCluster("n1", "n2")
    with ChatServer(lambda _: "1883", latency_s=0.3) as server:
        async with on(asking(server), cluster) as executor:
            running = asyncio.create_task(asked(executor, 8))
            await until(lambda: server.arrived >= 8)
            cluster.lose("n2")
            outcomes = await running
            assert executor.capacity == 4
            totals = await executor.totals()
        times = Counter(each.prompt for each in server.requests)
    assert all_answered(outcomes)
    assert len({each.run for each in outcomes if isinstance(each, RunOutcome)}) == 8
    assert sum(times.values()) - len(times) <= 4, "only what the lost node had under way is asked again"
    assert totals.committed.calls >= 8


async def test_a_node_that_joins_is_used(on: Callable[..., Any]) -> None:
    cluster = InsideCluster("n1")
    with ChatServer(lambda _: "1883") as server:
        async with on(asking(server), cluster) as executor:
            cluster.alive.append("n2")
            await until(lambda: executor.capacity == 8)
            cluster.lose("n1")
            assert all_answered(await asked(executor, 3))


@pytest.mark.parametrize("loses_head", [False, True])
async def test_without_nodes_or_head_the_batch_ends_and_says_how_it_continues(
    on: Callable[..., Any], loses_head: bool
) -> None:
    cluster = InsideCluster("n1")
    with ChatServer(lambda _: "1883", latency_s=20) as server:
        async with on(asking(server), cluster) as executor:
            running = asyncio.create_task(asked(executor, 2))
            await until(lambda: server.arrived == 2)
            if loses_head:
                cluster.has_a_head = False
            else:
                cluster.lose("n1")
            outcomes = await running
    for each in outcomes:
        assert isinstance(each, ExecutorFailure)
        assert "what was paid is kept, and the same command" in str(each)


async def test_a_cluster_without_nodes_and_a_node_that_cannot_be_used_are_told(
    on: Callable[..., Any],
) -> None:
    with ChatServer(lambda _: "1883") as server:
        with pytest.raises(ExecutorFailure, match="the cluster has no node"):
            async with on(asking(server), InsideCluster()):
                pass
        with pytest.raises(ConfigError):
            async with on(asking(server, **{"models.root": "nowhere/m"}), InsideCluster("n1")):
                pass


async def test_an_interruption_reaches_the_nodes(on: Callable[..., Any]) -> None:
    stop = Interruption()
    with ChatServer(
        lambda _: "```repl\nprint(llm_query('more'))\n```",
        latency_s=lambda _: 0.01 if server.arrived < 3 else 1.0,
    ) as server:
        async with on(asking(server), InsideCluster("n1"), interruption=stop) as executor:
            running = asyncio.create_task(asked(executor, 2, "full"))
            await until(lambda: server.arrived >= 4)
            stop.request()
            outcomes = await running
    assert all(isinstance(each, RunOutcome) and each.failure is not None for each in outcomes), outcomes
