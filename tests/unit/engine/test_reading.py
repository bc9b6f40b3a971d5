from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harlm.context import load, profile
from harlm.engine.reading import plan_in_words, reading_cost
from harlm.types import ModelFacts, Profile

PAIRS = "Which pairs of users agree?"
ALL = "Summarise the main points."
ONE = "Who signed the treaty?"


def text_of(tokens: int) -> Profile:
    return Profile(tokens=tokens, characters=4 * tokens, documents=1, kinds=(("text", 1),), structure="prose")


def plan(tokens: int, window: int) -> str:
    return plan_in_words(text_of(tokens), ModelFacts(name="m", window=window))


def test_a_text_that_one_call_reads_needs_no_plan() -> None:
    assert plan_in_words(profile(load("a short text")), ModelFacts(name="m", window=128_000)).startswith(
        "One llm_query reads all of it"
    )


@given(st.integers(1, 10**8), st.integers(1, 2_000_000))
def test_the_calls_of_a_plan_cover_the_text(tokens: int, window: int) -> None:
    words = plan(tokens, window)
    if not words.startswith("One llm_query"):
        calls, each = (int(number.replace(",", "")) for number in re.findall(r"[\d,]*\d", words)[:2])
        assert calls * each >= tokens
        assert (calls - 2) * each < tokens, "and none is for nothing"


def test_a_tiny_window_is_treated_as_the_least_that_can_merge() -> None:
    assert plan(100_000, 10) == plan(100_000, 900)


@pytest.mark.parametrize(
    ("question", "growth"), [(ONE, "constant"), (ALL, "linear"), (PAIRS, "factorable pairs")]
)
def test_the_question_decides_the_bound(question: str, growth: str) -> None:
    cost = reading_cost(question, text_of(100_000), 120_000, 64_000)
    assert (cost.growth, cost.tokens_read) == (growth, 120_000)
    assert cost.least_tokens > 0


def test_questions_about_everything_need_the_whole_text_and_others_a_passage() -> None:
    assert reading_cost(ALL, text_of(100_000), 0, 64_000).least_tokens >= 100_000
    assert reading_cost(ONE, text_of(100_000), 0, 64_000).least_tokens < 1_000


@given(st.sampled_from([ONE, ALL, PAIRS]), st.integers(0, 10**7), st.integers(0, 10**6))
def test_the_bound_never_falls_as_the_text_grows(question: str, tokens: int, window: int) -> None:
    shorter, longer = (reading_cost(question, text_of(size), 0, window) for size in (tokens, tokens + 1_000))
    assert shorter.least_tokens <= longer.least_tokens
