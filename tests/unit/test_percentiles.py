from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harlm.percentiles import Recent

NUMBERS = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=30)


def recent(kept: int, values: list[float]) -> Recent:
    numbers = Recent(kept)
    for value in values:
        numbers.add(value)
    return numbers


@given(NUMBERS, st.integers(1, 10), st.floats(0, 1))
def test_a_percentile_is_that_of_the_numbers_kept(values: list[float], kept: int, share: float) -> None:
    last = sorted(values[-kept:])
    numbers = recent(kept, values)
    assert len(numbers) == len(last)
    assert numbers.percentile(share) == last[min(len(last) - 1, int(share * len(last)))]


@given(NUMBERS, st.floats(0, 0.99))
def test_more_than_its_share_of_the_numbers_do_not_exceed_a_percentile(
    values: list[float], share: float
) -> None:
    found = recent(100, values).percentile(share)
    assert sum(value <= found for value in values) > share * len(values)


def test_the_ends_are_the_least_and_the_greatest_number() -> None:
    numbers = recent(10, [3.0, 1.0, 2.0])
    assert (numbers.percentile(0.0), numbers.percentile(1.0)) == (1.0, 3.0)


def test_of_equal_numbers_only_one_is_dropped() -> None:
    numbers = recent(2, [5.0, 5.0, 1.0])
    assert (len(numbers), numbers.percentile(0.0), numbers.percentile(1.0)) == (2, 1.0, 5.0)


def test_without_numbers_there_is_no_percentile() -> None:
    with pytest.raises(IndexError):
        Recent(3).percentile(0.5)
