from __future__ import annotations

import time

import pytest

from harlm.router.features import extract, growth_of, need_of
from harlm.types import Context, ModelFacts, Profile, Task


@pytest.mark.parametrize(
    ("question", "need"),
    [
        ("What is the code of the vault?", "lookup"),
        ("Who signed the treaty?", "lookup"),
        ("", "lookup"),
        ("How many files import re?", "exact"),
        ("Which file is the largest?", "exact"),
        ("list every name", "exact"),
        ("List all classes", "exact"),
        ("What is the average price?", "exact"),
        ("What is the sentiment of the reviews?", "meaning"),
        ("Summarise the main points", "meaning"),
        ("How many of the reviews contradict each other?", "meaning"),
        ("COMPARE the two proposals", "meaning"),
    ],
)
def test_the_need_follows_the_wording(question: str, need: str) -> None:
    assert need_of(question) == need


@pytest.mark.parametrize(
    ("question", "growth"),
    [
        ("Who signed the treaty?", "constant"),
        ("How many files import re?", "constant"),
        ("Summarise it.", "linear"),
        ("Which two proposals agree?", "factorable pairs"),
        ("Compare every pair of proposals.", "factorable pairs"),
    ],
)
def test_the_growth_follows_what_a_model_must_read(question: str, growth: str) -> None:
    assert growth_of(question) == growth


@pytest.mark.parametrize("asked", ["{} " + "word " * 400_000, "word " * 400_000 + " {}"])
def test_of_a_very_long_question_the_beginning_and_the_end_count(asked: str) -> None:
    started = time.process_time()
    assert need_of(asked.format("How many files import re?")) == "exact"
    assert need_of(asked.format("Summarise it.")) == "meaning"
    assert growth_of(asked.format("Compare every pair of proposals.")) == "factorable pairs"
    assert time.process_time() - started < 0.2


def test_features_relate_the_context_to_the_window_of_the_root_model() -> None:
    profile = Profile(tokens=64_000, characters=256_000, documents=3, kinds=(("code", 3),), structure="code")
    task = Task(question="How many classes?", context=Context.of_text("x"))
    root = ModelFacts(name="m", window=128_000)
    features = extract(task, profile, root)
    assert (features.tokens, features.documents, features.structure) == (64_000, 3, "code")
    assert features.fill == 0.5
    assert features.effective_fill == 64_000 / root.effective_window
    assert features.effective_fill >= features.fill
    assert features.need == "exact"
