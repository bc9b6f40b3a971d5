"""A run that is to stop: what is under way has a few seconds more, and no more than it had before."""

from __future__ import annotations

import asyncio
import math

import pytest

from harlm.engine import stopping
from harlm.engine.stopping import RunStop, TimeIsUp


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """A grace that tests can wait for."""
    monkeypatch.setattr(stopping, "GRACE_S", 0.05)
    monkeypatch.setattr(stopping, "_CELL_S", 0.01)


async def test_a_block_that_is_done_in_time_is_left_alone() -> None:
    async with RunStop().within(60):
        pass
    async with RunStop().within(math.inf):
        pass


@pytest.mark.parametrize("seconds", [0.0, -1.0, 0.01])
async def test_a_block_has_its_time_and_no_more(seconds: float) -> None:
    with pytest.raises(TimeIsUp):
        async with RunStop().within(seconds):
            await asyncio.sleep(60)


async def test_a_timeout_of_the_block_itself_is_not_taken_for_the_end() -> None:
    with pytest.raises(TimeoutError):
        async with RunStop().within(60):
            raise TimeoutError


async def _waiting(stop: RunStop, seconds: float) -> None:
    """A block that is to stop, and does not."""
    async with stop.within(seconds):
        stop.stop()
        await asyncio.sleep(60)


@pytest.mark.parametrize("seconds", [60, math.inf])
async def test_once_the_run_is_to_stop_a_block_has_the_grace_only(short: None, seconds: float) -> None:
    with pytest.raises(TimeIsUp):
        await _waiting(RunStop(), seconds)


async def test_a_block_that_had_less_time_gets_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stopping, "GRACE_S", 60)
    with pytest.raises(TimeIsUp):
        await _waiting(RunStop(), 0.01)


async def test_a_block_that_has_ended_is_not_touched(short: None) -> None:
    stop = RunStop()
    async with stop.within(60):
        pass
    stop.stop()
    await asyncio.sleep(0.1)


async def test_work_is_waited_for_until_it_is_done_or_its_time_is_up() -> None:
    stop = RunStop()
    quick, slow = (asyncio.ensure_future(asyncio.sleep(each)) for each in (0, 60))
    assert await stop.done_within(60, quick)
    assert not await stop.done_within(0.01, slow)
    assert not await stop.done_within(-1, slow)
    slow.cancel()


async def test_work_is_not_waited_for_long_once_the_run_is_to_stop(short: None) -> None:
    stop = RunStop()
    slow = asyncio.ensure_future(asyncio.sleep(60))
    asyncio.get_running_loop().call_soon(stop.stop)
    assert not await stop.done_within(math.inf, slow)
    slow.cancel()


async def test_work_that_ends_soon_after_the_stop_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stopping, "_CELL_S", 60)
    stop = RunStop()
    ends = asyncio.Event()

    async def cell() -> None:
        await ends.wait()

    work: asyncio.Task[object] = asyncio.create_task(cell())
    stop.stop()
    asyncio.get_running_loop().call_later(0.02, ends.set)
    assert await stop.done_within(math.inf, work)
