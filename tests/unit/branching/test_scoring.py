"""The regression: what it learns from made-up answers whose law is known."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harlm.branching.scoring import FEATURES, fit_scale, probability
from harlm.types import Share, Signals


def drawn(number: int, seed: int = 7) -> tuple[list[Signals], list[bool]]:
    """Answers that are right with log-odds -1 + 2 * ran_clean; has_type says nothing."""
    draw = random.Random(seed)
    signals = [Signals(ran_clean=draw.random() < 0.5, has_type=draw.random() < 0.5) for _ in range(number)]
    return signals, [draw.random() < probability(-1 + 2 * bool(each.ran_clean)) for each in signals]


def test_the_law_behind_the_records_is_found() -> None:
    scale = fit_scale(*drawn(8_000))
    assert scale.weights["ran_clean"].weight == pytest.approx(2.0, abs=0.15)
    assert scale.weights["has_type"].weight == pytest.approx(0.0, abs=0.15)
    clean = Signals(ran_clean=True, has_type=True)
    assert probability(scale.score(clean)) == pytest.approx(probability(1), abs=0.03)


def test_a_signal_that_was_not_measured_counts_as_the_mean() -> None:
    scale = fit_scale(*drawn(500))
    assert scale.score(Signals()) == pytest.approx(scale.intercept)
    between = scale.score(Signals(has_type=None, ran_clean=None))
    assert scale.score(Signals(ran_clean=False)) < between < scale.score(Signals(ran_clean=True))


def test_signals_that_do_not_vary_get_no_weight() -> None:
    signals = [Signals(ran_clean=number % 2 == 0, is_found=True) for number in range(20)]
    scale = fit_scale(signals, [number % 2 == 0 for number in range(20)])
    assert set(scale.weights) == {"ran_clean"}
    assert not scale.is_told_by(Signals(is_found=False))
    assert scale.is_told_by(Signals(ran_clean=False))


@pytest.mark.parametrize("outcome", [True, False])
def test_outcomes_that_are_all_alike_leave_figures_finite(outcome: bool) -> None:
    signals, _ = drawn(50)
    scale = fit_scale(signals, [outcome] * 50)
    assert abs(scale.intercept) <= 30
    assert (probability(scale.score(signals[0])) > 0.9) is outcome


@pytest.mark.parametrize(
    ("feature", "worse", "better"),
    [
        ("agreement", Signals(agreement=Share(2, 2)), Signals(agreement=Share(5, 5))),
        ("agreement", Signals(agreement=Share(1, 3)), Signals(agreement=Share(2, 3))),
        ("coverage", Signals(coverage=Share(9, 10)), Signals(coverage=Share(10, 10))),
        ("quotes", Signals(quotes=Share(1, 2)), Signals(quotes=Share(2, 2))),
        ("has_quotes", Signals(quotes=Share(0, 0)), Signals(quotes=Share(1, 1))),
        ("audit", Signals(audit=Share(0, 10)), Signals(audit=Share(0, 40))),
        ("audit", Signals(audit=Share(2, 10)), Signals(audit=Share(0, 10))),
        ("logprob", Signals(logprob=0.2), Signals(logprob=0.3)),
    ],
)
def test_better_signals_have_higher_features(feature: str, worse: Signals, better: Signals) -> None:
    low, high = FEATURES[feature](worse), FEATURES[feature](better)
    assert low is not None
    assert high is not None
    assert 0 <= low < high <= 1


@pytest.mark.parametrize(
    "signals",
    [Signals(), Signals(agreement=Share(1, 1), coverage=Share(0, 0), audit=Share(0, 0))],
    ids=["nothing", "wholes that say nothing"],
)
def test_what_says_nothing_has_no_feature(signals: Signals) -> None:
    assert not any(read(signals) is not None for read in FEATURES.values())


@given(st.floats(-1e9, 1e9))
def test_any_log_odds_have_a_probability(log_odds: float) -> None:
    assert 0 < probability(log_odds) <= 1


def test_nothing_cannot_be_fitted() -> None:
    with pytest.raises(ValueError, match="one outcome for each"):
        fit_scale([], [])
