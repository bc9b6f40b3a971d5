from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harlm.isotonic import Knot, fault_in, fewer, fit_knots, value_at

outcomes = st.lists(st.tuples(st.floats(-5, 5), st.booleans()), min_size=1, max_size=80)


@given(outcomes, st.lists(st.floats(-10, 10), min_size=2, max_size=10))
def test_a_higher_score_is_never_less_probable_and_nothing_is_certain(
    records: list[tuple[float, bool]], asked: list[float]
) -> None:
    knots = fit_knots(*map(list, zip(*records, strict=True)))
    values = [value_at(knots, score) for score in sorted(asked)]
    assert all(low <= high for low, high in pairwise(values))
    assert all(0 < knot.value < 1 for knot in knots)
    assert [knot.least for knot in knots] == sorted({knot.least for knot in knots})


@given(outcomes)
def test_the_order_of_records_does_not_matter(records: list[tuple[float, bool]]) -> None:
    def fitted(rows: list[tuple[float, bool]]) -> object:
        return fit_knots([score for score, _ in rows], [right for _, right in rows])

    assert fitted(records) == fitted(records[::-1])


def test_violators_are_pooled() -> None:
    """Scores 1 to 4 with outcomes 0, 1, 0, 1: the middle two are one step."""
    knots = fit_knots([1, 2, 3, 4], [False, True, False, True])
    assert [knot.least for knot in knots] == [1, 1.5, 3.5]


def test_many_records_outweigh_the_mean_of_all() -> None:
    knots = fit_knots([0.0] * 500 + [1.0] * 500, [False] * 500 + [True] * 500)
    assert value_at(knots, 0.4) == pytest.approx(0.0, abs=0.003)
    assert value_at(knots, 0.6) == pytest.approx(1.0, abs=0.003)


def test_records_with_one_score_are_one_step() -> None:
    """Sorted by outcome within a score, they would look as if they fell."""
    knots = fit_knots([0.0] * 100 + [1.0] * 100, [True, False] * 50 + [True, True, True, False] * 25)
    assert [knot.value for knot in knots] == pytest.approx([0.5, 0.75], abs=0.01)


def test_few_records_do_not() -> None:
    knots = fit_knots([0.0] * 50 + [1.0] * 2, [False, True] * 25 + [True] * 2)
    assert 0.7 < value_at(knots, 1.0) < 0.8


def test_a_score_below_all_records_gets_the_first_step() -> None:
    knots = fit_knots([1.0, 2.0], [False, True])
    assert value_at(knots, -9.0) == knots[0].value


@pytest.mark.parametrize(("scores", "right"), [([], []), ([1.0], [True, False])])
def test_nothing_cannot_be_fitted(scores: list[float], right: list[bool]) -> None:
    with pytest.raises(ValueError, match="one outcome for each"):
        fit_knots(scores, right)


@given(st.lists(st.tuples(st.floats(-5, 5), st.floats(0, 1)), min_size=1, max_size=40))
def test_scores_between_right_and_wrong_count_in_part(records: list[tuple[float, float]]) -> None:
    knots = fit_knots([score for score, _ in records], [right for _, right in records])
    values = [knot.value for knot in knots]
    assert values == sorted(values)
    assert all(0 < value < 1 for value in values)


def test_half_right_is_a_probability_of_one_half() -> None:
    knots = fit_knots([1.0] * 100, [0.5] * 100)
    assert [knot.value for knot in knots] == pytest.approx([0.5], abs=0.01)


def test_steps_that_no_fit_gives_have_a_fault() -> None:
    def steps(*pairs: tuple[float, float]) -> list[Knot]:
        return [Knot(least=least, value=value) for least, value in pairs]

    cases = [
        ((), ""),
        (((0.0, 0.2), (1.0, 0.8)), ""),
        (((0.0, 0.8), (1.0, 0.2)), "do not rise"),
        (((1.0, 0.2), (0.0, 0.8)), "do not rise"),
        (((0.0, 1.5),), "not between 0 and 1"),
        (((math.nan, 0.5),), "not finite"),
        (((0.0, math.nan),), "not between 0 and 1"),
    ]
    wrong = [
        (pairs, fault_in(steps(*pairs)))
        for pairs, said in cases
        if said not in fault_in(steps(*pairs)) or (not said and fault_in(steps(*pairs)))
    ]
    assert not wrong


@given(st.lists(st.tuples(st.floats(-9, 9), st.booleans()), min_size=1, max_size=80), st.integers(1, 30))
def test_fewer_steps_keep_the_ends_and_rise(records: list[tuple[float, bool]], most: int) -> None:
    knots = fit_knots([score for score, _ in records], [right for _, right in records])
    kept = fewer(knots, most, 4)
    assert len(kept) <= most + 1
    assert not fault_in(kept)
    assert abs(kept[0].value - knots[0].value) < 1e-3
    assert abs(kept[-1].value - knots[-1].value) < 1e-3
