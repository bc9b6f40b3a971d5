"""The head of one mode."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from statistics import fmean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harlm.router.features import NAMES
from harlm.router.trees import chance
from harlm_train.boosting import fit_head
from tests.unit.train import made

GIVEN = made.drawn(made.obvious, 120, modes=("plan",)).all
PARTS = [at % 3 for at in range(len(GIVEN))]
HEAD, UNSEEN = fit_head(GIVEN, PARTS)


def test_trees_are_whole_and_small() -> None:
    assert HEAD.trees
    assert all(tree.fault(len(NAMES)) == "" for tree in HEAD.trees)
    assert all(sum(each == -1 for each in tree.feature) <= 8 for tree in HEAD.trees)


def test_a_head_says_what_it_was_made_of() -> None:
    assert HEAD.examples == len(GIVEN)
    assert HEAD.right == pytest.approx(sum(each.score for each in GIVEN) / len(GIVEN), abs=1e-4)


def test_right_answers_have_higher_odds_than_wrong_ones() -> None:
    new = made.drawn(made.obvious, 60, seed=4, modes=("plan",)).all
    right = [HEAD.odds(each.vector) for each in new if each.score and each.features["fit"] > 0.6]
    wrong = [HEAD.odds(each.vector) for each in new if not each.score and each.features["fit"] < 0.4]
    assert min(right) > max(wrong)


def test_a_calibration_rises_and_has_few_steps() -> None:
    assert 1 <= len(HEAD.knots) <= 26
    assert all(low.least < high.least and low.value < high.value for low, high in pairwise(HEAD.knots))


def test_with_one_part_there_is_no_calibration() -> None:
    head, unseen = fit_head(GIVEN, [0] * len(GIVEN))
    assert head.knots == ()
    assert head.probability(GIVEN[0].vector) == pytest.approx(chance(head.odds(GIVEN[0].vector)))
    assert unseen == tuple(head.probability(each.vector) for each in GIVEN)


def test_an_example_is_judged_by_trees_that_have_not_seen_its_part() -> None:
    """In one of three parts every score is the opposite: the trees of all learn the two others, and those of its own part never see it."""
    turned = [
        replace(each, score=1 - each.score) if part == 0 else each
        for each, part in zip(GIVEN, PARTS, strict=True)
    ]
    unseen = fit_head(turned, PARTS).unseen
    apart = fmean(
        abs(chance - each.score)
        for chance, each, part in zip(unseen, turned, PARTS, strict=True)
        if part == 0
    )
    assert apart > 0.5
    assert fmean(abs(chance - each.score) for chance, each in zip(UNSEEN, GIVEN, strict=True)) < 0.25


def test_examples_that_are_all_alike_make_no_trees_but_a_probability() -> None:
    for score in (0.0, 1.0, 0.4):
        given_ = [made.example("repl", score, text=str(at)) for at in range(60)]
        head = fit_head(given_, [at % 3 for at in range(60)]).head
        assert head.trees == ()
        assert head.probability(given_[0].vector) == pytest.approx(score, abs=0.06)


def test_weights_count() -> None:
    """One right run that was made rarely stands for three wrong ones that were made often."""
    given_ = [made.example("repl", float(at % 2), weight=3.0 if at % 2 else 1.0) for at in range(60)]
    assert fit_head(given_, [0] * 60).head.probability(given_[0].vector) == pytest.approx(0.75, abs=0.02)


@given(st.lists(st.floats(-12, 25), min_size=len(NAMES), max_size=len(NAMES)))
def test_any_vector_has_a_probability(values: list[float]) -> None:
    assert 0 < HEAD.probability(tuple(values)) < 1
