"""Requests that wait for room: their order, and the ends of their waits."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harlm.budget import Account, Caps
from harlm.budget.waiting import Waiter, WaitingList
from harlm.errors import (
    DeadlineExceeded,
    TokenLimit,
)
from harlm.types import Amounts
from tests.support.accounts import NOTHING, ONE_CALL, all_of, began
from tests.support.virtual_time import ManualLoop


async def test_requests_that_lack_room_only_because_of_others_wait_in_order_of_arrival() -> None:
    account = Account(Caps(calls=2))
    first, second = [await account.reserve(ONE_CALL) for _ in range(2)]
    third, fourth = [await began(account.reserve(ONE_CALL)) for _ in range(2)]
    assert not third.done()
    first.refund()
    await asyncio.sleep(0)
    assert third.done()
    assert not fourth.done()
    second.refund()
    assert (await fourth).bound == ONE_CALL


async def test_a_small_request_does_not_overtake_a_large_one() -> None:
    account = Account(Caps(tokens=100))
    working = await account.reserve(Amounts(tokens=60))
    large = await began(account.reserve(Amounts(tokens=80)))
    small = await began(account.reserve(Amounts(tokens=10)))
    assert not small.done()
    working.refund()
    assert (await large).bound.tokens == 80
    assert (await small).bound.tokens == 10


async def test_requests_that_wait_at_one_child_do_not_block_another() -> None:
    root = Account(Caps(calls=100))
    busy, free = root.child(Caps(calls=1)), root.child()
    slow = await busy.reserve(ONE_CALL)
    waits = await began(busy.reserve(ONE_CALL))
    assert (await asyncio.wait_for(free.reserve(ONE_CALL), 1)).is_open
    assert not waits.done()
    slow.refund()
    assert (await waits).is_open


async def test_a_waiting_request_is_refused_as_soon_as_it_can_never_fit() -> None:
    account = Account(Caps(tokens=100))
    working = await account.reserve(Amounts(tokens=60))
    waits = await began(account.reserve(Amounts(tokens=80)))
    behind = await began(account.reserve(Amounts(tokens=70)))
    working.settle(Amounts(tokens=40))
    with pytest.raises(TokenLimit, match="40 tokens of 100 tokens are used"):
        await waits
    with pytest.raises(TokenLimit):
        await behind


async def test_a_cancelled_wait_lets_the_next_request_in() -> None:
    account = Account(Caps(tokens=100))
    await account.reserve(Amounts(tokens=60))
    large = await began(account.reserve(Amounts(tokens=80)))
    small = await began(account.reserve(Amounts(tokens=10)))
    large.cancel()
    assert (await small).bound.tokens == 10
    assert account.reserved.tokens == 70


async def test_a_grant_that_is_cancelled_in_the_same_moment_is_given_back() -> None:
    account = Account(Caps(calls=1))
    working = await account.reserve(ONE_CALL)
    waits = await began(account.reserve(ONE_CALL))
    working.refund()
    waits.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waits
    assert all_of(account) == (NOTHING, NOTHING, NOTHING)


async def test_a_wait_ends_when_its_time_ends() -> None:
    loop = asyncio.get_running_loop()
    account = Account(Caps(calls=1, ends=loop.time() + 0.02), now=loop.time)
    await account.reserve(ONE_CALL)
    with pytest.raises(DeadlineExceeded):
        await account.reserve(ONE_CALL)


def test_a_grant_in_the_moment_in_which_a_timer_fires_early_is_given_back() -> None:
    """As timers of uvloop do, which are rounded to the millisecond; here they are rounded to ten."""
    loop = ManualLoop(tick=0.01)

    async def granted_and_timed_out() -> Account:
        account = Account(Caps(calls=1, ends=1.008), now=loop.clock)
        working = await account.reserve(ONE_CALL)
        waits = await began(account.reserve(ONE_CALL))
        loop.clock.now = 1.006
        await asyncio.sleep(0)  # the timer is due, and runs after this step
        working.refund()
        with pytest.raises(DeadlineExceeded):
            await waits
        return account

    try:
        assert loop.run_until_complete(granted_and_timed_out()).reserved == NOTHING
    finally:
        loop.close()


# -- the queue itself ------------------------------------------------------------------------------------


class Grant:
    """Something granted; ``refunds`` counts how often it was given back."""

    refunds = 0

    def refund(self) -> None:
        self.refunds += 1


class Room:
    """One pool of tokens."""

    def __init__(self, free: int, most: int) -> None:
        self.free, self.most = free, most
        self.granted: list[int] = []
        self.list: WaitingList[Grant] = WaitingList()

    def waiter(
        self, tokens: int, less: Callable[[], Amounts | None] | None = None, pool: object = "pool"
    ) -> Waiter[Grant]:
        def short_of(want: Amounts) -> list[object] | None:
            if want.tokens > self.most:
                return None
            return [pool] if want.tokens > self.free else []

        def take(want: Amounts) -> Grant:
            self.free -= want.tokens
            self.granted.append(want.tokens)
            return Grant()

        return Waiter(
            want=Amounts(tokens=tokens),
            less=less,
            accounts=[pool],
            short_of=short_of,
            take=take,
            refusal=lambda want: TokenLimit(f"never {want.tokens}", limit="tokens", used=0, allowed=0),
            granted=asyncio.get_running_loop().create_future(),
        )


async def test_a_waiter_that_can_do_with_less_gets_less() -> None:
    room = Room(free=10, most=10)
    await room.list.wait(room.waiter(50, less=lambda: Amounts(tokens=7)))
    assert room.granted == [7]


async def test_a_waiter_whose_smaller_amounts_do_not_fit_either_is_refused() -> None:
    room = Room(free=10, most=10)
    with pytest.raises(TokenLimit, match="never 30"):
        await room.list.wait(room.waiter(50, less=lambda: Amounts(tokens=30)))
    with pytest.raises(TokenLimit, match="never 50"):
        await room.list.wait(room.waiter(50, less=lambda: None))
    assert len(room.list.queue) == 0


async def test_a_waiter_asks_for_less_only_when_it_is_its_turn() -> None:
    room = Room(free=0, most=10)
    first = asyncio.ensure_future(room.list.wait(room.waiter(10)))
    await asyncio.sleep(0)
    second = asyncio.ensure_future(room.list.wait(room.waiter(50, less=lambda: Amounts(tokens=5))))
    await asyncio.sleep(0)
    assert len(room.list.queue) == 2
    room.free = 15
    room.list.serve()
    await asyncio.gather(first, second)
    assert room.granted == [10, 5]


@pytest.mark.parametrize("is_granted", [False, True])
async def test_a_waiter_that_gives_up_returns_its_grant(is_granted: bool) -> None:
    room = Room(free=10, most=10)
    waiter = room.waiter(10)
    grant = Grant()
    if is_granted:
        waiter.granted.set_result(grant)
    waiter.give_up()
    assert grant.refunds == is_granted
    assert waiter.granted.cancelled() != is_granted


@given(st.lists(st.integers(1, 9), max_size=12), st.lists(st.integers(1, 20), max_size=12))
def test_requests_for_one_pool_are_granted_in_order_and_never_beyond_it(
    wants: list[int], freed: list[int]
) -> None:
    async def run() -> None:
        room = Room(free=0, most=1 << 30)
        tasks = [asyncio.ensure_future(room.list.wait(room.waiter(want))) for want in wants]
        await asyncio.sleep(0)
        for more in freed:
            room.free += more
            room.list.serve()
            assert room.free >= 0
            waiting = wants[len(room.granted) :]
            assert not waiting or waiting[0] > room.free
        assert room.granted == wants[: len(room.granted)]
        assert len(room.list.queue) == len(wants) - len(room.granted)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    asyncio.run(run())
