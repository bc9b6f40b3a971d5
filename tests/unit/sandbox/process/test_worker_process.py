"""One process as the host sees it."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from harlm.sandbox.process.worker_process import WorkerProcess, in_words
from tests.support.processes import descendants, is_running
from tests.support.worker_processes import sleeping_worker

on_linux = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


@pytest.fixture
async def worker() -> AsyncIterator[WorkerProcess]:
    with sleeping_worker() as worker:
        yield worker


async def test_the_end_of_a_process_is_noticed_and_each_callback_is_called_once(
    worker: WorkerProcess,
) -> None:
    calls: list[str] = []
    worker.on_end(lambda: calls.append("before"))
    worker.kill()
    await worker.ended.wait()
    worker.end(-9, 100)
    assert calls == ["before"]
    worker.on_end(lambda: calls.append("after"))
    assert calls == ["before", "after"]


async def test_the_report_of_a_zygote_sets_the_status_and_the_highest_peak(worker: WorkerProcess) -> None:
    worker.peak_kb = 2048
    worker.end(3, 1024)
    assert worker.ended.is_set()
    assert (worker.status, worker.peak_mb()) == (3, 2.0)


async def test_after_the_handle_is_closed_signals_do_nothing(worker: WorkerProcess) -> None:
    pid = worker.pid
    assert pid is not None
    worker.close()
    worker.kill()
    assert is_running(pid)


@on_linux
async def test_memory_processor_time_and_parent_are_those_of_the_process(worker: WorkerProcess) -> None:
    assert worker.peak_mb() > 0
    assert worker.cpu_seconds() is not None
    assert worker.parent() == os.getpid()
    assert worker.inner_pid == worker.pid


@on_linux
async def test_the_time_in_which_a_process_has_no_processor_only_grows_and_is_zero_once_it_has_ended(
    worker: WorkerProcess,
) -> None:
    first = worker.queued_seconds()
    assert 0 <= first <= worker.queued_seconds() < 60
    worker.kill()
    await worker.ended.wait()
    assert worker.queued_seconds() == 0.0


@pytest.mark.parametrize("text", ["", "1", "1 x 2", "\xff"])
async def test_a_system_that_does_not_report_it_says_zero(
    worker: WorkerProcess, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read(self: Path, encoding: str) -> str:
        if text == "\xff":
            raise FileNotFoundError(self)
        return text

    monkeypatch.setattr(Path, "read_text", read)
    assert worker.queued_seconds() == 0.0


@on_linux
async def test_children_are_killed_except_the_spared_ones() -> None:
    with sleeping_worker(("sh", "-c", "sleep 60 & sleep 60 & wait")) as worker:
        assert worker.pid is not None
        async with asyncio.timeout(20):
            while len(descendants(worker.pid)) < 2:  # noqa: ASYNC110 - a shell reports nothing
                await asyncio.sleep(0.01)
            spared, killed = sorted(descendants(worker.pid))
            assert worker.kill_children([spared])
            while is_running(killed):  # noqa: ASYNC110 - as above
                await asyncio.sleep(0.01)
        assert is_running(spared)
        os.kill(spared, 9)


@on_linux
async def test_children_of_a_process_that_has_ended_count_as_killed(worker: WorkerProcess) -> None:
    worker.kill()
    await worker.ended.wait()
    await asyncio.to_thread(os.waitpid, worker.pid or 0, 0)
    assert worker.kill_children([])
    assert worker.parent() is None


@pytest.mark.parametrize(
    ("status", "words"), [(0, "exit status 0"), (3, "exit status 3"), (-9, "SIGKILL"), (-40, "signal 40")]
)
def test_a_status_in_words(status: int, words: str) -> None:
    assert in_words(status) == words


@pytest.mark.skipif(sys.platform != "linux", reason="pidfds are a feature of Linux")
async def test_the_handle_is_closed_when_the_process_is_gone_and_when_it_cannot_be_read(
    worker: WorkerProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = descriptors()
    worker.kill()
    await worker.ended.wait()
    assert descriptors() == before - 1

    def unreadable(_: int) -> tuple[int | None, int]:
        raise OSError("no descriptors are left")

    monkeypatch.setattr("harlm.sandbox.process.worker_process.numbers_of", unreadable)
    with pytest.raises(OSError, match="no descriptors"):
        WorkerProcess(os.getpid(), os.pidfd_open(os.getpid()))
    assert descriptors() == before - 1


async def test_a_process_without_a_handle_counts_as_gone_once_it_is_abandoned() -> None:
    child = await asyncio.create_subprocess_exec("sleep", "60")
    worker = WorkerProcess(child.pid, None)
    worker.abandon()
    assert worker.ended.is_set()
    assert await child.wait() < 0


def descriptors() -> int:
    """How many descriptors this process has."""
    return len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - only their number
