"""The intervals hold the truth as often as they say: counted over every possible draw, not sampled."""

from __future__ import annotations

from fractions import Fraction
from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harlm.branching.audit import at_most, chance_of_at_most, count_interval, interval, most_wrong

audits = st.integers(1, 400).flatmap(lambda checked: st.tuples(st.integers(0, checked), st.just(checked)))
shares = st.sampled_from([0.5, 0.8, 0.95, 0.999])


def exactly(wrong: int, checked: int, rate: Fraction) -> Fraction:
    return sum(
        (comb(checked, k) * rate**k * (1 - rate) ** (checked - k) for k in range(wrong + 1)), Fraction()
    )


@given(checked=st.integers(1, 60), percent=st.integers(1, 99), data=st.data())
def test_the_chance_of_few_wrong_items_is_that_of_the_binomial(
    checked: int, percent: int, data: st.DataObject
) -> None:
    wrong = data.draw(st.integers(0, checked))
    exact = float(exactly(wrong, checked, Fraction(percent, 100)))
    assert chance_of_at_most(wrong, checked, percent / 100) == pytest.approx(exact, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize(
    ("wrong", "checked", "low", "high"),
    [(0, 10, 0.0, 0.3085), (3, 20, 0.0321, 0.3789), (10, 10, 0.6915, 1.0), (0, 0, 0.0, 1.0)],
)
def test_published_intervals(wrong: int, checked: int, low: float, high: float) -> None:
    assert interval(wrong, checked) == pytest.approx((low, high), abs=5e-5)


def test_none_wrong_of_59_is_at_most_5_percent() -> None:
    assert at_most(0, 59) < 0.05 < at_most(0, 58)


@given(checked=st.integers(1, 25), permille=st.integers(0, 1000), share=shares)
def test_an_interval_holds_the_true_rate_as_often_as_it_says(
    checked: int, permille: int, share: float
) -> None:
    rate = permille / 1000
    holds = sum(
        comb(checked, wrong) * rate**wrong * (1 - rate) ** (checked - wrong)
        for wrong in range(checked + 1)
        if interval(wrong, checked, share)[0] - 1e-12 <= rate <= interval(wrong, checked, share)[1] + 1e-12
    )
    assert holds >= share - 1e-9


@given(audit=audits, share=shares)
def test_more_wrong_items_move_both_ends_up_and_more_checked_ones_narrow_it(
    audit: tuple[int, int], share: float
) -> None:
    wrong, checked = audit
    low, high = interval(wrong, checked, share)
    assert 0 <= low <= wrong / checked <= high <= 1
    if wrong < checked:
        more = interval(wrong + 1, checked, share)
        assert low <= more[0]
        assert high <= more[1]
    twice = interval(2 * wrong, 2 * checked, share)
    assert twice[1] - twice[0] <= high - low + 1e-12
    assert at_most(wrong, checked, share) <= high


@given(items=st.integers(1, 14), data=st.data())
def test_a_count_of_wrong_items_holds_as_often_as_it_says(items: int, data: st.DataObject) -> None:
    checked = data.draw(st.integers(0, items))
    wrong_in_all = data.draw(st.integers(0, items))
    share = data.draw(shares)
    holds = sum(
        comb(wrong_in_all, wrong) * comb(items - wrong_in_all, checked - wrong)
        for wrong in range(max(0, checked - items + wrong_in_all), min(checked, wrong_in_all) + 1)
        if wrong_in_all <= most_wrong(wrong, checked, items, share)
    )
    assert holds / comb(items, checked) >= share - 1e-9


@given(audit=audits, more=st.integers(0, 5_000))
def test_the_wrong_items_are_those_seen_and_perhaps_some_of_the_others(
    audit: tuple[int, int], more: int
) -> None:
    wrong, checked = audit
    most = most_wrong(wrong, checked, checked + more)
    assert wrong <= most <= wrong + more


def test_a_whole_audit_leaves_nothing_open() -> None:
    assert most_wrong(3, 50, 50) == 3
    assert count_interval(20, 50, wrong=0, checked=50) == (20, 20)


def test_a_count_may_be_off_by_every_wrong_label_in_either_direction() -> None:
    off = most_wrong(1, 100, 1_000)
    assert count_interval(500, 1_000, wrong=1, checked=100) == (500 - off, 500 + off)
    assert count_interval(10, 1_000, wrong=1, checked=100) == (0, 10 + off)
    assert count_interval(995, 1_000, wrong=1, checked=100) == (995 - off, 1_000)


def test_a_million_items_take_no_longer_than_the_audit() -> None:
    assert 35_000 < most_wrong(30, 1_000, 1_000_000) < 45_000


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: interval(3, 2), "3 wrong of 2 checked"),
        (lambda: interval(-1, 2), "0 <= wrong"),
        (lambda: at_most(0, 2, 1.0), "0 < share < 1"),
        (lambda: most_wrong(0, 11, 10), "11 of 10 items cannot be checked"),
        (lambda: count_interval(11, 10, wrong=0, checked=5), "a count of 11 among 10"),
    ],
)
def test_impossible_audits_are_refused(call: object, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        call()  # type: ignore[operator] # of the parameters above
