from __future__ import annotations

import asyncio
import time
from collections.abc import Generator

import pytest

from harlm.engine.slices import in_slices


def steps(count: int, seconds: float = 0.0) -> Generator[None, None, str]:
    for _ in range(count):
        time.sleep(seconds)
        yield
    return "done"


async def test_the_result_is_that_of_the_work() -> None:
    assert await in_slices(steps(3)) == "done"


async def test_other_tasks_run_between_slices() -> None:
    turns = 0

    async def other() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    task = asyncio.create_task(other())
    await in_slices(steps(20, 0.003))
    task.cancel()
    assert turns >= 5


async def test_work_can_be_cancelled() -> None:
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(in_slices(steps(10_000, 0.002)), 0.02)


async def test_an_error_of_the_work_is_raised() -> None:
    def failing() -> Generator[None, None, None]:
        yield
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await in_slices(failing())
