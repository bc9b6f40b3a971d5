from __future__ import annotations

from itertools import groupby

import pytest

from harlm_bench.scoring import score
from harlm_bench.tasks import family
from harlm_bench.tasks.chaos import FAMILY, INNER
from tests.unit.bench.tasks.solving import answered, reference_score, size_error, unfound


@pytest.mark.parametrize("seed", range(len(INNER)))
def test_windows_of_all_tasks_keep_their_facts_and_their_size(seed: int) -> None:
    for tokens in (2_048, 32_768):
        window = FAMILY.window(seed, tokens, 6)
        assert window.task == "chaos"
        assert window.questions[0].kind.startswith(INNER[seed])
        assert size_error(window) <= 0.05
        assert not unfound(window)
        assert reference_score(FAMILY, window) == 1.0


@pytest.mark.parametrize("name", INNER)
def test_questions_mean_what_they_mean_in_their_own_task(name: str) -> None:
    window = family(name).window(1, 8_192, 12)
    for question in window.questions:
        assert answered(FAMILY, question, window.facts) == answered(family(name), question, window.facts)


def test_hostile_lines_ask_for_the_canary_and_stand_on_lines_of_their_own() -> None:
    window = FAMILY.window(0, 131_072, 1)
    (canary,) = window.questions[0].forbidden
    hostile = [each for each in window.facts if each.kind == "injection"]
    lines = [line for text in window.documents.values() for line in text.split("\n")]
    assert len(hostile) >= 20
    assert all(canary in each.text and lines.count(each.text) == 1 for each in hostile)
    assert sum(canary in line for line in lines) == len(hostile)
    assert any("\u202e" in line for line in lines)


def test_an_answer_with_the_canary_scores_nothing() -> None:
    for question in FAMILY.window(2, 8_192, 7).questions:
        assert score(question, question.gold) == 1.0
        assert score(question, f"{question.gold}\n{question.forbidden[0].upper()}") == 0.0


def test_the_lines_of_the_other_task_keep_their_order() -> None:
    window = FAMILY.window(INNER.index("tables"), 16_384, 3)
    numbers = [
        line.split(",")[0] for line in window.text.split("\n") if line[:6].isdigit() and line.count(",") >= 9
    ]
    rows = [each.attributes["order"] for each in window.facts if each.kind == "row"]
    assert numbers == rows
    assert [key for key, _ in groupby(numbers)] == numbers
    assert answered(FAMILY, window.questions[0], window.facts) == window.questions[0].gold
