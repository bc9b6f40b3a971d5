from __future__ import annotations

import pytest

from harlm_bench.items import Fact
from harlm_bench.scoring import score
from harlm_bench.tasks import family
from tests.unit.bench.tasks.test_families import _window

_LINES = (
    ("11111", "praise", "2023-01-05"),
    ("11111", "offer", "2023-02-01"),
    ("22222", "praise", "2023-03-05"),
    ("22222", "praise", "2024-03-06"),
    ("33333", "offer", "2023-01-05"),
    ("33333", "plan", "2024-06-01"),
    ("44444", "report", "2023-01-05"),
)
_FACTS = tuple(
    Fact(text=f"{user} {label} {day}", kind="line", attributes={"user": user, "label": label, "date": day})
    for user, label, day in _LINES
)


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (
            "both users have at least one message with label praise or label offer",
            "(11111, 22222)\n(11111, 33333)\n(22222, 33333)",
        ),
        (
            "both users have at least one message with label praise or label offer, and all messages with label offer of "
            "both users were written before January 20, 2023",
            "(22222, 33333)",
        ),
        (
            "one user has at least one message with label praise and at least one message with label offer, and the other "
            "user has exactly one message with label plan",
            "(11111, 33333)",
        ),
        (
            "one user has at least two messages with label praise, and the other user has exactly one message with label "
            "offer",
            "(11111, 22222)\n(22222, 33333)",
        ),
        ("both users have exactly three messages with label plan", "none"),
        ("both users wrote a message with label offer on the same day", "none"),
        (
            "there are at least one days on which both users wrote a message",
            "(11111, 33333)\n(11111, 44444)\n(33333, 44444)",
        ),
        ("the two users together have exactly three messages with label praise", "(11111, 22222)"),
        (
            "one user wrote the last message with label praise before the other user wrote the first one",
            "(11111, 22222)",
        ),
        ("both users have the same number of messages with label offer, and at least one", "(11111, 33333)"),
        ("both users wrote a message with label praise in January of any year", "none"),
    ],
)
def test_conditions_in_words_are_understood(condition: str, expected: str) -> None:
    query = family("pairs").understand(f"List all pairs of user IDs such that {condition}.")
    assert query is not None
    assert query.answer(_FACTS) == expected


def test_all_thirty_forms_are_asked() -> None:
    window = family("pairs").window(1, 8_000, 30)
    assert len({question.kind for question in window.questions}) == 30


def test_answers_do_not_grow_with_the_window() -> None:
    golds = [question.gold for question in _window("pairs", 2, 100_000).questions]
    assert all(gold.count("\n") < 7_140 for gold in golds)


def test_most_answers_are_neither_empty_nor_all_pairs() -> None:
    questions = [question for seed in (1, 2) for question in _window("pairs", seed, 16_384).questions]
    assert sum(question.gold == "none" for question in questions) <= 0.1 * len(questions)
    everyone = {question.id: question for question in questions}
    assert all(score(question, "none") in (0.0, 1.0) for question in everyone.values())
