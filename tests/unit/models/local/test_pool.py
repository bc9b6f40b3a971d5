"""Servers shared by the runs of a process: one for equal plans, kept a while, ended with the process."""

from __future__ import annotations

import os
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harlm.errors import ConfigError
from harlm.models.local.pool import Lease, Pool
from harlm.models.local.sizing import ServerPlan
from harlm.threads import StopFlag, Stopped
from tests.support.busy import eventually

PLAN = ServerPlan(file=Path("/a.gguf"), window=512, slots=1, threads=1)


class Fake:
    """A server without a process."""

    def __init__(self, plan: ServerPlan) -> None:
        self.plan = plan
        self.end: str | None = None
        self.stops = 0

    def stop(self) -> None:
        self.stops += 1
        self.end = "stopped"


class Starts:
    """Counts starts. Each waits for ``go``."""

    def __init__(self) -> None:
        self.made: list[Any] = []  # of fakes
        self.go = threading.Event()
        self.go.set()
        self.error: Exception | None = None

    def __call__(self, plan: ServerPlan, stop: StopFlag) -> Any:
        while not self.go.wait(0.01):
            stop.check()
        if self.error is not None:
            raise self.error
        self.made.append(Fake(plan))
        return self.made[-1]


def pool_of(starts: Starts, kept_s: float = 60.0) -> Pool:
    return Pool(starts, kept_s)


def test_equal_plans_share_a_server_and_others_do_not() -> None:
    starts = Starts()
    pool = pool_of(starts)
    first, second = pool.lease(PLAN, StopFlag()), pool.lease(replace(PLAN), StopFlag())
    other = pool.lease(replace(PLAN, window=1_024), StopFlag())
    assert first is second
    assert other is not first
    pool.close()
    assert [each.stops for each in starts.made] == [1, 1]


def test_many_threads_that_need_a_server_start_one() -> None:
    starts = Starts()
    starts.go.clear()
    pool = pool_of(starts)
    got: list[object] = []
    threads = [threading.Thread(target=lambda: got.append(pool.lease(PLAN, StopFlag()))) for _ in range(8)]
    for each in threads:
        each.start()
    starts.go.set()
    for each in threads:
        each.join()
    assert len(starts.made) == 1
    assert got == [starts.made[0]] * 8
    pool.close()


def test_a_server_stays_for_the_next_run_and_ends_when_none_comes() -> None:
    starts = Starts()
    pool = pool_of(starts, kept_s=0.2)
    first = pool.lease(PLAN, StopFlag())
    pool.release(PLAN)
    assert pool.lease(PLAN, StopFlag()) is first
    time.sleep(0.4)
    assert first.end is None, "it is in use"
    pool.release(PLAN)
    assert eventually(lambda: first.end is not None)
    assert pool.lease(PLAN, StopFlag()) is not first
    pool.close()


def test_a_server_that_has_died_is_replaced() -> None:
    starts = Starts()
    pool = pool_of(starts)
    pool.lease(PLAN, StopFlag())
    starts.made[0].end = "killed"
    assert pool.lease(PLAN, StopFlag()) == starts.made[1]
    pool.close()


def test_a_start_that_fails_is_tried_again_by_the_next_run() -> None:
    starts = Starts()
    pool = pool_of(starts)
    starts.error = ConfigError("cut")
    with pytest.raises(ConfigError):
        pool.lease(PLAN, StopFlag())
    starts.error = None
    assert pool.lease(PLAN, StopFlag()) == starts.made[0]
    pool.close()


def test_a_wait_for_another_s_start_can_be_given_up() -> None:
    starts = Starts()
    starts.go.clear()
    pool = pool_of(starts)
    first = threading.Thread(target=lambda: pool.lease(PLAN, StopFlag()))
    first.start()
    stop = StopFlag()
    threading.Timer(0.1, stop.set).start()
    with pytest.raises(Stopped):
        pool.lease(PLAN, stop)
    starts.go.set()
    first.join()
    pool.close()


def test_a_run_that_ends_while_its_server_starts_gives_it_back() -> None:
    starts = Starts()
    starts.go.clear()
    pool = pool_of(starts, kept_s=0.05)
    lease = Lease(pool, PLAN)
    raised: list[BaseException] = []

    def take() -> None:
        try:
            lease.take(StopFlag())
        except Stopped as stopped:
            raised.append(stopped)

    taking = threading.Thread(target=take)
    taking.start()
    lease.end()
    starts.go.set()
    taking.join()
    assert raised
    assert eventually(lambda: starts.made[0].end is not None)


def test_a_lease_is_given_back_once() -> None:
    starts = Starts()
    pool = pool_of(starts, kept_s=0.05)
    first, second = Lease(pool, PLAN), Lease(pool, PLAN)
    first.take(StopFlag())
    second.take(StopFlag())
    first.end()
    first.end()
    time.sleep(0.2)
    assert starts.made[0].end is None
    second.end()
    assert eventually(lambda: starts.made[0].end is not None)


def test_what_a_fork_does_leaves_the_servers_alone() -> None:
    starts = Starts()
    pool = pool_of(starts)
    pool.lease(PLAN, StopFlag())
    pool.forget()
    pool.release(PLAN)
    pool.close()
    assert starts.made[0].end is None
    assert hasattr(os, "fork")
