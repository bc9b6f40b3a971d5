from __future__ import annotations

from harlm.engine.timing import Bursts, CallClock
from tests.support.virtual_time import Clock


def test_parallelism_is_call_time_over_busy_time() -> None:
    clock = Clock()
    meter = CallClock(now=clock)
    for _ in range(4):
        meter.call_started()
    clock.now = 2.0
    for _ in range(4):
        meter.call_ended(2.0)
    assert meter.parallelism == 4.0
    clock.now = 3.0  # idle time does not count
    meter.call_started()
    clock.now = 5.0
    meter.call_ended(2.0)
    assert meter.parallelism == 2.5


def test_the_calls_of_a_child_count_at_all_nodes_above_it() -> None:
    clock = Clock()
    root = CallClock(now=clock)
    child = CallClock(root, now=clock)
    for meter in (CallClock(child, now=clock), child):
        meter.call_started()
    clock.now = 1.0
    for meter in (CallClock(child, now=clock), child):
        meter.call_ended(1.0)
    assert root.parallelism == child.parallelism == 2.0


def test_no_calls_have_no_parallelism() -> None:
    assert CallClock().parallelism == 0.0


def test_a_burst_could_have_saved_the_time_beyond_its_longest_call() -> None:
    clock = Clock()
    bursts = Bursts(clock)
    for _ in range(3):
        bursts.enter()
    for end in (1.0, 2.0, 3.0):  # one slot: three calls of a second each, one after another
        clock.now = end
        bursts.leave(1.0)
    assert bursts.saved == 2.0
    bursts.enter()
    clock.now = 4.0
    bursts.leave(1.0)
    assert bursts.saved == 2.0
