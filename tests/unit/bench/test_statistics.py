from __future__ import annotations

import random
import statistics as plain

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harlm_bench import statistics
from harlm_bench.statistics import Difference, Estimate

_DRAWS = 400
_scores = st.floats(0, 1).map(lambda value: round(value, 3))
_samples = st.lists(st.lists(_scores, min_size=1, max_size=5), min_size=1, max_size=5)


def _difference(p: float, low: float = 0.1, high: float = 0.3) -> Difference:
    estimate = Estimate(value=(low + high) / 2, low=low, high=high, questions=9, windows=3)
    return Difference(estimate=estimate, p=p, adjusted=p, discordant=9)


def test_one_question_a_window_gives_the_interval_of_theory() -> None:
    """The mean of n independent coins is normal with the deviation sqrt(p (1 - p) / n): here 0.04."""
    coins = [[1.0]] * 94 + [[0.0]] * 56
    found = statistics.mean(coins, 2_000)
    assert found.value == pytest.approx(0.6267, abs=1e-4)
    half = 1.96 * (found.value * (1 - found.value) / 150) ** 0.5
    assert found.low == pytest.approx(found.value - half, abs=0.012)
    assert found.high == pytest.approx(found.value + half, abs=0.012)
    assert (found.questions, found.windows) == (150, 150)


def test_questions_of_one_window_count_less_than_as_many_windows() -> None:
    apart = statistics.mean([[1.0]] * 20 + [[0.0]] * 20, _DRAWS)
    together = statistics.mean([[1.0] * 20, [0.0] * 20], _DRAWS)
    assert together.high - together.low > 2 * (apart.high - apart.low)


def test_an_interval_covers_the_truth_at_least_as_often_as_it_says() -> None:
    """Two stages count the spread within a window twice, so intervals of short windows are wide rather than narrow."""
    rng = random.Random("coverage")
    hits = 0
    for _ in range(200):
        sample = [[float(rng.random() < 0.5) for _ in range(2)] for _ in range(25)]
        found = statistics.mean(sample, _DRAWS)
        hits += found.low <= 0.5 <= found.high
    assert hits / 200 >= 0.94


def test_the_same_sample_gives_the_same_interval_in_every_process() -> None:
    found = statistics.mean([[0.0, 1.0, 1.0], [1.0, 0.5]], 1_000)
    assert found.low == pytest.approx(1 / 3)
    assert found.high == 1.0


def test_equal_systems_differ_by_nothing_and_say_so() -> None:
    sample = [[0.2, 0.9], [0.4, 0.1]]
    found = statistics.difference(sample, sample, _DRAWS)
    assert (found.estimate.value, found.estimate.low, found.estimate.high) == (0, 0, 0)
    assert found.p == 1
    assert found.verdict == "too few to tell"


def test_a_few_questions_show_nothing_however_clear_they_are() -> None:
    for windows, expected in ((1, 1.0), (2, 0.5), (5, 1 / 16)):
        found = statistics.difference([[1.0]] * windows, [[0.0]] * windows, 10_000)
        assert found.p == expected
        assert found.verdict == "too few to tell"
        assert found.estimate.low < found.estimate.high == 1
    crowded = statistics.difference([[1.0] * 20, [1.0] * 20], [[0.0] * 20, [0.0] * 20], _DRAWS)
    assert crowded.verdict == "too few to tell"
    alike = statistics.difference([[0.3, 0.7]] * 3, [[0.1, 0.5]] * 3, _DRAWS).estimate
    assert [alike.low, alike.high] == pytest.approx([0.2 * 6 / (6 + 1.96**2), 0.2], abs=1e-4)
    enough = statistics.difference([[1.0, 1.0]] * 3, [[0.0, 0.0]] * 3, 10_000)
    assert (enough.p, enough.discordant, enough.verdict) == (1 / 32, 6, "higher")


def test_ties_are_no_evidence() -> None:
    ours, theirs = [[1.0]] * 40, [[1.0]] * 35 + [[0.0]] * 5
    found = statistics.difference(ours, theirs, _DRAWS)
    assert (found.discordant, found.verdict) == (5, "too few to tell")
    assert found.p >= 1 / 16


def test_the_signs_of_a_mixed_sample_are_counted() -> None:
    """Of 64 patterns of six signs, 14 have at most one against the others. A tie does not count."""
    found = statistics.macro_difference([[[1.0]] * 5, [[0.0]]], [[[0.0]] * 5, [[0.0]]], _DRAWS)
    assert found.p == 1 / 16
    mixed = statistics.difference([[1.0]] * 5 + [[0.0]], [[0.0]] * 5 + [[1.0]], _DRAWS)
    assert mixed.p == pytest.approx(14 / 64)


def test_all_right_is_not_certainly_right() -> None:
    right, wrong = statistics.mean([[1.0] * 4] * 5, _DRAWS), statistics.mean([[0.0] * 4] * 5, _DRAWS)
    assert [right.low, right.high] == pytest.approx([0.8389, 1], abs=1e-4)
    assert [wrong.low, wrong.high] == pytest.approx([0, 0.1611], abs=1e-4)
    assert statistics.macro_mean([[[1.0]], [[1.0]]], _DRAWS).low == pytest.approx(0.3424, abs=1e-4)


def test_pairing_removes_what_both_have_in_common() -> None:
    rng = random.Random("pairs")
    hard = [[rng.random() for _ in range(4)] for _ in range(10)]
    theirs = [[0.8 * each for each in row] for row in hard]
    ours = [[each + 0.05 for each in row] for row in theirs]
    found = statistics.difference(ours, theirs, _DRAWS)
    spread = statistics.mean(ours, _DRAWS)
    assert found.estimate.high - found.estimate.low < (spread.high - spread.low) / 20
    assert found.verdict == "higher"
    assert statistics.difference(theirs, ours, _DRAWS).verdict == "lower"


def test_samples_that_are_not_paired_are_refused() -> None:
    with pytest.raises(ValueError, match="not paired"):
        statistics.difference([[1.0, 0.0]], [[1.0]])
    with pytest.raises(ValueError, match="not paired"):
        statistics.ratio([[1.0], [2.0]], [[1.0, 2.0]])
    with pytest.raises(ValueError, match="at least one value"):
        statistics.mean([])


def test_holm_of_known_values() -> None:
    """The example of Holm's paper's kind: 0.01, 0.04, 0.03, 0.005 of four become 0.03, 0.06, 0.06, 0.02."""
    found = statistics.holm([_difference(p) for p in (0.01, 0.04, 0.03, 0.005)])
    assert [round(each.adjusted, 6) for each in found] == [0.03, 0.06, 0.06, 0.02]
    assert [each.verdict for each in found] == [
        "higher", "no difference shown", "no difference shown", "higher",
    ]  # fmt: skip


def test_a_ratio_of_means() -> None:
    found = statistics.ratio([[2.0, 4.0], [6.0, 8.0]], [[1.0, 2.0], [3.0, 4.0]], _DRAWS)
    assert found is not None
    assert [found.value, found.low, found.high] == pytest.approx([2, 2, 2])
    assert statistics.ratio([[1.0]], [[0.0]], _DRAWS) is None


def test_all_tasks_count_alike_however_many_questions_they_have() -> None:
    found = statistics.macro_mean([[[1.0] * 30], [[0.0, 0.0]]], _DRAWS)
    assert found.value == 0.5
    delta = statistics.macro_difference([[[1.0] * 30], [[0.5]]], [[[0.0] * 30], [[0.5]]], _DRAWS)
    assert delta.estimate.value == 0.5


def test_a_95th_percentile_needs_200_values() -> None:
    assert statistics.p95(list(range(199))) is None
    assert statistics.p95(list(range(200))) == 189  # the smallest value that 95 % of them do not pass
    assert statistics.p95(list(range(1_000))) == 949


def test_parallelism_is_the_time_of_all_calls_over_busy_time() -> None:
    assert statistics.parallelism([6.0, 2.0], [2.0, 2.0]) == 2
    assert statistics.parallelism([0.0], [0.0]) is None


@given(_samples)
def test_an_interval_contains_its_estimate_and_stays_in_the_range_of_the_values(
    sample: list[list[float]],
) -> None:
    found = statistics.mean(sample, 60)
    values = [value for row in sample for value in row]
    assert found.low <= found.value <= found.high
    if set(values) not in ({0.0}, {1.0}):
        assert min(values) - 1e-9 <= found.low
        assert found.high <= max(values) + 1e-9
    assert 0 <= found.low <= found.high <= 1
    assert found.value == pytest.approx(plain.fmean(values))


@given(_samples, st.randoms(use_true_random=False))
def test_a_difference_turns_its_sign_when_the_two_change_places(
    sample: list[list[float]], rng: random.Random
) -> None:
    other = [[rng.random() for _ in row] for row in sample]
    one, two = statistics.difference(sample, other, 60), statistics.difference(other, sample, 60)
    assert one.estimate.value == pytest.approx(-two.estimate.value)
    assert one.p == pytest.approx(two.p)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_holm_never_makes_anything_surer_and_keeps_the_order(ps: list[float]) -> None:
    adjusted = [each.adjusted for each in statistics.holm([_difference(p) for p in ps])]
    assert all(p <= after <= 1 for p, after in zip(ps, adjusted, strict=True))
    pairs = sorted(zip(ps, adjusted, strict=True))
    assert [after for _, after in pairs] == sorted(adjusted)
    assert min(adjusted) == pytest.approx(min(1.0, min(ps) * len(ps)))
