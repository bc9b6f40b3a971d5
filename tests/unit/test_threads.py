"""Work in threads is given up when nothing needs it any more."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import threading
import time
import warnings
from concurrent.futures import Future
from pathlib import Path

import pytest

from harlm import threads
from harlm.threads import StopFlag, Stopped, Threads, alone, done_within

ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"


def spin(stop: StopFlag) -> None:
    while True:
        stop.check()


async def test_the_result_or_the_error_of_the_work_comes_back() -> None:
    assert await Threads().do(lambda _: threading.current_thread().name) == "harlm-work"
    with pytest.raises(ZeroDivisionError):
        await Threads().do(lambda _: 1 / 0)


async def test_a_cancelled_task_ends_its_work() -> None:
    ended = threading.Event()

    def work(stop: StopFlag) -> None:
        try:
            spin(stop)
        finally:
            ended.set()

    waiting = asyncio.create_task(Threads().do(work))
    await asyncio.sleep(0.02)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert ended.wait(10)


async def test_work_that_cannot_be_stopped_is_left_alone() -> None:
    over = threading.Event()
    started = time.monotonic()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await Threads().do(lambda _: over.wait(60))
    assert time.monotonic() - started < 20
    over.set()


async def test_few_threads_run_at_once() -> None:
    running: list[int] = []
    most: list[int] = []

    def work(_: StopFlag) -> None:
        running.append(1)
        most.append(len(running))
        time.sleep(0.005)
        running.pop()

    threads = Threads()
    await asyncio.gather(*(threads.do(work) for _ in range(30)))
    assert max(most) <= 3


async def test_a_statement_of_sqlite_is_stopped() -> None:
    connection = sqlite3.connect(":memory:", check_same_thread=False)

    def work(stop: StopFlag) -> None:
        with stop.over(connection), stop.over(connection):
            connection.execute(ENDLESS)

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await Threads().do(work)
    assert connection.execute("SELECT 1").fetchone() == (1,), "the next statement is not stopped"


def test_an_error_of_sqlite_stays_one_unless_the_work_was_stopped() -> None:
    stop, connection = StopFlag(), sqlite3.connect(":memory:")
    with pytest.raises(sqlite3.Error), stop.over(connection):
        connection.execute("no SQL")
    stop.set()
    with pytest.raises(Stopped), stop.over(connection):
        pass


def test_waiting_for_a_lock_or_another_thread_is_stopped() -> None:
    stop, lock = StopFlag(), threading.Lock()
    with stop.holding(lock):
        assert lock.locked()
    assert not lock.locked()
    lock.acquire()
    threading.Timer(0.05, stop.set).start()
    with pytest.raises(Stopped), stop.holding(lock):
        pass
    with pytest.raises(Stopped):
        stop.wait_for(Future())


def test_a_locked_file_is_tried_again(tmp_path: Path) -> None:
    other = sqlite3.connect(tmp_path / "db", isolation_level=None, check_same_thread=False)
    other.execute("BEGIN EXCLUSIVE")
    own = sqlite3.connect(tmp_path / "db", timeout=0, isolation_level=None)
    with pytest.raises(sqlite3.OperationalError, match="locked"):
        StopFlag().patiently(lambda: own.execute("BEGIN IMMEDIATE"), 0.03)
    threading.Timer(0.05, lambda: other.execute("COMMIT")).start()
    StopFlag().patiently(lambda: own.execute("BEGIN IMMEDIATE"), 30)
    own.execute("COMMIT")
    with pytest.raises(sqlite3.OperationalError, match="syntax"):
        StopFlag().patiently(lambda: own.execute("no SQL"), 30)


async def test_closing_is_done_within_its_time() -> None:
    over = threading.Event()
    assert await done_within(60, lambda: None)
    with pytest.raises(ZeroDivisionError):
        await done_within(60, lambda: [][1 // 0])
    assert not await done_within(0.02, lambda: [over.wait(60)].clear())
    over.set()


async def test_a_cancelled_task_finishes_closing() -> None:
    closed = threading.Event()

    def close() -> None:
        time.sleep(0.05)
        closed.set()

    closing = asyncio.create_task(done_within(60, close))
    await asyncio.sleep(0.01)
    closing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await closing
    assert closed.is_set()


# -- threads that are kept -------------------------------------------------------------------------------------


def workers() -> list[threading.Thread]:
    return [each for each in threading.enumerate() if each.name == "harlm-work"]


async def test_a_thread_that_waits_is_used_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "_WORKERS", kept := threads._Workers())
    monkeypatch.setattr(threads, "_KEPT_S", 10.0)
    used = set()
    async with asyncio.timeout(60):
        for _ in range(20):
            used.add(await alone(threading.current_thread))
            while not kept._idle:  # noqa: ASYNC110 - a thread says nothing when it begins to wait
                await asyncio.sleep(0.001)
    assert len(used) == 1


async def test_a_thread_ends_when_there_is_no_more_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "_WORKERS", threads._Workers())
    monkeypatch.setattr(threads, "_KEPT_S", 0.1)
    used = await alone(threading.current_thread)
    used.join(10)
    assert not used.is_alive()
    assert await alone(lambda: 7) == 7


async def test_work_that_hangs_holds_up_no_other_work() -> None:
    may_end = threading.Event()
    hanging = asyncio.ensure_future(alone(may_end.wait))
    assert await asyncio.gather(*(alone(lambda: 1) for _ in range(8))) == [1] * 8
    assert not hanging.done()
    may_end.set()
    assert await hanging


@pytest.mark.skipif(not hasattr(os, "fork"), reason="nothing forks here")
def test_a_fork_does_not_wait_for_threads_that_it_does_not_have() -> None:
    async def work() -> int:
        return await alone(lambda: 5)

    assert asyncio.run(work()) == 5
    assert workers()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that a process with threads forks
        pid = os.fork()
    if pid == 0:
        os._exit(asyncio.run(work()))
    _, status = os.waitpid(pid, 0)
    assert os.waitstatus_to_exitcode(status) == 5
