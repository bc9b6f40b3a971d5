from __future__ import annotations

import math

import pytest

from harlm.types import Confidence, Share, Signals


@pytest.mark.parametrize(("part", "whole"), [(-1, 3), (4, 3), (0, -1)])
def test_a_share_is_a_part_of_a_whole(part: int, whole: int) -> None:
    with pytest.raises(ValueError, match="0 <= part <= whole"):
        Share(part, whole)


def test_a_share_says_both_numbers() -> None:
    assert str(Share(3, 1_200)) == "3 of 1,200"


@pytest.mark.parametrize("value", [-0.1, 1.1, math.nan, math.inf])
def test_a_probability_is_between_0_and_1(value: float) -> None:
    with pytest.raises(ValueError, match="from 0 to 1"):
        Signals(logprob=value)


def test_nothing_is_known_by_itself() -> None:
    assert Confidence().value is None
    assert Confidence().signals == Signals()
