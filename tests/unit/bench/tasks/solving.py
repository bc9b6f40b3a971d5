"""Solvers that tests put in the place of a model."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from harlm.tokens import estimate_tokens
from harlm_bench.items import Fact, Question, TaskFamily, Window
from harlm_bench.scoring import score

_WORD = re.compile(r"\w+")


def answered(family: TaskFamily, question: Question, facts: Sequence[Fact]) -> str:
    """The answer of a perfect reader of ``facts``."""
    query = family.understand(question.text)
    assert query is not None, question.text
    return query.answer([each for each in facts if query.wants(each)]) or ""


def reference_score(family: TaskFamily, window: Window) -> float:
    """The mean score of a perfect reader of all facts."""
    scores = [score(each, answered(family, each, window.facts)) for each in window.questions]
    return sum(scores) / len(scores)


def nearest_document(window: Window, question: Question, names: Sequence[str]) -> str:
    """The document that shares most rare words with the question."""
    words = {name: set(_WORD.findall(window.documents[name].lower())) for name in names}
    times = Counter(word for each in words.values() for word in each)
    sought = set(_WORD.findall(question.text.lower()))
    return max(names, key=lambda name: sum(1 / times[word] for word in sorted(sought & words[name])))


def size_error(window: Window) -> float:
    """How far a window is from the size that was asked for, as a share of that."""
    return abs(estimate_tokens(window.text) / window.tokens - 1)


def unfound(window: Window) -> list[str]:
    """The texts of facts that do not stand in the documents."""
    text = "\n".join(window.documents.values())
    return [each.text for each in window.facts if each.text not in text]
