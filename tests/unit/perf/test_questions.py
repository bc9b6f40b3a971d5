"""How honestly the offline model answers our own questions: the judge, and the least that must hold."""

from __future__ import annotations

from collections import Counter

import pytest
from perf.questions import Item, items, judged, scores


@pytest.mark.parametrize(
    ("expected", "status", "line", "verdict"),
    [
        ("EUR 5", "ok", "The fee is EUR 5.", "right"),
        ("EUR 5", "ok", "The fee is EUR 6.", "wrong"),
        ("EUR 5", "not_found", "Not found.", "not found"),
        ("none", "not_found", "Not found.", "right"),
        ("none", "ok", "The fee is EUR 5.", "wrong"),
        ("no", "ok", "No: it is not.", "right"),
        ("no", "ok", "Yes: it is.", "wrong"),
        ("no", "ok", "Nothing is said.", "wrong"),
    ],
)
def test_the_judge(expected: str, status: str, line: str, verdict: str) -> None:
    assert judged(Item("a.txt", "How much?", expected, held_out=False), status, line) == verdict


@pytest.mark.parametrize("held_out", [False, True])
def test_two_thirds_are_right_and_few_are_wrong(held_out: bool) -> None:
    asked = [each for each in items() if each.held_out == held_out]
    found = Counter(each.verdict for each in scores(asked))
    assert found["right"] >= 0.65 * len(asked)
    assert found["wrong"] <= 0.05 * len(asked)


def test_the_set_is_large_and_has_questions_without_an_answer() -> None:
    asked = items()
    assert len(asked) >= 150
    assert sum(each.expected == "none" for each in asked) >= 40
