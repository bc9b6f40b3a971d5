"""A request to stop reaches the runs that are under way, and no others."""

from __future__ import annotations

import threading

import pytest

from harlm.interruption import Interruption


def test_it_reaches_the_runs_that_are_under_way() -> None:
    stop, heard = Interruption(), list[str]()
    stop.request()
    with stop.heard_by(lambda: heard.append("one")):
        with stop.heard_by(lambda: heard.append("two")):
            stop.request()
        stop.request()
    stop.request()
    assert heard == ["one", "two", "one"]


def test_a_run_that_failed_hears_nothing_more() -> None:
    stop, heard = Interruption(), list[int]()
    with pytest.raises(RuntimeError), stop.heard_by(lambda: heard.append(1)):
        raise RuntimeError
    stop.request()
    assert heard == []


def test_a_run_may_end_by_the_request_itself() -> None:
    stop, heard = Interruption(), list[int]()

    def end() -> None:
        first.__exit__(None, None, None)

    first = stop.heard_by(end)
    first.__enter__()
    with stop.heard_by(lambda: heard.append(2)):
        stop.request()
    assert heard == [2]


def test_it_may_come_from_another_thread() -> None:
    stop, heard = Interruption(), list[str]()
    with stop.heard_by(lambda: heard.append(threading.current_thread().name)):
        thread = threading.Thread(target=stop.request, name="other")
        thread.start()
        thread.join()
    assert heard == ["other"]
