"""How much an answer hangs on judgements that may be wrong."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harlm.guest.combinators.judgement import Judgement
from harlm.guest.combinators.stability import Stability, likeness

LABELS = st.lists(st.sampled_from("abc"), min_size=1, max_size=40)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=9,
)


def judged(labels: list[str]) -> dict[str, Judgement]:
    return {str(at): Judgement(label) for at, label in enumerate(labels)}


def stability(labels: list[str], answer: Any) -> Stability:
    return Stability(answer, list(judged(labels)))


@given(LABELS, st.floats(0, 1))
def test_stability_is_a_share(labels: list[str], wrong: float) -> None:
    assert 0 <= stability(labels, lambda found: found.count("a")).at(judged(labels), wrong) <= 1


@given(LABELS)
def test_nothing_wrong_is_wholly_stable(labels: list[str]) -> None:
    assert stability(labels, list).at(judged(labels), 0.0) == 1


@given(st.lists(st.sampled_from("abc"), min_size=30, max_size=60), st.floats(0, 0.01), st.floats(0.3, 1))
def test_an_answer_that_hangs_on_every_judgement_is_less_stable_where_much_more_is_wrong(
    labels: list[str], low: float, high: float
) -> None:
    whole = stability(["a", "b", *labels], lambda found: "".join(map(str, found)))
    judgements = judged(["a", "b", *labels])
    assert whole.at(judgements, low) >= whole.at(judgements, high)


def test_an_answer_that_hangs_on_nothing_promises_no_gain() -> None:
    labels = ["a", "b"] * 50
    assert not stability(labels, lambda _: 42).promises_gain(judged(labels), 0.3)
    assert stability(labels, lambda found: found.count("a")).promises_gain(judged(labels), 0.02)


def test_what_stays_unstable_promises_no_gain() -> None:
    labels = ["a", "b"] * 50
    assert not stability(labels, lambda found: "".join(map(str, found))).promises_gain(judged(labels), 0.9)


def test_equal_items_are_wrong_together() -> None:
    items = ["x"] * 20
    assert Stability(lambda found: len(set(found)), items).at({"x": Judgement("a")}, 0.5) == 1


def test_an_answer_that_cannot_be_computed_is_not_stable() -> None:
    def answer(found: list[str | None]) -> int:
        raise ZeroDivisionError

    assert stability(["a", "b"], answer).at(judged(["a", "b"]), 0.1) == 0


@given(VALUES, VALUES)
def test_likeness_is_a_share_alike_in_both_directions(one: Any, other: Any) -> None:
    assert 0 <= likeness(one, other) <= 1
    assert likeness(one, other) == likeness(other, one)
    assert likeness(one, one) == 1


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("a", "b", 0.0),
        ("(1, 2)\n(1, 3)", "(1, 2)\n(2, 3)", 0.5),
        ([1, 2, 3, 4], [1, 2, 3], 6 / 7),
        ({"a": 1, "b": 2}, {"a": 1, "b": 3}, 0.5),
        ([], [1], 0.0),
        (1, 2, 0.0),
        ([1], "a\nb", 0.0),
    ],
)
def test_lists_are_alike_as_far_as_their_entries_are(one: Any, other: Any, alike: float) -> None:
    assert likeness(one, other) == pytest.approx(alike)
