"""The bench of a real model: its passages, and how answers are judged."""

from __future__ import annotations

import pytest
from perf.real_model import is_right, passages


def test_each_passage_is_short_and_has_one_of_its_answers() -> None:
    found = passages()
    assert len(found) == len({each.name for each in found}) == 30
    for each in found:
        assert 90 < len(each.text.split()) < 160, each.name
        assert is_right(each.text, each.answers), each.name
        assert not is_right(each.question, each.answers), each.name


@pytest.mark.parametrize(
    ("answer", "gold", "right"),
    [
        ("It was in 1974.", "1974", True),
        ("It was in 19745.", "1974", False),
        ("At 10:10, from Linney", "10:10", True),
        ("At 10:10, from Linney", "10", False),
        ("Version 7.0", "7.0", True),
        ("The Duchess [mine.txt:1]", "the duchess", True),
        ("", "four", False),
    ],
)
def test_an_answer_is_right_if_it_contains_the_words_of_the_gold(answer: str, gold: str, right: bool) -> None:
    assert is_right(answer, ["no such words", gold]) is right
