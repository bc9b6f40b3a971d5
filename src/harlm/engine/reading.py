"""How much a run read, beside the least that its question needs. Knows what a question's wording says of that; the bounds
are the budget's.
"""

from __future__ import annotations

import re

from harlm.budget.bounds import Growth, Reader, chunks, least_tokens
from harlm.engine.prompts import reading_plan
from harlm.router.features import EFFECTIVE, need_of
from harlm.types import Profile, Reading

_PAIRS = re.compile(r"\bpairs? of\b|\bwhich (?:two|pairs)\b|\beach pair\b|\bevery pair\b", re.IGNORECASE)
_SLICE = 400  # tokens of a passage that answers a question for one place
_INSTRUCTIONS, _SUMMARY = 300, 300


def growth_of(question: str) -> Growth:
    """How the tokens that a question needs grow with the text, by its wording. Questions that code can answer by counting
    need none of the text read by a model, and questions for one place a passage: both are ``constant``.
    """
    if _PAIRS.search(question):
        return "factorable pairs"
    return "linear" if need_of(question) == "meaning" else "constant"


def plan_in_words(known: Profile, window: int) -> str:
    """How sub-calls can read all of a text, each no longer than its model reads reliably (``window`` tokens fit)."""
    effective = max(_INSTRUCTIONS + 2 * _SUMMARY, int(EFFECTIVE * window))
    reader = Reader(window=effective, instructions=_INSTRUCTIONS, summary=_SUMMARY)
    calls, tokens = chunks(known.tokens, reader)
    return reading_plan(calls, tokens, effective)


def reading_of(question: str, known: Profile, tokens_read: int, window: int) -> Reading:
    """What was read, beside the bound of theorem T1 for the question's class.

    Args:
        tokens_read: of input, over all calls.
        window: of the sub-model, in tokens.
    """
    growth = growth_of(question)
    reader = Reader(
        window=max(window, _INSTRUCTIONS + 2 * _SUMMARY), instructions=_INSTRUCTIONS, summary=_SUMMARY
    )
    least = least_tokens(growth, known.tokens, reader, slice_tokens=_SLICE)
    return Reading(growth=growth, tokens_read=tokens_read, least_tokens=least)
