"""The warm tier: summaries for the current questions, true to their sources."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harlm.memory.extract import beginning
from harlm.memory.warm import Summary, WarmTier, is_true_to, summarised
from harlm.tokens import estimate_tokens
from harlm.types import Entry

ARTICLE = " ".join(
    [
        *(f"The weather of day {at} was mild, and little was written about it." for at in range(40)),
        "The lighthouse of Rixhöft was lit for the first time in 1822.",
        *(f"On day {at} the harbour master counted the boats again." for at in range(40)),
    ]
)
LIT, BOATS = "When was the lighthouse lit?", "What did the harbour master count?"


def test_a_new_question_is_answered_from_the_original() -> None:
    warm = WarmTier()
    first = warm.make("k", ARTICLE, [LIT], 60, estimate_tokens)
    other = warm.make("k", ARTICLE, [BOATS], 60, estimate_tokens)
    assert "1822" in first.text
    assert "boats" in other.text
    assert warm.known("k", [LIT], 60, estimate_tokens) == first
    assert warm.known("k", ["Who?"], 60, estimate_tokens) is None
    assert warm.known("k", [LIT], 61, estimate_tokens) is None
    assert warm.known("l", [LIT], 60, estimate_tokens) is None


def test_the_least_recently_used_summary_is_dropped_first() -> None:
    warm = WarmTier()
    for at in range(4_096):
        warm.make(f"k{at}", "x", [], 9, estimate_tokens)
    assert warm.known("k0", [], 9, estimate_tokens) is not None  # now the last used
    warm.make("one more", "x", [], 9, estimate_tokens)
    assert len(warm.kept) == 4_096
    assert warm.known("k0", [], 9, estimate_tokens) is not None
    assert warm.known("k1", [], 9, estimate_tokens) is None


@given(st.text(max_size=4_000), st.text(max_size=60), st.integers(1, 400))
def test_no_summary_exceeds_its_tokens(text: str, question: str, tokens: int) -> None:
    made = summarised(text, [question], tokens, estimate_tokens)
    assert made.tokens <= tokens
    assert estimate_tokens(made.text) == made.tokens
    assert estimate_tokens(beginning(text, tokens, estimate_tokens)) <= tokens


@pytest.mark.parametrize(
    ("value", "tokens", "method"), [("short", 50, "whole"), (ARTICLE, 60, "extract"), ("{}", 50, "whole")]
)
def test_the_method_follows_the_value(value: str, tokens: int, method: str) -> None:
    assert summarised(value, [LIT], tokens, estimate_tokens).method == method


def test_a_row_that_is_asked_for_is_shown_after_the_outline() -> None:
    text = "\n".join(f"2026-01-01 00:00:{at % 60:02} INFO request {at} was served" for at in range(3_000))
    text = text.replace("request 1234 was served", "request 1234 failed with walrus")
    made = summarised(text, ["Which request failed with walrus?"], 250, estimate_tokens)
    assert made.method == "outline"
    assert "log" in made.text.splitlines()[0]
    assert "walrus" in made.text


def test_bytes_are_described_by_their_number() -> None:
    made = summarised(b"\0" * 1_000, [], 50, estimate_tokens)
    assert made.text == "(1,000 bytes that are not text)"
    assert made.of == 1_000


def test_the_ratio_compares_tokens() -> None:
    assert Summary("x", "extract", tokens=25, of=100).ratio == 4.0
    assert Summary("", "extract", tokens=0, of=100).ratio == 100.0


@pytest.mark.parametrize(
    ("summary", "is_true"),
    [
        ("The lighthouse of Rixhöft was lit in 1822.", True),
        ("It was lit.", True),
        ("It was lit in 1823.", False),
        ("The function read_all was lit in 1822.", False),
        ("", True),
    ],
)
def test_a_summary_makes_nothing_up(summary: str, is_true: bool) -> None:
    assert is_true_to(summary, ARTICLE) == is_true


def test_a_summary_of_a_model_is_kept_only_if_it_is_short_and_true() -> None:
    warm = WarmTier()
    assert not warm.take("k", "Lit in 1999.", ARTICLE, 100, estimate_tokens)
    assert not warm.take("k", ARTICLE, ARTICLE, 100, estimate_tokens)
    assert not warm.take("k", "  ", ARTICLE, 100, estimate_tokens)
    assert warm.take("k", "The lighthouse was lit in 1822.", ARTICLE, 100, estimate_tokens)
    found = warm.known("k", ["anything"], 100, estimate_tokens)
    assert found is not None
    assert found.method == "abstract"
    assert warm.known("k", ["anything"], 2, estimate_tokens) is None, "it does not fit"


def test_a_probe_counts_the_numbers_and_names_that_survived() -> None:
    warm = WarmTier()
    entries = {"k": Entry(key="k", kind="answer", value=ARTICLE + " Its light reaches 17 miles.")}
    warm.make("k", ARTICLE, [LIT], 60, estimate_tokens)
    warm.make("whole", "It is 1822.", [LIT], 60, estimate_tokens)
    assert warm.probe("Lit in 1822; it reaches 17 miles; seen by 9999.", entries.get) == (1, 2)
    assert warm.probe("It was lit.", entries.get) == (0, 0)
    assert warm.probe("Lit in 1822.", lambda _: None) == (0, 0), "its original is gone"
