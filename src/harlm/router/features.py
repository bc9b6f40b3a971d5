"""The features that a router may use: the size of the context relative to the model's window, its structure,
and what the question asks for. Never the name of a data set, a benchmark or a task.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from harlm.patterns import lazy_pattern
from harlm.types import Growth, ModelFacts, Profile, Task

Need = Literal["lookup", "exact", "meaning"]
"""What a question needs. ``lookup``: one place of the text. ``exact``: all of it, evaluated by code.
``meaning``: all of it, read by a model.
"""

_MEANING = lazy_pattern(
    r"\b(summar|overview|gist|main (?:points?|ideas?|topics?|themes?)|compare|contrast|differ(?:ence|s)|similarit|themes?\b"
    r"|sentiment|opinion|attitude|tone\b|classif|categor|argue|disagree|contradict|consistent|critici|evaluate|assess"
    r"|pros and cons|trend)",
    re.IGNORECASE,
)
_PAIRS = lazy_pattern(r"\bpairs? of\b|\bwhich (?:two|pairs)\b|\beach pair\b|\bevery pair\b", re.IGNORECASE)
_EXACT = lazy_pattern(
    r"\b(how many|how often|number of|count\b|total|sum of|average|mean\b|median|percentage|list (?:all|every|the)|^list\b"
    r"|(?:which|what) (?:files?|modules?|documents?|functions?|classes|rows?|lines?|users?|pages)\b|all (?:the )?\w+ (?:that|which)"
    r"|every\b|most\b|least\b|fewest|largest|smallest|longest|shortest|highest|lowest|biggest|pairs? of)",
    re.IGNORECASE | re.MULTILINE,
)
_READ = 4_000  # characters of a question whose wording counts: half at its beginning, half at its end


@dataclass(frozen=True, slots=True)
class Features:
    """The values that decide a route.

    Attributes:
        tokens: of the context.
        fill: these tokens divided by the root model's window.
        effective_fill: these tokens divided by the part of the window that the model reads reliably.
        need: what the question needs.
        structure: of most of the context: ``prose``, ``code``, ``records`` or ``mixed``.
        documents: how many the context has.
    """

    tokens: int
    fill: float
    effective_fill: float
    need: Need
    structure: str
    documents: int


def extract(task: Task, profile: Profile, root: ModelFacts) -> Features:
    """The features of a task.

    Args:
        task: its question and context.
        profile: of the context.
        root: the model that would read or work on it.
    """
    return Features(
        tokens=profile.tokens,
        fill=profile.tokens / root.window,
        effective_fill=profile.tokens / root.effective_window,
        need=need_of(task.question),
        structure=profile.structure,
        documents=profile.documents,
    )


def need_of(question: str) -> Need:
    """What a question needs, by its wording; of a very long one, by that of its beginning and end."""
    question = _read(question)
    if _MEANING.search(question):
        return "meaning"
    return "exact" if _EXACT.search(question) else "lookup"


def growth_of(question: str) -> Growth:
    """How the tokens that a model must read for a question grow with the text, by the question's wording.

    A question that code can answer needs none of the text read, and a question about one place needs a
    passage: both are ``constant``.
    """
    if _PAIRS.search(_read(question)):
        return "factorable pairs"
    return "linear" if need_of(question) == "meaning" else "constant"


def _read(question: str) -> str:
    half = _READ // 2
    return question if len(question) <= _READ else f"{question[:half]} {question[-half:]}"
