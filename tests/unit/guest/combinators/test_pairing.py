"""All pairs that meet a condition."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harlm.guest.combinators import pairing
from harlm.guest.combinators.pairing import pairs

PREDICATES: dict[str, Callable[[int, int], object]] = {
    "less": lambda one, other: one < other,
    "far": lambda one, other: one - other > 3,
    "equal": lambda one, other: one == other,
    "never": lambda one, other: None,
    "odd": lambda one, other: (one + 2 * other) % 3 == 1,
}


def brute(of: dict[Any, int], predicate: Callable[[int, int], object]) -> set[frozenset[Any]]:
    return {
        frozenset((one, other))
        for one in of
        for other in of
        if one != other and (predicate(of[one], of[other]) or predicate(of[other], of[one]))
    }


@given(
    st.dictionaries(st.integers(0, 30), st.integers(-9, 9), max_size=12), st.sampled_from(list(PREDICATES))
)
def test_pairs_of_a_dict_are_those_that_trying_all_finds(of: dict[int, int], name: str) -> None:
    found = pairs(of, PREDICATES[name])
    assert {frozenset(each) for each in found} == brute(of, PREDICATES[name])
    assert len(set(found)) == len(found)
    assert all(one < other for one, other in found)
    assert found == sorted(found)


@given(st.lists(st.integers(-9, 9), max_size=12), st.sampled_from(list(PREDICATES)))
def test_pairs_of_a_list_are_pairs_of_its_items(items: list[int], name: str) -> None:
    found = pairs(items, PREDICATES[name])
    by_place = pairs(dict(enumerate(items)), PREDICATES[name])
    assert found == [(items[one], items[other]) for one, other in by_place]


def test_keys_of_several_kinds_stay_in_their_order() -> None:
    assert pairs({"b": 1, 2: 1, None: 2}, PREDICATES["equal"]) == [("b", 2)]


def test_an_iterator_is_taken_once() -> None:
    assert pairs((each for each in (1, 2)), PREDICATES["less"]) == [(1, 2)]  # type: ignore[arg-type] # as cells do


@pytest.mark.parametrize(("items", "said"), [("abc", "not str"), (5, "not int"), (None, "not NoneType")])
def test_items_that_are_no_list_are_refused(items: Any, said: str) -> None:
    with pytest.raises(TypeError, match=f"pairs takes a list or a dict of items, {said}"):
        pairs(items, PREDICATES["less"])


def test_a_condition_that_cannot_be_called_is_refused_with_what_to_do() -> None:
    with pytest.raises(TypeError, match=r"not str; judge each item with label\(\) first"):
        pairs([1, 2], "they are alike")  # type: ignore[arg-type] # as models write it


def test_more_pairs_than_are_tried_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pairing, "MOST", 10)
    assert len(pairs(range(5), PREDICATES["less"])) == 10
    with pytest.raises(ValueError, match=r"6 items make 15 pairs; at most 10 are tried\. Narrow the items"):
        pairs(range(6), PREDICATES["less"])
