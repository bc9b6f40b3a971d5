"""Callers wait for a store that cannot keep up, and of a thousand that wait one looks."""

from __future__ import annotations

import asyncio

from harlm.storage import StoreRoom


class SlowStore:
    """A store that has caught up after a number of looks."""

    def __init__(self, looks: int) -> None:
        self.looks, self.left = 0, looks

    @property
    def is_behind(self) -> bool:
        self.looks += 1
        self.left -= 1
        return self.left >= 0


async def test_a_store_that_keeps_up_is_not_waited_for() -> None:
    store = SlowStore(0)
    await StoreRoom(store).wait()
    assert store.looks == 1


async def test_of_many_that_wait_one_looks() -> None:
    store = SlowStore(1_005)
    room = StoreRoom(store)
    async with asyncio.timeout(10):
        await asyncio.gather(*(room.wait() for _ in range(1_000)))
    assert store.looks <= 1_000 + 10 + 1_000, (
        "each looks when it comes, one until there is room, each when it goes on"
    )


async def test_whoever_is_cancelled_while_it_looks_leaves_that_to_the_next() -> None:
    store = SlowStore(1_000_000)
    room = StoreRoom(store)
    first, second = asyncio.ensure_future(room.wait()), asyncio.ensure_future(room.wait())
    await asyncio.sleep(0.02)
    first.cancel()
    await asyncio.wait([first])
    store.left = 0
    async with asyncio.timeout(10):
        await second
