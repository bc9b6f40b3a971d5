"""A root whose code cannot reach the text: the text stands in its prompt, or comes piece by piece from a search.

It reads what it has in view as the leaf role of the same model does.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from harlm_bench.simulator.roots import prompts
from harlm_bench.simulator.roots.conversation import Conversation
from harlm_bench.simulator.roots.understanding import Asked

Reader = Callable[[str, str], str]
"""Answers an instruction over a text that the root has in view: the leaf role of the same model."""


def is_needed(talk: Conversation, *, searches: bool) -> bool:
    """Whether the text is out of reach of code."""
    return bool(talk.view) or searches


def acted(asked: Asked, talk: Conversation, reader: Reader | None, *, patience: int) -> str:
    """The next action: a search, or the answer.

    Args:
        asked: the question.
        talk: the dialogue so far.
        reader: as in ``turn``; without one nothing that is in view can be read.
        patience: searches after which it answers with what it has.
    """
    seen = talk.view or "\n\n".join(turn.shown for turn in talk.turns)
    answer = prompts.NOT_FOUND
    if seen and reader is not None:
        answer = reader(prompts.ASK.format(question=asked.question), seen).strip()
    is_found = prompts.NOT_FOUND not in answer.upper()
    if talk.view or is_found or talk.is_last or len(talk.turns) >= patience:
        return f"THINK: I have read what there is.\nANSWER({answer})"
    query = _queries(asked)[len(talk.turns) % len(_queries(asked))]
    return f'THINK: I search for what the question names.\nSEARCH("{query}")'


def _queries(asked: Asked) -> Sequence[str]:
    """What a model searches for, one after the other. No query has quotation marks in it."""
    words, keys = asked.values.get("words"), asked.values.get("keys")
    listed = list(words) if isinstance(words, tuple) else []
    named = list(keys) if isinstance(keys, tuple) else []
    drawn = [
        asked.question[:300],
        " ".join(named),
        " ".join(listed[: len(listed) // 2]),
        " ".join(listed[len(listed) // 2 :]),
    ]
    return [" ".join(query.replace('"', " ").split()) for query in drawn if query.strip()] or ["answer"]
