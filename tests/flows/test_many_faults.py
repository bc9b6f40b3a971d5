"""Many faults of a provider, over real HTTP: runs answer all the same."""

from __future__ import annotations

import asyncio
import time

import pytest

from harlm import (
    Budget,
)
from harlm.testing import FaultyServer
from harlm.testing.faults import (
    Reset,
    Truncated,
)
from tests.support.fault_runs import (
    MIX,
    Seeded,
    client,
    error,
    right,
    words_for,
)

pytestmark = pytest.mark.usefixtures("short_waits")


async def test_with_five_percent_of_faults_runs_answer() -> None:
    runs, at_once = 60, asyncio.Semaphore(8)
    faults = Seeded(0.05, MIX)
    with FaultyServer(words_for(8), faults=faults) as server:
        harlm_ = client(server, timeout_s=3.0)

        async def run(number: int) -> bool:
            async with at_once:
                answer = await harlm_.aask("What do they say?", f"the run{number}")
                return answer.text == right(8, f"run{number}")

        answered = await asyncio.gather(*(run(number) for number in range(runs)), return_exceptions=True)
        requests = len(server.requests)
    assert requests >= 10 * runs
    assert 0.03 * requests < faults.faults < 0.07 * requests, "the premise"
    assert sum(each is True for each in answered) >= 0.995 * runs, answered


async def test_with_a_third_of_requests_failing_most_runs_answer() -> None:
    runs, at_once = 20, asyncio.Semaphore(4)
    mix = (error(429), error(500), error(503), Reset(), Reset("half"), Truncated())
    with FaultyServer(words_for(8), faults=Seeded(0.33, mix)) as server:
        harlm_ = client(server)

        async def run(number: int) -> bool:
            async with at_once:
                answer = await harlm_.aask("What do they say?", f"the run{number}")
                return answer.text == right(8, f"run{number}")

        answered = await asyncio.gather(*(run(number) for number in range(runs)), return_exceptions=True)
    assert sum(each is True for each in answered) >= 0.9 * runs, answered


def test_a_wall_clock_that_jumps_an_hour_changes_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = time.time
    jumps = iter([3600.0, -3600.0] * 100_000)
    monkeypatch.setattr(time, "time", lambda: clock() + next(jumps))
    with FaultyServer(words_for(20), faults=Seeded(0.1, MIX[:8])) as server:
        began = time.monotonic()
        answer = client(server, budget=Budget(seconds=60)).ask("What do they say?", "the item")
        assert time.monotonic() - began < 30
    assert answer.text == right(20)
    assert 0 < answer.latency.wall_s < 30
