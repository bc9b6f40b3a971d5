"""Thresholds keep the risk that they promise, over many calibrations drawn with fixed seeds."""

from __future__ import annotations

import random
import statistics
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harlm.branching.stopping import Level, Threshold, conformal, promised

levels = st.lists(
    st.tuples(st.floats(0, 1), st.integers(0, 30), st.integers(0, 30)).map(
        lambda row: Level(value=row[0], records=row[1] + row[2], right=row[1])
    ),
    max_size=8,
)
CALIBRATIONS = 300


def drawn(number: int, draw: random.Random) -> list[Level]:
    """Records whose confidence runs from 0 to 1 and is too high: an answer is right with 0.3 + 0.6 * confidence."""
    values = [draw.random() for _ in range(number)]
    return [Level(value=value, records=1, right=int(draw.random() < 0.3 + 0.6 * value)) for value in values]


def risk_of(least: float | None) -> float:
    """The true chance to stop at a wrong answer of ``drawn``."""
    return 0.0 if least is None else 0.7 * (1 - least) - 0.3 * (1 - least**2)


def risks(rule: Callable[[Sequence[Level]], Threshold], records: int) -> list[float]:
    draw = random.Random(11)
    return [risk_of(rule(drawn(records, draw)).least) for _ in range(CALIBRATIONS)]


@pytest.mark.parametrize("records", [50, 200, 800])
@pytest.mark.parametrize("alpha", [0.05, 0.1, 0.2])
def test_the_mean_risk_is_what_was_asked_for(records: int, alpha: float) -> None:
    found = risks(lambda rows: conformal(rows, alpha), records)
    error = statistics.stdev(found) / CALIBRATIONS**0.5
    assert statistics.fmean(found) <= alpha + 2 * error
    assert max(found) > 0, "it stops at all"


@pytest.mark.parametrize("records", [100, 400])
def test_a_promise_is_broken_as_rarely_as_it_says(records: int) -> None:
    alpha, delta = 0.1, 0.1
    found = risks(lambda rows: promised(rows, alpha, delta), records)
    broken = sum(risk > alpha for risk in found) / CALIBRATIONS
    assert broken <= delta + 2 * (delta * (1 - delta) / CALIBRATIONS) ** 0.5
    assert max(found) > 0, "it stops at all"


@given(levels, st.floats(0.01, 0.9))
def test_the_threshold_is_the_smallest_that_fits(rows: list[Level], alpha: float) -> None:
    found = conformal(rows, alpha)
    records = sum(row.records for row in rows)

    def fits(least: float) -> bool:
        wrong = sum(row.records - row.right for row in rows if row.value >= least)
        return (wrong + 1) / (records + 1) <= alpha + 1e-9

    fitting = [row.value for row in rows if fits(row.value)]
    assert found.least == (min(fitting) if fitting else None)


@given(levels, st.floats(0.01, 0.5), st.floats(0.01, 0.5))
def test_a_promise_is_never_looser_than_the_average(rows: list[Level], alpha: float, delta: float) -> None:
    average, sure = conformal(rows, alpha), promised(rows, alpha, min(delta, 0.3))
    if sure.least is not None:
        assert average.least is not None
        assert average.least <= sure.least


@given(levels, st.floats(0.01, 0.45))
def test_more_risk_stops_earlier(rows: list[Level], alpha: float) -> None:
    strict, loose = conformal(rows, alpha), conformal(rows, 2 * alpha)
    if strict.least is not None:
        assert loose.least is not None
        assert loose.least <= strict.least


def test_too_few_records_cannot_stop_and_say_how_many_it_takes() -> None:
    right = [Level(value=0.9, records=18, right=18)]
    found = conformal(right, 0.05)
    assert found.least is None
    assert found.reason == "cannot stop at a risk of 5.0% with 18 records: it takes at least 19"
    assert conformal([Level(value=0.9, records=19, right=19)], 0.05).least == 0.9
    assert promised(right, 0.05, 0.1).reason.endswith("it takes at least 45")
    assert promised([Level(value=0.9, records=45, right=45)], 0.05, 0.1).least == 0.9
    assert promised([Level(value=0.9, records=44, right=44)], 0.05, 0.1).least is None
    assert conformal([], 0.05).least is None


def test_answers_that_are_wrong_though_confident_cannot_stop() -> None:
    found = conformal([Level(value=0.9, records=100, right=80), Level(value=0.1, records=5, right=5)], 0.1)
    assert found.least is None
    assert "of the 100 most confident answers 20 were wrong" in found.reason


def test_no_confidence_never_stops() -> None:
    found = conformal([Level(value=0.5, records=50, right=50)], 0.1)
    assert found.stops_at(0.5)
    assert not found.stops_at(0.49)
    assert not found.stops_at(None)
    assert not Threshold(None, 0.1, 0, "").stops_at(1.0)


@pytest.mark.parametrize("alpha", [0.0, 1.0, -1.0, float("nan")])
def test_a_risk_is_between_0_and_1(alpha: float) -> None:
    with pytest.raises(ValueError, match="alpha is"):
        conformal([], alpha)
    with pytest.raises(ValueError, match="delta is"):
        promised([], 0.1, alpha)
