"""How sub-calls can read a whole text, and how much a run read against the least that its question needs.

The bounds come from ``harlm.budget.bounds``.
"""

from __future__ import annotations

from harlm.budget.bounds import Reader, chunks, least_tokens
from harlm.engine.prompts import reading_plan
from harlm.router.wording import growth_of
from harlm.types import ModelFacts, Profile, ReadingCost

_SLICE = 400  # tokens of a passage that answers a question about one place
_INSTRUCTIONS, _SUMMARY = 300, 300  # tokens of a sub-call's instructions, and of its reply
_LEAST_WINDOW = _INSTRUCTIONS + 2 * _SUMMARY  # tokens; the least that ``Reader`` accepts


def plan_in_words(known: Profile, sub: ModelFacts) -> str:
    """A line for the prompt: how many sub-calls read a whole text, none longer than is read reliably.

    Args:
        known: the profile of the text.
        sub: the model of the sub-calls.
    """
    effective = max(_LEAST_WINDOW, sub.effective_window)
    calls, tokens = chunks(known.tokens, _reader(effective))
    return reading_plan(calls, tokens, effective)


def reading_cost(question: str, known: Profile, tokens_read: int, window: int) -> ReadingCost:
    """The tokens that a run read, and the lower bound of theorem T1 for the question's class.

    Args:
        question: decides the class.
        known: the profile of the context.
        tokens_read: input tokens over all calls.
        window: of the sub-model, in tokens.
    """
    growth = growth_of(question)
    reader = _reader(max(window, _LEAST_WINDOW))
    least = least_tokens(growth, known.tokens, reader, slice_tokens=_SLICE)
    return ReadingCost(growth=growth, tokens_read=tokens_read, least_tokens=least)


def _reader(window: int) -> Reader:
    return Reader(window=window, instructions=_INSTRUCTIONS, summary=_SUMMARY)
