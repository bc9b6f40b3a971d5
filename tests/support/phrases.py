"""Phrases that no page and no docstring of this project uses, each with what to write instead.

One list for all checks of wording. A blank in a pattern also matches a line break, with the ``#`` of a comment after it.
Letters match in either case, unless a pattern says otherwise.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

_GAP = r"(?:[ \t]+|[ \t]*\n[ \t>#]*)"


class Phrase(NamedTuple):
    """One phrase: how it is found, and what to write instead."""

    pattern: re.Pattern[str]
    instead: str


class Found(NamedTuple):
    """One use of a phrase: the line, counted from 1, the words, and what to write instead."""

    line: int
    words: str
    instead: str


def _phrase(pattern: str, instead: str) -> Phrase:
    return Phrase(re.compile(pattern.replace(" ", _GAP), re.IGNORECASE), instead)


_THING = (
    r"(?:text|call|time|address|number|name|file|list|string|reply|completion|Python|JSON|URL|prose|slot)"
)

PHRASES: tuple[Phrase, ...] = (
    _phrase(r"\brefus(?:es|e|ed|ing) to know\b", "does not depend on"),
    _phrase(r"\bwhat (?:came|comes|becomes|became) of\b", "the result of"),
    _phrase(r"\bNone`* where there (?:is|was|are) (?:none|no|nothing)\b", "`None` if there is none"),
    _phrase(r"\b(?:not|are|is) there yet\b", "does not exist yet, is pending"),
    _phrase(
        r"\b(?:it|reply|value|file|that|which|one) is there(?=[.,;:)]| (?:and|at once)\b)",
        "exists, has arrived",
    ),
    _phrase(r"\bhears? of\b", "is called for, is told"),
    _phrase(r"\bin so many\b", "in at most `n`"),
    _phrase(r"\b(?:is|are|was|were|be) had\b", "is available through"),
    _phrase(r"\bmade short\b", "summarised, shortened"),
    _phrase(
        r"\b(?:built|build|made|make|makes|making|begun|begins|seeded|numbered) anew\b", "rebuilt, made again"
    ),
    _phrase(r"(?-i:\bdear(?:er|est)?\b)|\bdear(?:er|est)\b", "expensive, costs more"),
    _phrase(r"\bnobody(?:'s)?\b", "no caller, no one task, no process"),
    _phrase(r"\bsomebody(?:'s)?\b", "a caller, a user, another process"),
    _phrase(r"\bwhoever\b", "the caller, the waiting task"),
    _phrase(
        rf"(?<!\bthere\s)\b(?:is|are) no {_THING}\b(?! (?:of|for|in|to|that|with|at|on|left)\b)",
        "is not text, is not a call",
    ),
    _phrase(r"\bmend it\b|\bmove it away\b", "fix or remove the file"),
    _phrase(r"\bbut for (?:a|an|the|one|two|what|who|its?|that|those|this|some|\d)", "except"),
    _phrase(
        r"\b(?:go|goes) on(?=[.,;:)]| (?:and|as|after|until|while|when|where|without|with|so|working|trying|in|is)\b)",
        "continues",
    ),
    _phrase(
        r"\b(?:is|are|was|were) over(?=[.,;:)]| (?:and|when|where|once|in|at|as|before|after|or)\b)",
        "has ended",
    ),
    _phrase(r"\bfor want of\b", "for lack of"),
    _phrase(r"\bof which several\b", "several of which"),
    _phrase(r"\bof (?:his|one's) own\b", "of its own, the caller's own"),
    _phrase(r"\bsee the module(?:[.,;]|$)", "one sentence: what this class does"),
    _phrase(r"\bas we had\b", "(delete: history belongs to the commit)"),
    _phrase(r"\bthese days\b", "(delete: history belongs to the commit)"),
)


def phrases_in(text: str) -> Iterator[Found]:
    """Every use of a phrase in ``text``."""
    for phrase in PHRASES:
        for match in phrase.pattern.finditer(text):
            line = text.count("\n", 0, match.start()) + 1
            yield Found(line, " ".join(match[0].split()), phrase.instead)
