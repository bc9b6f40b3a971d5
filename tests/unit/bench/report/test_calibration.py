from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from harlm_bench.labels import Label
from harlm_bench.report import calibration
from harlm_bench.report.groups import Group, grouped
from harlm_bench.suites import Load
from tests.unit.bench.made import EMBEDDED, LOADS, NEAR, SIMULATED, header, journal, results


def group(
    scores: Mapping[str, float] = NEAR, label: Label = SIMULATED, loads: tuple[Load, ...] = LOADS
) -> Group:
    (found,) = grouped([journal(Path("a.jsonl"), results(scores, loads), header(label, loads), fresh=True)])
    return found


def test_recorded_replies_of_a_simulated_model_pass_the_same_gate() -> None:
    replayed = Label(kind="REPLAY", detail="a profile; tape.jsonl", origin="SIMULATED")
    assert calibration.gate(group({**NEAR, "base": 0.9}, replayed)).tasks == ()
    real = Label(kind="REPLAY", detail="a model; tape.jsonl", origin="REAL ENDPOINT")
    assert calibration.gate(group({**NEAR, "base": 0.9}, real)).tasks == ("oolong", "s-niah")


def test_what_is_near_published_scores_may_be_compared() -> None:
    gate = calibration.gate(group())
    assert [(check.task, check.role, check.outcome) for check in gate.checks] == [
        ("oolong", "base", "near"), ("oolong", "reference", "near"),
    ]  # fmt: skip
    assert gate.tasks == ("oolong", "s-niah")
    assert gate.reasons == ()


@pytest.mark.parametrize(
    ("wrong", "score", "said"),
    [
        ("base", 0.9, r"“base” scores 90\.0, published 44\.0, and may be 6 points off"),
        (
            "rlms 0.1.3, depth 1",
            0.2,
            r"“RLM, depth 1” scores 20\.0, published 56\.0, and may be 11 points off",
        ),
    ],
)
def test_what_is_far_from_them_is_not_compared_nor_what_has_none(wrong: str, score: float, said: str) -> None:
    import re

    gate = calibration.gate(group({**NEAR, wrong: score}))
    assert gate.tasks == ()
    assert re.search(said, gate.reasons[0])
    assert "s-niah: have no published score" in gate.reasons[1]


@pytest.mark.parametrize(
    ("base", "rlms", "outcomes"),
    [
        (0.39, 0.46, ["near", "near"]),
        (0.49, 0.66, ["near", "near"]),
        (0.37, 0.43, ["far", "far"]),
        (0.51, 0.69, ["far", "far"]),
    ],
)
def test_the_score_must_be_near_but_for_a_standard_error(
    base: float, rlms: float, outcomes: list[str]
) -> None:
    """A standard error of these is below one point."""
    gate = calibration.gate(group({**NEAR, "base": base, "rlms 0.1.3, depth 1": rlms}))
    assert [check.outcome for check in gate.checks] == outcomes


def test_few_questions_are_near_nothing() -> None:
    few = (Load(task="oolong", tokens=131_072, windows=6, questions=3),)
    gate = calibration.gate(group(loads=few))
    assert [check.outcome for check in gate.checks] == ["few", "few"]
    assert gate.tasks == ()
    assert "not calibrated: n too small: “base” has 18 of the 20 questions" in gate.reasons[0]


def test_a_missing_reference_is_not_near() -> None:
    without = {name: score for name, score in NEAR.items() if "rlms" not in name}
    gate = calibration.gate(group(without))
    assert gate.tasks == ()
    assert "no result of “RLM, depth 1” at 100,000–160,000 tokens" in gate.reasons[0]


def test_another_size_is_not_the_published_one() -> None:
    small = (Load(task="oolong", tokens=8_192, windows=2, questions=2),)
    assert calibration.gate(group(loads=small)).tasks == ()


def test_a_task_without_published_scores_alone_is_not_compared() -> None:
    gate = calibration.gate(group(loads=LOADS[1:]))
    assert gate.tasks == ()
    assert "no task with a published score was run" in gate.reasons[0]


def test_a_task_that_is_far_is_left_out_of_a_profile_that_is_near_elsewhere() -> None:
    """Two tasks are checked and one is far: half of them is enough for tasks without a published score."""
    loads = (*LOADS, Load(task="pairs", tokens=32_768, windows=10, questions=5))
    gate = calibration.gate(group(loads=loads))
    assert gate.tasks == ("oolong", "s-niah")
    assert [check.task for check in gate.checks if check.outcome == "far"] == ["pairs"]


def test_real_models_are_measured_and_not_calibrated() -> None:
    gate = calibration.gate(group({**NEAR, "base": 0.9}, EMBEDDED))
    assert gate.checks == ()
    assert gate.tasks == ("oolong", "s-niah")


def test_a_profile_of_another_family_is_compared_with_its_rows() -> None:
    label = Label(kind="SIMULATED", detail="qwen3-coder-like v1 (aa)")
    assert calibration.gate(group(label=label)).checks[0].published == 36.0


def test_both_scores_are_printed() -> None:
    found = group()
    table = calibration.table(found, calibration.gate(found))
    assert [cell.text for cell in table.rows[0].cells][2:] == ["44.0", "0.0", "6", "near"]
    assert table.heading == "Calibration · SIMULATED"
