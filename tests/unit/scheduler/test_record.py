"""Figures of a cell's calls: time, parallelism, and the cost of early calls."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harlm.scheduler.record import CallRecord, CellRecord
from harlm.types import Usage


def call(
    number: int,
    began: float,
    seconds: float,
    *,
    needs: tuple[int, ...] = (),
    early: bool = False,
    claimed: bool = True,
    critical: float | None = None,
    usage: Usage | None = None,
) -> CallRecord:
    return CallRecord(
        number=number,
        function="llm_query",
        needs=needs,
        is_early=early,
        is_claimed=claimed,
        began_s=began,
        seconds=seconds,
        critical_s=seconds if critical is None else critical,
        usage=usage or Usage(calls=1),
    )


def cell(*calls: CallRecord) -> CellRecord:
    return CellRecord(calls=calls)


def test_overlapping_calls_are_busy_once() -> None:
    made = cell(call(1, 0.0, 2.0), call(2, 1.0, 2.0), call(3, 5.0, 1.0))
    assert made.busy_s == 4.0
    assert made.parallelism == 1.25


def test_a_cell_without_calls_has_no_figures() -> None:
    assert (cell().busy_s, cell().parallelism, cell().critical_path_s) == (0.0, 0.0, 0.0)
    assert cell().edges == {}


def test_the_critical_path_adds_calls_that_need_one_another() -> None:
    made = cell(call(1, 0.0, 2.0), call(2, 0.0, 3.0), call(3, 2.0, 1.5, needs=(1,)))
    assert made.critical_path_s == 3.5
    assert made.edges == {3: (1,)}


def test_the_critical_path_uses_a_calls_own_critical_path() -> None:
    assert cell(call(1, 0.0, 9.0, critical=2.0)).critical_path_s == 2.0


def test_unclaimed_calls_are_not_on_the_critical_path() -> None:
    assert cell(call(1, 0.0, 1.0), call(2, 0.0, 9.0, claimed=False)).critical_path_s == 1.0


def test_the_cost_of_unclaimed_early_calls_is_wasted() -> None:
    spent = Usage(calls=1, input_tokens=100, output_tokens=10, cost_micros=7)
    made = cell(
        call(1, 0, 1, early=True, usage=spent),
        call(2, 0, 1, early=True, claimed=False, usage=spent),
        call(3, 0, 1, claimed=False, usage=spent),
    )
    early = made.early
    assert (early.made, early.claimed, early.wasted_tokens, early.wasted_micros) == (2, 1, 110, 7)


def test_an_unknown_cost_of_a_wasted_call_makes_the_sum_unknown() -> None:
    made = cell(call(1, 0, 1, early=True, claimed=False, usage=Usage(calls=1, cost_micros=None)))
    assert made.early.wasted_micros is None


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(1, 20)), min_size=1, max_size=12))
def test_parallelism_is_between_one_and_the_number_of_calls(times: list[tuple[int, int]]) -> None:
    made = cell(*(call(number, began, seconds) for number, (began, seconds) in enumerate(times, start=1)))
    assert max(seconds for _, seconds in times) <= made.busy_s <= sum(seconds for _, seconds in times)
    assert 1.0 <= made.parallelism <= len(times) + 1e-9
    assert made.parallelism * made.busy_s == pytest.approx(sum(seconds for _, seconds in times))


def test_of_a_cell_that_does_not_count_every_call_was_in_vain() -> None:
    usage = Usage(calls=1, input_tokens=10, output_tokens=5, cost_micros=3)
    made = cell(call(1, 0.0, 1.0, usage=usage), call(2, 0.0, 2.0, early=True, usage=usage))
    given_up = made.given_up.early
    assert (given_up.made, given_up.claimed, given_up.wasted) == (2, 0, 2)
    assert (given_up.wasted_tokens, given_up.wasted_micros) == (30, 6)
    assert made.given_up.critical_path_s == 0.0
