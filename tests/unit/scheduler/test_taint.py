"""Taint: results of earlier rounds are told apart by loop."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from harlm.scheduler.taint import after_loop, as_earlier, loop_of, site_of, without_rounds

SITES = st.frozensets(st.integers(1, 500), max_size=8)
DEPTHS = st.integers(1, 30)


@given(SITES, SITES, DEPTHS)
def test_only_sites_inside_the_loop_become_earlier(
    taint: frozenset[int], inside: frozenset[int], depth: int
) -> None:
    marked = as_earlier(taint, inside, depth)
    assert {site_of(each) for each in marked if loop_of(each) == depth} == taint & inside
    assert {each for each in marked if loop_of(each) == 0} == taint - inside


@given(SITES, DEPTHS)
def test_after_its_loop_a_taint_is_as_before(taint: frozenset[int], depth: int) -> None:
    assert after_loop(as_earlier(taint, taint, depth), depth) == taint


@given(SITES, DEPTHS, DEPTHS)
def test_the_end_of_one_loop_keeps_the_rounds_of_another(
    taint: frozenset[int], depth: int, other: int
) -> None:
    marked = as_earlier(taint, taint, depth)
    assert after_loop(marked, other) == (taint if other == depth else marked)


@given(SITES, DEPTHS)
def test_the_sites_remain_without_their_rounds(taint: frozenset[int], depth: int) -> None:
    assert without_rounds(taint | as_earlier(taint, taint, depth)) == taint
