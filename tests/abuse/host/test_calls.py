"""Calls of host functions: an argument of any kind and size is an answer or an error in the cell, at a bounded cost."""

from __future__ import annotations

import itertools

import pytest

from tests.abuse.host import calls
from tests.support.host import CELLS, FUZZ, Bounds, Case, Host, cell, cells

pytestmark = pytest.mark.timeout(600)
_ANSWERED = ("ok", "partial")
_IN_TIME = (*_ANSWERED, "LimitExceeded")
_BROKEN = (*_IN_TIME, "SandboxFailure")
"""Frames made by hand may be taken for an attack."""


def kept(name: str) -> str:
    """A hostile cell in a file of its own."""
    return (CELLS / f"{name}.py").read_text(encoding="utf-8")


@pytest.mark.parametrize("function", calls.FUNCTIONS)
def test_an_argument_of_an_odd_kind_is_an_error_in_the_cell(host: Host, function: str) -> None:
    """F11."""
    made = [calls.FUNCTIONS[function].format(odd) for odd in calls.ODD]
    at_once = [[each] for each in made] if function == calls.ENDS_THE_CELL else [made]
    host.hold(*(cells(f"odd: {some[-1]}", calls.tried(some), ends=_ANSWERED) for some in at_once))


_PAIRS = list(itertools.product(calls.HUGE, calls.FUNCTIONS))
_EACH_ONCE = list(zip(itertools.cycle(calls.HUGE), calls.FUNCTIONS, strict=False))
_KNOWN = [
    ("words", "memory.expand question"),
    ("words", "context.search"),
    ("words", "memory.search"),
    ("words", "rlm_query"),
]


@pytest.mark.parametrize(("size", "function"), _PAIRS if FUZZ else dict.fromkeys([*_KNOWN, *_EACH_ONCE]))
def test_a_huge_argument_holds_up_neither_the_loop_nor_the_deadline(
    host: Host, size: str, function: str
) -> None:
    """F5, F12."""
    call = calls.FUNCTIONS[function].format(calls.HUGE[size])
    host.hold(cells(f"{size}: {function}", calls.tried([call]), ends=_IN_TIME))


@pytest.mark.parametrize("kind", calls.FRAMES)
def test_a_frame_is_counted_before_it_is_decoded(host: Host, kind: str) -> None:
    """F5, F6."""
    host.hold(cells(f"frame: {kind}", calls.by_hand(kind), ends=_BROKEN))


def test_a_child_over_many_texts_is_no_attack(host: Host) -> None:
    """F11."""
    many = 350_000
    bounds = Bounds(gap_p99_s=3, gap_s=5, late_s=10, rss_mb=700)
    replies = [cell("FINAL(rlm_query('how many?', context))")]
    case = Case(
        name=f"a child over {many:,} texts", replies=replies, documents=many, seconds=90, bounds=bounds
    )
    (seen,) = host.hold(case)
    assert seen.ended in _ANSWERED


def test_searches_with_long_queries_do_not_fill_the_disk(host: Host) -> None:
    """F12."""
    query = "for n in range(12):\n try: context.search('%d ' % n + 'x' * 15_000_000, 1)\n except Exception as e: print(e)"
    host.hold(cells("12 long queries", query, seconds=20, ends=_IN_TIME))


def test_prompts_do_not_stay_in_the_memory_of_the_host(host: Host) -> None:
    """F13."""
    rounds = 80 if FUZZ else 40
    asks = (
        f"for n in range({rounds}): llm_query_batched(['%d %d ' % (n, i) + 'x' * 100_000 for i in range(64)])"
    )
    bounds = Bounds(gap_p99_s=1, gap_s=3, late_s=3, rss_mb=250 if FUZZ else 100, disk_mb=800 if FUZZ else 400)
    host.hold(cells(f"{64 * rounds} prompts of 100 KB", asks, seconds=60, ends=_IN_TIME, bounds=bounds))


def test_a_call_from_a_signal_handler_is_answered_or_refused_at_once(host: Host) -> None:
    """F20."""
    (seen,) = host.hold(cells("a call from a handler", kept("call_from_handler"), seconds=15, ends=_ANSWERED))
    assert seen.wall_s < 12


def test_a_call_from_a_thread_that_outlives_its_cell_harms_nothing(host: Host) -> None:
    """F20. What such a call gets is tested in ``tests/unit/sandbox/process``."""
    late = "import time; time.sleep(0.5)"
    host.hold(cells("a call from a late thread", kept("call_from_late_thread"), late, ends=_ANSWERED))
