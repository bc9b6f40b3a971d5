from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harlm.branching.race import (
    MOST_BRANCHES,
    BranchForecast,
    Economics,
    Odds,
    Timing,
    delays,
    forecast_race,
    launches,
    play,
)

USUAL = BranchForecast(median_s=1.0, input_usd=0.7, output_usd=0.3, accuracy=0.7)
CACHED = replace(USUAL, input_usd=0.25 * 0.7)
TIMINGS: tuple[Timing, ...] = ("together", "staggered", "after rejection")

forecasts = st.builds(
    BranchForecast,
    median_s=st.floats(0.01, 100),
    spread=st.floats(0, 1.5),
    input_usd=st.floats(0, 1),
    output_usd=st.floats(0, 1),
    accuracy=st.floats(0, 1),
)
some_branches = st.lists(forecasts, min_size=1, max_size=4)
timings = st.sampled_from(TIMINGS)
values = st.floats(0, 100)
few = settings(max_examples=40, deadline=None)


# -- the published table -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("timing", "seconds", "p95_s", "usd", "with_cache"),
    [
        ("together", 1.07, 3.1, 2.76, 1.72),
        ("staggered", 1.67, 4.2, 1.90, 1.38),
        ("after rejection", 2.16, 6.6, 1.44, 1.21),
    ],
)
def test_three_branches_take_what_a_simulation_of_them_took(
    timing: Timing, seconds: float, p95_s: float, usd: float, with_cache: float
) -> None:
    found = forecast_race([USUAL] * 3, timing=timing, points=32_768)
    assert found.seconds == pytest.approx(seconds, abs=0.025)
    assert found.p95_s == pytest.approx(p95_s, abs=0.11)
    assert found.accuracy == pytest.approx(0.88, abs=0.006)
    assert found.usd == pytest.approx(usd, abs=0.025)
    cached = forecast_race([USUAL, CACHED, CACHED], timing=timing, points=32_768)
    assert cached.usd == pytest.approx(with_cache, abs=0.012)


def test_one_branch_without_a_check_takes_its_own_mean() -> None:
    found = forecast_race([USUAL], points=32_768)
    assert found.seconds == pytest.approx(math.exp(0.9**2 / 2), rel=0.01)
    assert found.p95_s == pytest.approx(math.exp(0.9 * 1.645), rel=0.02)
    assert found.accuracy == pytest.approx(0.7, abs=0.005)
    assert found.usd == pytest.approx(1.0)


# -- laws of the forecast ------------------------------------------------------------------------------------


@given(branches=some_branches, timing=timings)
@few
def test_a_forecast_is_within_its_bounds(branches: list[BranchForecast], timing: Timing) -> None:
    found = forecast_race(branches, timing=timing, points=128)
    most = sum(branch.input_usd + branch.output_usd for branch in branches)
    assert 0 <= found.accuracy <= 1
    assert 0 <= found.usd <= most + 1e-9
    assert found.usd >= branches[0].input_usd - 1e-9
    assert found.seconds > 0


@given(branch=forecasts, count=st.integers(2, 4))
@few
def test_branches_at_once_cost_most_and_after_a_rejection_least(branch: BranchForecast, count: int) -> None:
    together, staggered, rejected = (
        forecast_race([branch] * count, timing=timing, points=128) for timing in TIMINGS
    )
    assert together.seconds <= staggered.seconds + 1e-9 <= rejected.seconds + 2e-9
    assert together.usd >= rejected.usd - 1e-9


@given(
    rows=st.lists(st.tuples(st.floats(0, 9), st.booleans(), st.floats(0, 9)), min_size=1, max_size=6),
    waits_for_nothing=st.booleans(),
)
def test_a_race_ends_with_its_first_accepted_answer(
    rows: list[tuple[float, bool, float]], waits_for_nothing: bool
) -> None:
    latencies, accepted = [row[0] for row in rows], [row[1] for row in rows]
    waits = [0.0 if waits_for_nothing else row[2] for row in rows[1:]]
    ended, winner, starts = play(latencies, accepted, waits)
    ends = [start + latency for start, latency in zip(starts, latencies, strict=False)]
    assert starts == sorted(starts)
    assert starts[0] == 0
    good = [end for end, is_good in zip(ends, accepted, strict=False) if is_good]
    if winner is None:
        assert not any(accepted)
        assert (ended, len(starts)) == (max(ends), len(rows))
    else:
        assert accepted[winner]
        assert ended == ends[winner] == min(good)
    assert all(start <= ended for start in starts)


def test_a_rejection_starts_the_next_branch_at_once() -> None:
    assert play([1.0, 5.0, 1.0], [False, False, True], [4.0, 2.0]) == (4.0, 2, [0.0, 1.0, 3.0])
    assert play([0.0, 0.0], [False, False], [math.inf]) == (0.0, None, [0.0, 0.0])


def test_the_waits_of_each_timing() -> None:
    branches = [replace(USUAL, median_s=seconds) for seconds in (1.0, 2.0, 3.0)]
    assert delays(branches, "together") == (0.0, 0.0)
    assert delays(branches, "staggered") == (1.0, 2.0)
    assert delays(branches, "after rejection") == (math.inf, math.inf)


# -- what starts ---------------------------------------------------------------------------------------------


def test_one_branch_starts_if_nothing_has_a_value() -> None:
    found = launches([USUAL] * 3, Economics())
    assert found.branches == 1
    assert "neither time nor a right answer" in found.reason


@pytest.mark.parametrize("timing", TIMINGS)
def test_branches_start_while_they_are_worth_more_than_they_cost(timing: Timing) -> None:
    cheap, expensive = Economics(value_of_answer=0.1), Economics(value_of_answer=100.0)
    assert launches([USUAL] * 3, cheap, timing=timing).branches == 1
    found = launches([USUAL] * 3, expensive, timing=timing)
    assert (found.branches, found.reason) == (3, "")
    assert found.forecast == forecast_race([USUAL] * 3, timing=timing)


def test_time_alone_can_be_worth_a_race() -> None:
    hurried = Economics(value_per_second=10.0)
    assert launches([USUAL] * 3, hurried, timing="together").branches == 3
    assert launches([USUAL] * 3, hurried, timing="after rejection").branches == 1, "it saves no time"


def test_the_reason_names_gain_and_cost() -> None:
    found = launches([USUAL] * 2, Economics(value_of_answer=0.1))
    assert "branch 2 would save" in found.reason
    assert "points, worth $" in found.reason


@given(branches=some_branches, timing=timings, worth=values, granted=st.integers(-1, 4))
@few
def test_no_more_start_than_are_granted(
    branches: list[BranchForecast], timing: Timing, worth: float, granted: int
) -> None:
    economics = Economics(value_per_second=worth, value_of_answer=worth)
    found = launches(branches, economics, timing=timing, granted=granted)
    assert 1 <= found.branches <= max(1, min(len(branches), granted))
    assert bool(found.reason) == (found.branches < len(branches))


@given(branches=some_branches, timing=timings, worth=values, more=values)
@few
def test_a_more_valuable_answer_never_starts_fewer_branches_that_add_accuracy(
    branches: list[BranchForecast], timing: Timing, worth: float, more: float
) -> None:
    steps = [forecast_race(branches[:count], timing=timing).accuracy for count in range(1, len(branches) + 1)]
    if steps != sorted(steps):
        return
    low, high = (
        launches(branches, Economics(value_of_answer=each), timing=timing) for each in (worth, worth + more)
    )
    assert low.branches <= high.branches


@given(branch=forecasts, count=st.integers(2, 4), worth=values, more=values)
@few
def test_a_more_valuable_second_never_starts_fewer_branches_that_save_time(
    branch: BranchForecast, count: int, worth: float, more: float
) -> None:
    branches = [branch] * count
    steps = [forecast_race(branches[:each], timing="together").seconds for each in range(1, count + 1)]
    if steps != sorted(steps, reverse=True):
        return
    low, high = (
        launches(branches, Economics(value_per_second=each), timing="together")
        for each in (worth, worth + more)
    )
    assert low.branches <= high.branches


@given(
    branch=forecasts.filter(lambda branch: 0.05 < branch.accuracy < 0.95),
    count=st.integers(2, 4),
    timing=timings,
    worth=st.floats(0.01, 100),
)
@few
def test_branches_that_cost_nothing_all_start_for_a_better_answer(
    branch: BranchForecast, count: int, timing: Timing, worth: float
) -> None:
    free = [replace(branch, input_usd=0.0, output_usd=0.0)] * count
    assert launches(free, Economics(value_of_answer=worth), timing=timing).branches == count


# -- refusals ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [0, MOST_BRANCHES + 1])
def test_a_race_has_one_to_eight_branches(count: int) -> None:
    with pytest.raises(ValueError, match=f"a race has {count} branches; give 1 to 8"):
        launches([USUAL] * count, Economics())
    with pytest.raises(ValueError, match=f"a race has {count} branches"):
        forecast_race([USUAL] * count)


@pytest.mark.parametrize("value", [-1.0, math.nan, math.inf])
def test_values_and_forecasts_are_finite_and_not_negative(value: float) -> None:
    with pytest.raises(ValueError, match="value_per_second is"):
        Economics(value_per_second=value)
    with pytest.raises(ValueError, match="median_s is"):
        BranchForecast(median_s=value)


def test_probabilities_are_probabilities() -> None:
    with pytest.raises(ValueError, match=r"the accuracy is 1\.5"):
        BranchForecast(median_s=1.0, accuracy=1.5)
    for wrong in ({"accepts_right": 1.2}, {"accepts_wrong": -0.1}, {"alike": 1.0}):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            Odds(**wrong)
