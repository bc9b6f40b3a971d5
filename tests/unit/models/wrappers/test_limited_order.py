"""The limiter: requests get their turn in order, and each gets one, whichever of them are cancelled."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harlm.errors import ModelUnavailable
from harlm.models.wrappers import Limited, Limiter
from harlm.types import Sampling
from tests.support.rate_limits import (
    NAME,
    answer,
    cancelled,
    let_run,
    limited,
    queued,
    requests,
    tokens,
)
from tests.support.timed_provider import ASKED, Outcome, Provider, failing, said
from tests.support.virtual_time import in_virtual_time, now


@in_virtual_time
async def test_turns_come_in_order_of_arrival() -> None:
    limiter = Limiter(1, now=now)
    await limiter.enter()
    waiting, came = await queued(limiter, 20)
    for done in range(20):
        assert came == list(range(done))
        limiter.leave()
        await let_run()
    await asyncio.gather(*waiting)
    assert came == list(range(20))


@in_virtual_time
async def test_a_new_request_does_not_overtake_waiting_ones() -> None:
    limiter = Limiter(2, now=now)
    await limiter.enter()
    await limiter.enter()
    waiting, came = await queued(limiter, 1)
    limiter.leave()
    assert not limiter.try_enter(), "the place belongs to the waiting request"
    await let_run()
    assert came == [0]
    await cancelled(*waiting)


@pytest.mark.parametrize("who", ["the first", "one between", "the last", "all"])
@in_virtual_time
async def test_a_request_cancelled_before_its_turn_leaves_the_turn_to_the_next(who: str) -> None:
    limiter = Limiter(1, now=now)
    await limiter.enter()
    waiting, came = await queued(limiter, 5)
    gone = {"the first": {0}, "one between": {2}, "the last": {4}, "all": set(range(5))}[who]
    await cancelled(*(waiting[number] for number in gone))
    for _ in range(6):
        if limiter.in_flight:
            limiter.leave()
        await let_run()
    assert came == [number for number in range(5) if number not in gone]
    assert limiter.in_flight == 0
    await limiter.enter()


@in_virtual_time
async def test_a_request_cancelled_in_the_moment_of_its_turn_passes_it_on() -> None:
    limiter = Limiter(1, now=now)
    await limiter.enter()
    waiting, came = await queued(limiter, 2)
    limiter.leave()  # the turn of 0, which has not run yet
    waiting[0].cancel()
    await let_run()
    assert came == [1]
    assert limiter.in_flight == 1
    await asyncio.gather(*waiting, return_exceptions=True)


@in_virtual_time
async def test_a_request_cancelled_while_it_runs_frees_its_place() -> None:
    provider, limiter = Provider(["fine"], 10.0), Limiter(1, now=now)
    line = Limited(provider, limiter)
    first = asyncio.create_task(line.complete(ASKED, Sampling()))
    second = asyncio.create_task(line.complete(ASKED, Sampling()))
    await asyncio.sleep(1)
    await cancelled(first)
    assert (await second).text == "fine"
    assert limiter.in_flight == 0


@in_virtual_time
async def test_a_cancelled_first_waiter_does_not_keep_the_others_waiting_for_its_tokens() -> None:
    limiter = Limiter(8, is_open=True, now=now)
    await answer(limiter, said("x", rates=tokens(left=100, limit=60_000)))
    large = asyncio.create_task(limiter.enter(50_000))
    await asyncio.sleep(0)
    small = asyncio.create_task(limiter.enter(50))
    await asyncio.sleep(0)
    assert not small.done()
    began = now()
    await cancelled(large)
    await small
    assert now() == pytest.approx(began, abs=0.001)


@given(
    st.lists(
        st.tuples(
            st.integers(0, 30),  # when it starts, in tenths of a second
            st.sampled_from(["fine", "limits", "429", "wait", "503", "no server"]),
            st.integers(0, 20),  # how long it takes, in tenths of a second
            st.none() | st.integers(0, 40),  # when it is cancelled
        ),
        max_size=40,
    ),
    st.integers(1, 12),
)
def test_whatever_happens_every_request_gets_its_turn_and_the_window_holds(
    calls: list[tuple[int, str, int, int | None]], most: int
) -> None:
    class Watched(Limiter):
        def _go(self, tokens: int) -> Any:
            assert self.in_flight < self.window
            return super()._go(tokens)  # type: ignore[func-returns-value,unused-ignore] # whatever it is

    outcomes: dict[str, Outcome] = {
        "fine": "fine",
        "limits": said("x", rates=replace(requests(3, limit=60), tokens=tokens(900, limit=6000).tokens)),
        "429": limited(),
        "wait": limited(0.7, rates=requests(0, limit=60, reset_s=1.0)),
        "503": failing(503),
        "no server": ModelUnavailable("no server", model=NAME),
    }

    @in_virtual_time
    async def check() -> None:
        limiter = Watched(most, now=now)

        async def call(comes: int, kind: str, takes: int, leaves: int | None) -> None:
            await asyncio.sleep(comes / 10)
            provider = Provider([outcomes[kind]], takes / 10)
            asked = asyncio.create_task(Limited(provider, limiter).complete(ASKED, Sampling()))
            if leaves is not None:
                await asyncio.sleep(leaves / 10)
                asked.cancel()
            await asyncio.gather(asked, return_exceptions=True)
            assert 1 <= limiter.window <= most
            assert limiter.in_flight >= provider.in_flight == 0

        await asyncio.gather(*(call(*each) for each in calls))
        assert limiter.in_flight == 0
        await limiter.enter()  # a place is free at the end

    check()
