from __future__ import annotations

import math

import numpy as np
import pytest

from harlm_train.regression import logistic


def test_without_examples_the_weights_stay() -> None:
    found = logistic(np.zeros((0, 2)), np.zeros(0), start=np.array([0.3, 1.0]))
    assert found == pytest.approx([0.3, 1.0])


def test_many_examples_outweigh_what_was_known() -> None:
    """Three of four are right: log odds of ln 3."""
    wanted = np.array([1.0, 1.0, 1.0, 0.0] * 2_000)
    columns = np.ones((len(wanted), 1))
    assert logistic(columns, wanted, start=np.zeros(1)) == pytest.approx([math.log(3)], abs=0.01)
    assert logistic(columns, wanted, start=np.zeros(1), ridge=1e9) == pytest.approx([0.0], abs=0.01)


def test_scores_between_count_in_part_and_weights_count() -> None:
    columns = np.ones((4_000, 1))
    half = logistic(columns, np.full(4_000, 0.75), start=np.zeros(1))
    assert half == pytest.approx([math.log(3)], abs=0.01)
    wanted = np.array([1.0, 0.0] * 2_000)
    weighed = logistic(columns, wanted, start=np.zeros(1), weights=np.array([3.0, 1.0] * 2_000))
    assert weighed == pytest.approx([math.log(3)], abs=0.01)


def test_an_offset_is_not_learned_again() -> None:
    wanted = np.array([1.0, 1.0, 1.0, 0.0] * 2_000)
    found = logistic(np.ones((8_000, 1)), wanted, start=np.zeros(1), offset=math.log(3))
    assert found == pytest.approx([0.0], abs=0.01)


def test_examples_that_are_parted_by_a_line_give_finite_weights() -> None:
    columns = np.column_stack([np.ones(200), np.linspace(-1e3, 1e3, 200)])
    found = logistic(columns, (columns[:, 1] > 0).astype(float), start=np.zeros(2))
    assert np.isfinite(found).all()
    assert found[1] > 0
