"""A node as its client sees it: over an actor in this process, which can be lost."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from harlm.config import Config
from harlm.errors import ConfigError, ExecutorFailure
from harlm.events import Event
from harlm.executors.ray.limiter import RayLimiter
from harlm.executors.ray.link import NodeLink, NodeLost, check_facts
from harlm.executors.ray.node import facts_here
from harlm.executors.ray.travel import Baggage, machine_here, packed, packed_context
from harlm.executors.runs import RunSpec
from harlm.executors.setup import RunSetup
from harlm.loading import load
from harlm.running import ClientParts
from harlm.testing import ChatServer
from harlm.types import Amounts
from tests.support.ray_inside import PRICES, InsideCluster, asking, until

CAPS = Amounts(tokens=10**9, micros=10**6, calls=100)


async def linked(config: Config, cluster: InsideCluster, lost: list[NodeLink]) -> NodeLink:
    cluster_: Any = cluster
    text = load("a text")
    baggage, keys = packed(RunSetup(parts=ClientParts(prices=PRICES), config=config, context=text, at_once=4))
    link = NodeLink(cluster_, "n1", lost.append)
    limiter = cluster.actor(RayLimiter, "here", CAPS, 4, Amounts())
    await link.open(baggage, keys, limiter, packed_context(text))
    return link


async def test_a_run_is_heard_and_its_outcome_arrives() -> None:
    lost: list[NodeLink] = []
    with ChatServer(lambda _: "1883") as server:
        link, heard = await linked(asking(server), InsideCluster("n1"), lost), list[Event]()
        outcome = await asyncio.wait_for(link.run(RunSpec(question="When?"), heard.append), 20)
        await link.close()
    assert outcome.answer is not None
    assert outcome.answer.text == "1883"
    assert {each.run for each in heard} == {outcome.run}
    assert (link.load, link.is_lost, link.is_elsewhere, lost) == (0, False, False, [])


async def test_the_runs_of_a_node_that_is_lost_end_with_it_and_it_is_told_once() -> None:
    lost: list[NodeLink] = []
    cluster = InsideCluster("n1")
    with ChatServer(lambda _: "1883", latency_s=30) as server:
        link = await linked(asking(server), cluster, lost)
        runs = [asyncio.create_task(link.run(RunSpec(question=f"{n}?"), lambda _: None)) for n in range(3)]
        await until(lambda: server.in_flight == 3)
        cluster.lose("n1")
        ended = await asyncio.wait_for(asyncio.gather(*runs, return_exceptions=True), 10)
        with pytest.raises(NodeLost):
            await link.run(RunSpec(question="4?"), lambda _: None)
        link.lose()
        await link.close()
    assert all(isinstance(each, NodeLost) for each in ended)
    assert lost == [link]


async def test_what_cannot_be_heard_ends_the_runs() -> None:
    def cannot(event: Event) -> None:
        raise ConfigError("the disk is full")

    with ChatServer(lambda _: "1883") as server:
        link = await linked(asking(server), InsideCluster("n1"), [])
        with pytest.raises(ConfigError, match="the disk is full"):
            await asyncio.wait_for(link.run(RunSpec(question="When?"), cannot), 20)
        await link.close()


async def test_a_node_that_cannot_be_opened_says_why() -> None:
    with ChatServer(lambda _: "1883") as server, pytest.raises(ConfigError):
        await linked(asking(server, **{"models.root": "nowhere/m"}), InsideCluster("n1"), [])


async def test_runs_that_are_given_up_end_with_the_reason() -> None:
    with ChatServer(lambda _: "1883", latency_s=30) as server:
        link = await linked(asking(server), InsideCluster("n1"), [])
        run = asyncio.create_task(link.run(RunSpec(question="When?"), lambda _: None))
        await until(lambda: server.in_flight == 1)
        link.abandon(ExecutorFailure("the head is gone"))
        with pytest.raises(ExecutorFailure, match="the head is gone"):
            await run
        await asyncio.wait_for(link.close(), 20)


def test_nodes_of_another_version_or_machine_are_refused() -> None:
    here, baggage = facts_here(), Baggage(config=Config(), machine=machine_here())
    check_facts(here, here, baggage)
    with pytest.raises(ConfigError, match=r"has HARLM 0\.0\.1, and this machine"):
        check_facts(here._replace(harlm="0.0.1"), here, baggage)
    check_facts(here._replace(machine="far away"), here, Baggage(config=Config(), has_store=True))
    with pytest.raises(ConfigError, match=r"the node on far is another machine.*memory\.store"):
        check_facts(here._replace(machine="far away"), here, baggage)
