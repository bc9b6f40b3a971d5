"""What a router may look at: the size of a context against the model's window, its structure, and what the question
asks for. Never the name of a data set, a benchmark or a task.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from harlm.types import Growth, ModelFacts, Profile, Task

Need = Literal["lookup", "exact", "meaning"]
"""``lookup``: one place answers. ``exact``: all places, and code can tell. ``meaning``: all places, and reading can."""

_MEANING = re.compile(
    r"\b(summar|overview|gist|main (?:points?|ideas?|topics?|themes?)|compare|contrast|differ(?:ence|s)|similarit|themes?\b"
    r"|sentiment|opinion|attitude|tone\b|classif|categor|argue|disagree|contradict|consistent|critici|evaluate|assess"
    r"|pros and cons|trend)",
    re.IGNORECASE,
)
_PAIRS = re.compile(r"\bpairs? of\b|\bwhich (?:two|pairs)\b|\beach pair\b|\bevery pair\b", re.IGNORECASE)
_EXACT = re.compile(
    r"\b(how many|how often|number of|count\b|total|sum of|average|mean\b|median|percentage|list (?:all|every|the)|^list\b"
    r"|(?:which|what) (?:files?|modules?|documents?|functions?|classes|rows?|lines?|users?|pages)\b|all (?:the )?\w+ (?:that|which)"
    r"|every\b|most\b|least\b|fewest|largest|smallest|longest|shortest|highest|lowest|biggest|pairs? of)",
    re.IGNORECASE | re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class Features:
    """The values that a route is decided on.

    Attributes:
        tokens: of the context.
        fill: tokens over the root model's window.
        effective_fill: tokens over the part of the window in which the model reads reliably.
        need: what the question asks for.
        structure: of most of the context.
        documents: how many.
    """

    tokens: int
    fill: float
    effective_fill: float
    need: Need
    structure: str
    documents: int


def extract(task: Task, profile: Profile, root: ModelFacts) -> Features:
    """The features of a task."""
    return Features(
        tokens=profile.tokens,
        fill=profile.tokens / root.window,
        effective_fill=profile.tokens / root.effective_window,
        need=need_of(task.question),
        structure=profile.structure,
        documents=profile.documents,
    )


def need_of(question: str) -> Need:
    """What a question asks for, by its wording."""
    if _MEANING.search(question):
        return "meaning"
    return "exact" if _EXACT.search(question) else "lookup"


def growth_of(question: str) -> Growth:
    """How the tokens that a question needs grow with the text, by its wording. Questions that code can answer by counting
    need none of the text read by a model, and questions for one place a passage: both are ``constant``.
    """
    if _PAIRS.search(question):
        return "factorable pairs"
    return "linear" if need_of(question) == "meaning" else "constant"
