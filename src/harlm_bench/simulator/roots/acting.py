"""A root whose code cannot reach the text: the text stands in its prompt, or comes piece by piece from a search.

It reads what it has in view as the leaf role of the same model does.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from harlm_bench.simulator.roots import prompts
from harlm_bench.simulator.roots.conversation import Conversation
from harlm_bench.simulator.roots.understanding import Asked

Reader = Callable[[str, str], str]
"""Answers an instruction over a text that the root has in view: the leaf role of the same model."""

_MOST_SEARCHES: Final = 18
_NAME: Final = re.compile(r"\b[A-Z][\w'-]+(?: [A-Z][\w'-]+)*")
_OPENERS: Final = frozenset(
    """a all an and as at by each every for from he his her how if in it its no of on one she that the their then there
    they this to what when where which who with""".split()
)


def is_needed(talk: Conversation, *, searches: bool) -> bool:
    """Whether the text is out of reach of code."""
    return bool(talk.view) or searches


def acted(asked: Asked, talk: Conversation, reader: Reader | None, *, patience: int) -> str:
    """The next action: a search, or the answer.

    It searches until an answer stands after one more search, and follows the names that it has read. Where none is left to
    follow, it searches for the words of the question in other ways.

    Args:
        asked: the question.
        talk: the dialogue so far.
        reader: as in ``turn``; without one nothing that is in view can be read.
        patience: searches that follow no name, after which it answers with what it has.
    """
    shown = [turn.shown for turn in talk.turns]
    answer = _answer(asked, talk.view or "\n\n".join(shown), reader)
    is_settled = prompts.is_answer(answer) and answer == _answer(asked, "\n\n".join(shown[:-1]), reader)
    query = None
    if not (talk.view or is_settled or talk.is_last or len(shown) >= _MOST_SEARCHES):
        query = _next_query(asked, shown, reader, patience)
    if query is None:
        return f"THINK: I have read what there is.\nANSWER({answer})"
    return f'THINK: I search for what I know so far.\nSEARCH("{query}")'


def _answer(asked: Asked, seen: str, reader: Reader | None) -> str:
    if not seen or reader is None:
        return prompts.NOT_FOUND
    return reader(prompts.ASK.format(question=asked.question), seen).strip()


def _next_query(asked: Asked, shown: Sequence[str], reader: Reader | None, patience: int) -> str | None:
    """What it searches for after the results ``shown``; ``None`` if nothing is left.

    The dialogue does not say what was searched for, but each query follows from the results before it.
    """
    fixed = iter(_queries(asked)[:patience])
    done: set[str] = set()
    query = next(fixed, None)
    for count in range(1, len(shown) + 1):
        done.add(query or "")
        leads = _leads(asked, "\n\n".join(shown[:count]), reader)
        query = next((each for each in leads if each not in done), None)
        query = query or next((each for each in fixed if each not in done), None)
    return query


def _leads(asked: Asked, seen: str, reader: Reader | None) -> list[str]:
    """The names to which the relevant sentences of what was read lead from those of the question, the farthest first."""
    if reader is None:
        return []
    copied = reader(prompts.COPY.format(question=asked.question), seen)
    left = [] if prompts.NOTHING in copied else [list(_names(line)) for line in copied.splitlines()]
    question = asked.question.casefold()
    reached: list[str] = []
    while True:
        near = [
            names for names in left if any(name in reached or name.casefold() in question for name in names)
        ]
        if not near:
            return [name for name in reversed(reached) if name.casefold() not in question]
        left = [names for names in left if names not in near]
        reached += (name for names in near for name in names if name not in reached)


def _names(line: str) -> Iterator[str]:
    """Names in a sentence, without a word that only begins it."""
    for found in _NAME.findall(line):
        first, _, rest = found.partition(" ")
        name = rest if first.casefold() in _OPENERS else found
        if name:
            yield name.removesuffix("'s").strip("'")


def _queries(asked: Asked) -> Sequence[str]:
    """What a model searches for that has no name to follow, one after the other. No query has quotation marks in it."""
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
