"""Runs that are cancelled or interrupted leave no request open."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import time

import pytest

from harlm import (
    events,
)
from harlm.testing import EventLog, FaultyServer
from harlm.types import Sampling
from tests.support.busy import eventually
from tests.support.fault_runs import (
    ASKED,
    Held,
    client,
    line_to,
    words_for,
)

pytestmark = pytest.mark.usefixtures("short_waits")


async def test_a_run_that_is_cancelled_leaves_no_request_open() -> None:
    held = Held()
    with FaultyServer(words_for(64), faults=lambda r: held if r.model == "sub" else None) as server:
        running = asyncio.create_task(client(server, timeout_s=60).aask("What do they say?", "the item"))
        assert await asyncio.to_thread(eventually, lambda: held.seen >= 8, 30)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        asked = held.seen
        assert await asyncio.to_thread(eventually, lambda: not held.open, 1)
        await asyncio.sleep(0.2)
        assert held.seen == asked


async def test_a_run_that_is_cancelled_has_ended_when_it_says_so() -> None:
    log, before = EventLog(), asyncio.all_tasks()
    held = Held()
    with FaultyServer(words_for(64), faults=lambda r: held if r.model == "sub" else None) as server:
        running = asyncio.create_task(
            client(server, timeout_s=60).aask("What do they say?", "the item", sinks=[log])
        )
        assert await asyncio.to_thread(eventually, lambda: held.seen >= 8, 30)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        left = asyncio.all_tasks() - before
        told, started = len(log.of(events.Event)), len(log.of(events.CallStarted))
        await asyncio.sleep(0.3)
        after = len(log.of(events.Event)) - told
    assert (left, after) == (set(), 0)
    assert len(log.of(events.CallFailed)) + len(log.of(events.CallFinished)) == started


async def test_ten_thousand_queued_calls_that_are_cancelled_leave_no_request_open() -> None:
    held = Held()
    with FaultyServer(words_for(0), faults=lambda request: held) as server:
        async with line_to(server) as line:

            async def parent() -> None:
                async with asyncio.TaskGroup() as group:
                    for _ in range(10_000):
                        group.create_task(line.complete(ASKED, Sampling()))

            running = asyncio.create_task(parent())
            assert await asyncio.to_thread(eventually, lambda: held.seen >= 8, 30)
            running.cancel()
            with pytest.raises(asyncio.CancelledError):
                await running
            asked = held.seen
            assert await asyncio.to_thread(eventually, lambda: not held.open, 2)
            await asyncio.sleep(0.3)
            assert (held.seen, held.open) == (asked, set())
    assert asked < 100


def _asking(server: FaultyServer) -> subprocess.Popen[bytes]:
    """A command line that is under way."""
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "harlm", "ask", "What do they say?", "-", "--mode", "full"),
            *("-m", f"openai/root@{server.base_url}", "--sub-model", f"openai/sub@{server.base_url}"),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdin is not None
    process.stdin.write(b"the item")
    process.stdin.close()
    process.stdin = None
    return process


@pytest.mark.parametrize("times", [1, 2])
def test_ctrl_c_leaves_no_request_open(times: int) -> None:
    held = Held()
    with FaultyServer(words_for(64), faults=lambda r: held if r.model == "sub" else None) as server:
        process = _asking(server)
        assert eventually(lambda: held.seen >= 8, 30)
        for _ in range(times):
            process.send_signal(signal.SIGINT)
            time.sleep(0.05)
        out, err = process.communicate(timeout=30)
        assert eventually(lambda: not held.open, 1)
    assert process.returncode in (130, -signal.SIGINT), err  # the second may come while Python itself ends
    assert out == b""
    assert b"interrupted" in err
    assert times > 1 or b"Traceback" not in err


def test_ctrl_c_is_told_to_the_trace() -> None:
    held = Held()
    with FaultyServer(words_for(64), faults=lambda r: held if r.model == "sub" else None) as server:
        process = _asking(server)
        assert eventually(lambda: held.seen >= 8, 30)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=30)
    assert b"events are not written" not in err
