from __future__ import annotations

import asyncio

import msgspec
import pytest

from harlm.budget.leased import LeasedPurse
from harlm.budget.leasing import BudgetLease, LeaseReport
from harlm.budget.refusals import BATCH
from harlm.errors import CallLimit, ExecutorFailure
from harlm.executors.ray.limiter import LeaseRefusal, RayLessor, RayLimiter
from harlm.types import Amounts
from tests.support.ray_inside import InsideActor

CAPS = Amounts(tokens=10**9, micros=10**6, calls=10)
WANT = Amounts(tokens=10, micros=5, calls=1)


def limiter(earlier: Amounts = Amounts()) -> InsideActor:  # noqa: B008 - a plain value
    return InsideActor(RayLimiter(CAPS, 4, earlier), "here")


async def test_nodes_pay_from_one_book_and_a_refusal_arrives_whole() -> None:
    actor = limiter(Amounts(calls=3))
    purses = [LeasedPurse(RayLessor(actor, each)) for each in "ab"]
    for at in range(7):
        (await purses[at % 2].reserve(WANT)).settle(WANT)
    with pytest.raises(CallLimit, match="the budget of the batch: 10 calls of 10 calls are used") as caught:
        await asyncio.wait_for(purses[0].reserve(WANT), 10)
    assert (caught.value.limit, caught.value.used, caught.value.allowed) == (BATCH, 10, 10)
    for each in purses:
        await each.close()
    totals = await actor.totals.remote()
    assert (totals.committed.calls, totals.leased, totals.debt) == (10, BudgetLease(), Amounts())


async def test_a_refusal_is_a_value_that_can_be_sent() -> None:
    actor = limiter(Amounts(calls=10))
    want = BudgetLease(calls=1)
    refusal = await actor.lease.remote("a", "money", LeaseReport(), want, want)
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(refusal), type=LeaseRefusal) == refusal


async def test_a_node_that_counts_as_lost_gets_nothing_and_its_lease_is_spent() -> None:
    actor = limiter()
    lease, _ = await RayLessor(actor, "a").lease(
        "money", LeaseReport(), BudgetLease(calls=2), BudgetLease(calls=2)
    )
    await actor.lost.remote("a")
    totals = await actor.totals.remote()
    assert totals.committed.calls == lease.calls == 2


async def test_a_limiter_that_is_gone_ends_all_spending() -> None:
    actor = limiter()
    purse = LeasedPurse(RayLessor(actor, "a"))
    (await purse.reserve(WANT)).settle(WANT)
    staying = actor.stay.remote()
    await asyncio.sleep(0)
    actor.die()
    with pytest.raises(ExecutorFailure, match="nothing more is spent"):
        await asyncio.gather(*(purse.reserve(WANT) for _ in range(20)))
    await purse.close()
    await asyncio.wait([staying])
    assert "died" in str(staying.exception())
