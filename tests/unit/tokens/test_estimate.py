from __future__ import annotations

import random

import pytest

from harlm.tokens import estimate_tokens
from harlm.tokens.estimate import estimate_documents
from harlm.types import Document

PROSE = (
    "The committee met on a cold morning and decided, after some debate, "
    "to postpone the matter until spring. " * 40
)


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        (PROSE, 700, 900),  # 20 words and 2 marks a sentence, 40 times
        ("x" * 0, 0, 0),
        ("汉字" * 500, 650, 850),
        ("1234567890 " * 100, 400, 550),
    ],
)
def test_estimates_are_near(text: str, low: int, high: int) -> None:
    assert low <= estimate_tokens(text) <= high


def test_a_sample_of_a_long_text_is_near_the_whole() -> None:
    words = random.Random(1).choices(PROSE.split(), k=60_000)
    text = " ".join(words)
    whole = sum(estimate_tokens(text[i : i + 15_000]) for i in range(0, len(text), 15_000))
    assert estimate_tokens(text) == pytest.approx(whole, rel=0.04)


def test_many_documents_are_sampled_over_all_of_them() -> None:
    documents = [Document(name=str(n), text=PROSE) for n in range(200)]
    assert estimate_documents(documents) == pytest.approx(200 * estimate_tokens(PROSE), rel=0.05)
