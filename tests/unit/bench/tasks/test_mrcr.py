from __future__ import annotations

import re

import pytest

from harlm_bench.scoring import score
from harlm_bench.tasks.mrcr import FAMILY
from tests.unit.bench.tasks.solving import answered, reference_score, size_error, unfound

_ORDER = "first second third fourth fifth sixth seventh eighth".split()


def test_the_gold_answers_follow_from_the_text_alone() -> None:
    window = FAMILY.window(2, 16_384, 12)
    for question in window.questions:
        asked = re.search(
            r"assistant's (\w+) (.+?) about the (.+?), word for word, with (\w{10}) and", question.text
        )
        assert asked
        which, form, thing, code = asked.groups()
        lines = [line for line in window.text.splitlines() if f"Write a {form} about the {thing}. " in line]
        reply = lines[_ORDER.index(which)].partition(" Assistant: ")[2]
        assert question.gold == f"{code} {reply}"


@pytest.mark.parametrize("tokens", [2_048])
def test_windows_have_their_size_and_a_perfect_reader_solves_them(tokens: int) -> None:
    for seed in range(2):
        window = FAMILY.window(seed, tokens, 10)
        assert size_error(window) <= 0.05
        assert reference_score(FAMILY, window) == 1.0
    assert not unfound(FAMILY.window(0, 2_048, 3))


def test_the_reply_to_another_turn_or_without_the_code_scores_low() -> None:
    window = FAMILY.window(0, 8_192, 8)
    for question in window.questions:
        query = FAMILY.understand(question.text)
        assert query is not None
        replies = [each.attributes["reply"] for each in window.facts if query.wants(each)]
        others = [f"{query.code} {reply}" for reply in replies if f"{query.code} {reply}" != question.gold]
        assert others
        assert max(score(question, other) for other in others) < 0.8
        assert score(question, question.gold.removeprefix(query.code)) == 0.0


def test_turns_count_in_their_order_in_whatever_order_they_are_read() -> None:
    window = FAMILY.window(0, 8_192, 8)
    backwards = list(reversed(window.facts))
    assert all(answered(FAMILY, each, backwards) == each.gold for each in window.questions)


def test_too_few_turns_give_no_answer() -> None:
    query = FAMILY.understand("Give the assistant's third poem about the red kettle, word for word.")
    assert query is not None
    assert query.request == "poem about the red kettle"
    assert query.answer(()) is None
    assert FAMILY.understand("Give the assistant's ninth poem about the red kettle, word for word.") is None
