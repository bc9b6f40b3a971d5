from __future__ import annotations

import asyncio

import pytest

from harlm.batch.purse import BATCH, BatchPurse
from harlm.budget import Account, Caps
from harlm.errors import CostLimit
from harlm.types import Amounts, Usage


async def test_runs_pay_from_it_besides_their_own_budgets_and_never_overdraw_it() -> None:
    purse = BatchPurse(Caps(micros=100))
    runs = [Account(Caps(micros=60), purse=purse) for _ in range(2)]
    first = await runs[0].reserve(Amounts(micros=60))
    waiting = asyncio.ensure_future(runs[1].reserve(Amounts(micros=60)))
    await asyncio.sleep(0)
    assert not waiting.done(), "it would fit, were it not for the request of the other run"
    first.settle(Amounts(micros=30), "m", Usage(calls=1, cost_micros=30))
    second = await waiting
    second.settle(Amounts(micros=50), "m", Usage(calls=1, cost_micros=50))
    assert purse.usage.cost_micros == 80
    with pytest.raises(CostLimit, match="the budget of the batch: ") as caught:
        await runs[0].reserve(Amounts(micros=30))
    assert caught.value.limit == BATCH
    assert runs[0].reserved == Amounts(), "what the purse refuses is not kept by the run"


async def test_the_own_budget_of_a_run_is_asked_first() -> None:
    purse = BatchPurse(Caps(micros=100))
    with pytest.raises(CostLimit) as caught:
        await Account(Caps(micros=10), purse=purse).reserve(Amounts(micros=20))
    assert caught.value.limit == "usd"
    await purse.reserve(Amounts(micros=100))


async def test_earlier_attempts_count() -> None:
    purse = BatchPurse(Caps(micros=100))
    purse.count(Usage(calls=1, cost_micros=90))
    with pytest.raises(CostLimit):
        await purse.reserve(Amounts(micros=20))


async def test_a_request_that_is_cancelled_while_the_purse_is_short_is_given_back() -> None:
    purse = BatchPurse(Caps(micros=100))
    run, other = Account(purse=purse), Account(purse=purse)
    held = await other.reserve(Amounts(micros=100))
    waiting = asyncio.ensure_future(run.reserve(Amounts(micros=50)))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.wait([waiting])
    assert run.reserved == Amounts()
    held.refund()
    (await run.reserve(Amounts(micros=100))).refund()
