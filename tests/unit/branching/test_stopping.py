from __future__ import annotations

import math
import random
import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harlm.branching.stopping import stopping_threshold

scores = st.lists(st.one_of(st.none(), st.floats(0, 1)), max_size=60)


def test_the_threshold_leaves_as_many_wrong_answers_as_are_allowed() -> None:
    wrong = [0.9, 0.8, 0.7, *[None] * 17]  # 20 tasks: (k + 1) / 21 <= 0.1 for k = 1
    assert stopping_threshold(wrong, 0.1) == 0.8
    assert stopping_threshold(wrong, 0.15) == 0.7
    assert stopping_threshold(wrong, 0.2) == -math.inf, "every answer may be accepted"


def test_too_few_tasks_make_no_threshold_safe() -> None:
    assert stopping_threshold([None] * 18, 0.05) is None
    assert stopping_threshold([None] * 19, 0.05) == -math.inf
    assert stopping_threshold([], 0.5) is None


def test_a_promise_takes_more_tasks_and_stops_later() -> None:
    wrong = [at / 100 for at in range(30)] + [None] * 170
    expected, promised = stopping_threshold(wrong, 0.1), stopping_threshold(wrong, 0.1, delta=0.05)
    assert expected is not None
    assert promised is not None
    assert promised > expected
    assert stopping_threshold([None] * 28, 0.1, delta=0.05) is None, "0.9 ** 28 is above 0.05"
    assert stopping_threshold([None] * 29, 0.1, delta=0.05) == -math.inf


def test_tasks_that_stop_wrong_at_every_threshold_count_at_every_threshold() -> None:
    assert stopping_threshold([math.inf, math.inf, *[None] * 18], 0.1) is None
    assert stopping_threshold([math.inf, 0.4, *[None] * 18], 0.1) == 0.4


@given(wrong=scores, alpha=st.floats(0.01, 0.99), delta=st.one_of(st.none(), st.floats(0.01, 0.99)))
def test_at_the_threshold_few_enough_tasks_stop_with_a_wrong_answer(
    wrong: list[float | None], alpha: float, delta: float | None
) -> None:
    found = stopping_threshold(wrong, alpha, delta=delta)
    if found is None:
        return
    stopped = sum(score is not None and score > found for score in wrong)
    if delta is None:
        assert (stopped + 1) / (len(wrong) + 1) <= alpha + 1e-9
    else:
        luck = sum(
            math.comb(len(wrong), each) * alpha**each * (1 - alpha) ** (len(wrong) - each)
            for each in range(stopped + 1)
        )
        assert luck <= delta + 1e-9


@given(wrong=scores, alpha=st.floats(0.01, 0.5), more=st.floats(0, 0.49))
def test_a_greater_share_never_raises_the_threshold(
    wrong: list[float | None], alpha: float, more: float
) -> None:
    strict, loose = stopping_threshold(wrong, alpha), stopping_threshold(wrong, alpha + more)
    if strict is not None:
        assert loose is not None
        assert loose <= strict


@pytest.mark.parametrize("delta", [None, 0.1])
def test_the_realised_share_keeps_to_alpha_over_recalibrations(delta: float | None) -> None:
    rng, alpha, shares = random.Random(1), 0.1, []

    def task() -> float | None:
        return rng.random() if rng.random() < 0.3 else None

    for _ in range(200):
        threshold = stopping_threshold([task() for _ in range(200)], alpha, delta=delta)
        assert threshold is not None
        shares.append(0.3 * (1 - max(0.0, threshold)))  # the true share, for scores that are uniform
    error = statistics.stdev(shares) / math.sqrt(len(shares))
    assert statistics.mean(shares) <= alpha + 2 * error
    if delta is not None:
        assert sum(share > alpha for share in shares) / len(shares) <= delta + 0.05


def test_shares_are_between_0_and_1_and_scores_are_numbers() -> None:
    with pytest.raises(ValueError, match=r"alpha is 1\.5; give a number between 0 and 1"):
        stopping_threshold([0.5], 1.5)
    with pytest.raises(ValueError, match="delta is 0; "):
        stopping_threshold([0.5], 0.5, delta=0)
    with pytest.raises(ValueError, match="a confidence is nan"):
        stopping_threshold([math.nan], 0.5)
