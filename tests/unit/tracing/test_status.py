"""The figures of a run, kept up with every event."""

from __future__ import annotations

import math

import pytest

from harlm import events
from harlm.tracing.status import RunStatus, clock_text, in_few_words
from harlm.types import Answer, Usage


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


def started(call: int, model: str = "openai/m") -> events.CallStarted:
    return events.CallStarted(node="0", call=call, role="sub", model=model, messages=())


def answered(call: int, micros: int | None = 100, tokens: int = 10) -> events.CallFinished:
    usage = Usage(calls=1, input_tokens=tokens, cost_micros=micros)
    return events.CallFinished(node="0", call=call, text="x", usage=usage, stop="end", latency_s=1)


def failed(call: int, error: str = "openai/m is not available (500: oops); try later") -> events.CallFailed:
    return events.CallFailed(node="0", call=call, error=error)


def retried(wait_s: float, error: str = "openai/m is rate limited (429: slow down)") -> events.Retried:
    return events.Retried(node="0", model="openai/m", attempt=1, error=error, wait_s=wait_s)


def run_started(**limits: float) -> events.RunStarted:
    return events.RunStarted(
        question="q", root_model="m", sub_model="m", documents=1, characters=1, tokens=1, limits=limits
    )


def status_of(*told: events.Event, clock: Clock | None = None) -> RunStatus:
    status = RunStatus(clock or Clock())
    for event in told:
        status.add(event)
    return status


# -- the line ---------------------------------------------------------------------------------------------


def test_the_line_has_time_calls_tokens_and_money() -> None:
    clock = Clock()
    status = status_of(started(1), started(2), answered(1, tokens=12_345), clock=clock)
    clock.seconds += 31
    assert str(status.line()) == "0:31 · 1 done, 1 in flight · 12,345 tokens · $0.0001"


def test_the_clock_moves_while_nothing_happens() -> None:
    clock = Clock()
    status = status_of(started(1), clock=clock)
    shown = []
    for _ in range(3):
        clock.seconds += 1
        shown.append(str(status.line())[:4])
    assert shown == ["0:01", "0:02", "0:03"]


@pytest.mark.parametrize(
    ("costs", "shown"),
    [
        ((), "$0.0000"),
        ((100, 200), "$0.0003"),
        ((100, None), "≥ $0.0001"),
        ((None, None), "cost unknown"),
    ],
)
def test_an_unknown_price_makes_the_money_a_lower_bound(costs: tuple[int | None, ...], shown: str) -> None:
    status = status_of(*(answered(number, cost) for number, cost in enumerate(costs)))
    assert str(status.line()).endswith(f" · {shown}")


def test_estimated_tokens_are_about() -> None:
    usage = Usage(calls=1, input_tokens=7, estimated=True)
    status = status_of(events.CallFinished(call=1, text="", usage=usage, stop="end", latency_s=0))
    assert " · about 7 tokens · " in str(status.line())


def test_failed_cancelled_and_reused_calls_are_told_apart() -> None:
    known = events.Reused(role="sub", model="m", messages=(), text="x", saved=Usage(calls=1))
    status = status_of(started(1), started(2), failed(1), failed(2, "cancelled"), known)
    assert "0 done, 0 in flight, 1 failed, 1 reused ·" in str(status.line())


# -- retries ----------------------------------------------------------------------------------------------


def test_a_call_that_waits_for_its_next_attempt_is_retrying() -> None:
    clock = Clock()
    status = status_of(started(1), started(2), retried(5), retried(12), clock=clock)
    assert "2 in flight, 2 retrying: 429 rate limited: slow down, 12 s · " in str(status.line())
    clock.seconds += 7
    assert "2 in flight, 1 retrying: 429 rate limited: slow down, 5 s · " in str(status.line())
    clock.seconds += 7
    assert "2 in flight, last failure: 429 rate limited: slow down · " in str(status.line())
    status.add(answered(1))
    assert "1 done, 1 in flight · " in str(status.line())


def test_a_short_retry_is_seen() -> None:
    assert "1 retrying: 429" in str(status_of(started(1), retried(0.01)).line())


def test_no_more_calls_retry_than_are_in_flight() -> None:
    status = status_of(started(1), retried(12), retried(12), failed(1, "cancelled"))
    assert "retrying" not in str(status.line())


@pytest.mark.parametrize(
    ("error", "words"),
    [
        ("openai/m is rate limited (429: slow down); it asks to wait 12 s", "429 rate limited: slow down"),
        ("openai/m refused the key (401: bad (old) key); check X", "401 refused the key: bad (old) key"),
        ("openai/m cannot be reached at http://h:9 (refused); check it", "cannot be reached at http://h:9 (refused)"),
        ("openai/m is rate limited (429: slow (down) at http://h; lower -j", "429 rate limited: slow (down) at http://h; lower -j"),
        ("openai/m is rate limited (429: slow) at http://h:9; lower -j", "429 rate limited: slow"),
        ("it answered with no text", "it answered with no text"),
        ("a\n\n b", "a b"),
        ("", ""),
        ("x" * 90, "x" * 79 + "…"),
    ],
)  # fmt: skip
def test_an_error_in_few_words(error: str, words: str) -> None:
    assert in_few_words(error, "openai/m") == words


# -- limits -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("limits", "shown"),
    [
        ({}, " · $0.0400"),
        ({"usd": 0.05}, " · 80 % of $0.05"),
        ({"usd": 1.0, "tokens": 100}, " · 10 % of 100 tokens"),
        ({"usd": 1.0, "calls": 2}, " · 50 % of 2 calls"),
        ({"usd": math.inf, "seconds": 90.0}, " · 50 % of 90 s"),
        ({"usd": 0.0}, " · 100 % of $0"),
    ],
)
def test_the_nearest_limit_is_shown(limits: dict[str, float], shown: str) -> None:
    clock = Clock()
    status = status_of(run_started(**limits), started(1), answered(1, 40_000), clock=clock)
    clock.seconds += 45
    assert str(status.line()).endswith(shown)


def test_a_limit_of_money_is_not_near_if_no_price_is_known() -> None:
    assert str(status_of(run_started(usd=1), answered(1, None)).line()).endswith(" · cost unknown")


def test_a_limit_of_the_run_that_is_reached_is_shown() -> None:
    reached = events.LimitReached(limit="usd", used=1, allowed=1, message="spent")
    of_a_child = events.LimitReached(parent="0", limit="calls", used=1, allowed=1, message="spent")
    assert str(status_of(run_started(usd=1), of_a_child).line()).endswith(" · 0 % of $1")
    assert str(status_of(run_started(usd=1), reached).line()).endswith(" · cost limit reached")


# -- waiting ----------------------------------------------------------------------------------------------


def test_a_waiting_run_says_what_it_waits_for() -> None:
    clock = Clock()
    status = status_of(started(1), started(2), started(3, "b/n"), started(4, "c/o"), answered(4), clock=clock)
    clock.seconds += 31
    assert status.waiting() == (
        "waiting for openai/m: 2 in flight, 31 s; b/n: 1 in flight, 31 s · 0:31 · 1 done · 10 tokens · $0.0001"
    )


def test_a_waiting_run_says_why_calls_are_tried_again() -> None:
    status = status_of(started(1), retried(12))
    assert "waiting for openai/m: 1 in flight, 0 s (1 retrying: 429 rate limited: slow down, 12 s) · " in (
        status.waiting()
    )


def test_a_run_that_waits_for_no_call_runs_a_cell() -> None:
    clock = Clock()
    status = status_of(events.CellStarted(node="0", turn=1, code="x"), clock=clock)
    clock.seconds += 9
    assert status.waiting().startswith("running a cell, 9 s · ")
    assert status_of().waiting().startswith("working · ")


def test_the_oldest_call_that_is_left_counts() -> None:
    clock = Clock()
    status = status_of(started(1), clock=clock)
    clock.seconds += 10
    status.add(started(2))
    status.add(answered(1))
    clock.seconds += 3
    assert "1 in flight, 3 s" in status.waiting()


def test_a_run_runs_from_its_start_to_its_end() -> None:
    assert not status_of().is_running
    assert status_of(run_started()).is_running
    assert not status_of(run_started(), events.Failed(error="x", type="X")).is_running
    assert not status_of(run_started(), events.Answered(answer=Answer(text="", run_id="R"))).is_running


@pytest.mark.parametrize(
    ("seconds", "shown"), [(-1, "0:00"), (59.9, "0:59"), (61, "1:01"), (3_599, "59:59"), (3_661, "1:01:01")]
)
def test_times_are_shown_as_clocks_show_them(seconds: float, shown: str) -> None:
    assert clock_text(seconds) == shown


def test_tools_cost_money_and_are_progress() -> None:
    status = RunStatus()
    before = status.steps
    status.add(
        events.ToolCalled(node="0", tool="sql", arguments="{}", value="1", seconds=0.1, cost_micros=250_000)
    )
    assert status.steps == before + 1
    assert "$0.2500" in str(status.line())
