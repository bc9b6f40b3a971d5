from __future__ import annotations

import asyncio

import pytest

from harlm.cleanup import all_ended, all_finished, finished


class _Work:
    """Work that takes some steps."""

    def __init__(self, error: Exception | None = None) -> None:
        self.steps = 0
        self._error = error

    async def do(self) -> str:
        for _ in range(10):
            await asyncio.sleep(0)
            self.steps += 1
        if self._error is not None:
            raise self._error
        return "done"


async def test_the_result_is_that_of_the_work() -> None:
    assert await finished(_Work().do()) == "done"


async def test_an_error_of_the_work_is_raised() -> None:
    with pytest.raises(ValueError, match="broken"):
        await finished(_Work(ValueError("broken")).do())


@pytest.mark.parametrize("times", [1, 2, 5])
async def test_the_work_is_done_to_its_end_however_often_it_is_cancelled(times: int) -> None:
    work = _Work()
    waiting = asyncio.create_task(finished(work.do()))
    await asyncio.sleep(0)
    for _ in range(times):
        waiting.cancel()
        await asyncio.sleep(0)
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert work.steps == 10


async def test_after_a_cancellation_an_error_of_the_work_is_not_raised() -> None:
    waiting = asyncio.create_task(finished(_Work(ValueError("broken")).do()))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting


async def test_work_that_is_itself_cancelled_ends_the_waiting() -> None:
    work = asyncio.create_task(_Work().do())
    waiting = asyncio.create_task(finished(work))
    await asyncio.sleep(0)
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting


async def test_all_works_are_done_though_one_fails() -> None:
    works = [_Work(), _Work(ValueError("broken")), _Work()]
    with pytest.raises(ValueError, match="broken"):
        await all_finished(*(work.do() for work in works))
    assert [work.steps for work in works] == [10, 10, 10]


async def test_no_work_is_done_at_once() -> None:
    await all_finished()


async def test_tasks_may_leave_their_set_while_it_is_waited_for() -> None:
    open_ones: set[asyncio.Task[str]] = set()
    waiting = asyncio.create_task(all_ended(open_ones))
    for error in (None, ValueError("broken")):
        task = asyncio.create_task(_Work(error).do())
        open_ones.add(task)
        task.add_done_callback(open_ones.discard)
    await waiting
    assert not open_ones


async def test_a_task_that_has_ended_and_is_still_in_its_set_is_waited_for() -> None:
    ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    ended.set_result(None)
    open_ones = {ended}  # as between the end of a task and the call of what was to be done then
    asyncio.get_running_loop().call_soon(open_ones.clear)
    await all_ended(open_ones)


async def test_no_tasks_have_ended_at_once() -> None:
    await all_ended(())
