"""The actor of a node, in this process: what it opens, carries out, tells and puts on disk."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import msgspec

from harlm.config import Config
from harlm.executors.ray.limiter import RayLimiter
from harlm.executors.ray.node import RayNode, facts_here
from harlm.executors.ray.travel import NodeFrame, decoded_frames, machine_here, packed, packed_context
from harlm.executors.runs import RunFailure, RunSpec
from harlm.executors.setup import RunSetup
from harlm.loading import load
from harlm.running import ClientParts
from harlm.testing import ChatServer
from harlm.tracing.jsonl import list_runs
from harlm.types import Amounts
from tests.support.ray_inside import PRICES, InsideActor, asking

CAPS = Amounts(tokens=10**9, micros=10**6, calls=100)


async def opened(
    node: RayNode, config: Config, documents: bytes = b""
) -> tuple[InsideActor, RunFailure | None]:
    text = load("The bridge opened in 1883.")
    baggage, keys = packed(RunSetup(parts=ClientParts(prices=PRICES), config=config, context=text, at_once=4))
    limiter = InsideActor(RayLimiter(CAPS, 4, Amounts()), "here")
    sent = documents or packed_context(text)
    return limiter, await node.open(msgspec.msgpack.encode(baggage), keys, limiter, "n", sent)


async def told_until(node: RayNode, outcomes: int) -> list[NodeFrame]:
    frames: list[NodeFrame] = []
    async with asyncio.timeout(20):
        while sum(each.outcome is not None for each in frames) < outcomes:
            frames += decoded_frames(await node.collect())
    return frames


def spec(**how: Any) -> bytes:
    return msgspec.json.encode(RunSpec(question="When?", **how))


async def test_a_node_says_what_it_is() -> None:
    facts = await RayNode().facts()
    assert facts == facts_here()
    assert facts.machine == machine_here()


async def test_runs_are_told_of_in_order_with_their_id_and_paid_from_the_books() -> None:
    with ChatServer(lambda _: "1883") as server:
        node = RayNode()
        limiter, failure = await opened(node, asking(server))
        assert failure is None
        await node.start(7, spec(run="01M8TRA1RHF53YZNZYEVV9HKJ8", is_new=True))
        await node.start(8, spec(mode="direct", schema={"type": "integer"}))
        frames = await told_until(node, 2)
        assert decoded_frames(await node.collect()) == [], "an empty list says that the node lives"
        await node.close()
        assert server.arrived >= 2
        assert (await limiter.totals.remote()).committed.calls == server.arrived
    mine = [each for each in frames if each.ticket == 7]
    assert mine[-1].outcome is not None
    assert mine[-1].outcome.run == "01M8TRA1RHF53YZNZYEVV9HKJ8"
    events = [event for each in mine for event in each.events]
    assert [each.seq for each in events] == sorted(each.seq for each in events)
    assert len(list_runs(Path.cwd() / "home" / "runs")) == 2


async def test_a_run_that_is_cancelled_ends_at_once_and_the_next_one_works() -> None:
    with ChatServer(lambda _: "1883", latency_s=lambda _: 30.0 if server.arrived == 1 else 0.0) as server:
        node = RayNode()
        await opened(node, asking(server))
        await node.start(1, spec())
        async with asyncio.timeout(10):
            while not server.arrived:
                await node.collect()
        await node.cancel(1)
        await node.cancel(99)
        await node.start(2, spec(mode="direct"))
        frames = await told_until(node, 1)
        assert [each.ticket for each in frames if each.outcome is not None] == [2]
        await node.close()


async def test_what_hinders_a_node_is_a_value() -> None:
    with ChatServer(lambda _: "1883") as server:
        _, failure = await opened(RayNode(), asking(server), b"damaged")
        assert failure is not None
        assert failure.kind == "ConfigError"
        assert "the node cannot be used" in failure.message
        _, failure = await opened(RayNode(), asking(server, **{"models.root": "nowhere/m"}))
        assert failure is not None
        assert failure.kind == "ConfigError"
