"""The prompts for small models."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from harlm import markup
from harlm.context import load, profile
from harlm.engine import prompts, small_prompts
from harlm.engine.small_prompts import SMALL_DIRECT_SYSTEM, SMALL_FULL_SYSTEM, SMALL_REPL_SYSTEM
from harlm.guest.vocabulary import COMBINATORS, VOCABULARY
from harlm.tokens import estimate_tokens
from harlm.types import Task


def test_prompts_change_only_on_purpose() -> None:
    texts = SMALL_DIRECT_SYSTEM + SMALL_FULL_SYSTEM + SMALL_REPL_SYSTEM
    assert hashlib.sha256(texts.encode()).hexdigest()[:16] == "ef863777004e8493"


def test_they_are_much_shorter_than_those_of_large_models() -> None:
    for short, long in (
        (SMALL_DIRECT_SYSTEM, prompts.DIRECT_SYSTEM),
        (SMALL_REPL_SYSTEM, prompts.REPL_SYSTEM),
        (SMALL_FULL_SYSTEM, prompts.FULL_SYSTEM),
    ):
        assert estimate_tokens(short) < 0.6 * estimate_tokens(long)


def test_the_vocabulary_is_the_same() -> None:
    for name in (
        row.name for row in VOCABULARY if row.prompt and row.name not in (*COMBINATORS, "ask_tables")
    ):
        assert name in SMALL_FULL_SYSTEM
    assert "llm_query" not in SMALL_REPL_SYSTEM


def test_the_text_comes_first_and_the_question_last() -> None:
    documents = load({"a.txt": "one", "b.txt": "two"}).documents
    system, user = small_prompts.small_direct_messages(documents, "Why?")
    assert "answer a question" in system.content
    assert "NOT FOUND" not in system.content
    assert markup.read_direct_prompt(user.content) == ((("a.txt", "one"), ("b.txt", "two")), "Why?")


def test_a_loop_with_a_small_model_begins_with_short_rules() -> None:
    context = load("some text")
    task = Task(question="Why?", context=context)
    system, user = prompts.opening_messages(task, "full", profile(context), max_turns=20, is_small=True)
    assert system.content == SMALL_FULL_SYSTEM
    assert markup.read_opening(user.content).question == "Why?"


def quotes(texts: dict[str, str]) -> object:
    schema: Any = small_prompts.small_schema(load(texts).documents)
    return schema["properties"]["quote"].get("enum")


def test_of_a_short_text_the_quote_is_one_of_its_sentences() -> None:
    assert quotes({"a.txt": "It rained. It rained.", "b.txt": "It stopped"}) == [
        "It rained.",
        "It stopped",
    ]
    assert quotes({"a.txt": "word " * 200 + ". It rained."}) == ["It rained."]


@pytest.mark.parametrize("text", ["It rained. " * 2_000, "".join(f"Day {n}. " for n in range(101))])
def test_of_a_longer_text_it_is_free(text: str) -> None:
    assert quotes({"a.txt": text}) is None
