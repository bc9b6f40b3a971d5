"""Where to look for the answer to a question: which passages of a context, or of a part of it, are read first, and which next."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from ..arguments import HITS, QUERY
from .evidence import names_any, parts_of
from .leaf import Room
from .passages import Excerpt, in_order, joined, members, naming, searched
from .wording import Wording

SMALL = 1_800
"""Characters of text in one call of a small model."""

FILL = 0.8
"""The share of the tokens that a call may hold which passages take."""

_MOST_NAMES = 1_000  # in ``within``
_MOST_NAMING = 12  # passages that hold a thing that the question names
_FEW_NAMING, _SMALL_AROUND = 4, 300  # of them for a small model, and characters of each
_WORDS = 3  # rare words that are searched one by one
_LEAST_SHARE = 0.04  # of all weights: a word with less is not rare
_SHORT = 12_000  # characters of a part that is read as a whole at once
_NARROW = 3  # times that the blocks which hold what is asked about must be smaller than the part


def looks_at(context: Any, asked: Wording, k: int, room: Room) -> Iterator[list[Excerpt]]:
    """The passages of each look into a context: the best ones; also others, and those that hold a thing that the question names; and
    what its rare words find.
    """
    query = asked.core[: QUERY.most]
    if room.is_small:
        yield joined(each for key in asked.keys for each in naming(context, key, _FEW_NAMING, _SMALL_AROUND))
    first = searched(context, query, k)
    if not any(names_any(each.text, asked.keys) for each in first):
        first = [*_naming(context, asked.keys[:2]), *first]
    yield joined(first)
    named = [*_naming(context, asked.keys), *searched(context, query, min(3 * k, HITS.most))[k:]]
    yield joined(named if room.is_small else [*named, *first])
    rare = [each for word in _rare_words(context, asked) for each in searched(context, word, k)]
    yield joined(rare if room.is_small else [*rare, *_naming(context, asked.keys), *first])


def looks_into(parts: Sequence[Any], asked: Wording, k: int, room: Room) -> Iterator[list[Excerpt]]:
    """The passages of each look into a part: of a long one first the blocks that hold what the question names; all of it if a call holds
    that; else what a search finds in it.
    """
    whole = [each if isinstance(each, Excerpt) else Excerpt(each, 0, len(each)) for each in parts]
    size = sum(each.end - each.start for each in whole)
    most = SMALL if room.is_small else int(FILL * room.characters)
    blocks = [each for each in _naming([each.source for each in whole], asked.keys) if _is_in(each, whole)]
    blocks = in_order(joined(blocks))
    is_narrow = bool(blocks) and _NARROW * sum(each.end - each.start for each in blocks) <= size
    if is_narrow and size > _SHORT:
        yield blocks
        yield blocks
    if size <= most:
        yield whole
        yield blocks if is_narrow else whole
        return
    if any(each.end - each.start < len(each.source) for each in whole):
        yield whole
    yield from looks_at([each.source for each in whole], asked, k, room)


def _is_in(passage: Excerpt, parts: Sequence[Excerpt]) -> bool:
    return any(
        part.source is passage.source and part.start <= passage.start and passage.end <= part.end
        for part in parts
    )


def _naming(context: Any, keys: Sequence[str]) -> list[Excerpt]:
    """The passages that hold one of some things; of a dotted name, the member of its owner."""
    found: list[Excerpt] = []
    for key in keys:
        *owners, member = parts_of(key)
        if owners:
            found += members(context, owners[-1], member) or naming(context, owners[-1], _MOST_NAMING)
        else:
            found += naming(context, key, _MOST_NAMING)
    return joined(found)


def _rare_words(context: Any, asked: Wording) -> list[str]:
    """The most distinctive words of a question; its things if the search does not weigh words."""
    hits = context.search(asked.core[: QUERY.most], 1) if hasattr(context, "search") else None
    weights: dict[str, float] = getattr(hits, "weights", {})
    total = sum(weights.values()) or 1.0
    rare = [word for word, weight in weights.items() if weight / total >= _LEAST_SHARE]
    return sorted(rare, key=lambda word: -weights[word])[:_WORDS] or list(asked.keys[:_WORDS])


def texts_of(context: Any, within: Any) -> list[Any]:
    """What ``within`` names: texts of the context, hits, or passages of them.

    Raises:
        TypeError: it is nothing of that kind.
        ValueError: it is an empty list, or a name or words that the context does not hold.
    """
    if isinstance(within, str) and not hasattr(within, "search"):
        return [_text_of(context, within)]
    if isinstance(within, Excerpt) or hasattr(within, "search"):
        return list(within) if isinstance(within, list) else [within]
    if hasattr(within, "document"):
        return [Excerpt(within.document, within.start, within.end)]
    if not isinstance(within, list | tuple):
        raise TypeError(
            f"within takes a text, its name, a hit, or a list of them, not {type(within).__name__}"
        )
    if not within:
        raise ValueError("within is empty; leave it out to search everything")
    if sum(isinstance(each, str) and not hasattr(each, "search") for each in within) > _MOST_NAMES:
        raise ValueError(f"within has more than {_MOST_NAMES:,} names or words; give the texts themselves")
    return [text for each in within for text in texts_of(context, each)]


def _text_of(context: Any, words: str) -> Any:
    """The text of a name, or the passage that words stand in."""
    texts = [context] if isinstance(context, str) else list(context)
    for text in texts:
        if getattr(text, "name", None) == words:
            return text
    for text in texts:
        if (at := str.find(text, words)) >= 0 and words:
            return Excerpt(text, at, at + len(words))
    raise ValueError(f"no text is named {words[:80]!r}, and none holds these words")
