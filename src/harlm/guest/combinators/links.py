"""Which texts name which other ones: a text that names another leads to it."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence

_WORD = re.compile(r"\w+")
_LONGEST = 12  # words of a name that texts use
_FILE = re.compile(r"\.\w{1,5}$")


def names_of(texts: Sequence[str]) -> list[str]:
    """The name of each text in one case; empty if it has none, or one of a file, which no text uses."""
    found = []
    for text in texts:
        name = " ".join(str(getattr(text, "name", "")).casefold().split())
        is_used = name and not _FILE.search(name) and "/" not in name and re.search(r"[^\W\d_]{2}", name)
        found.append(name if is_used else "")
    return found


def leads(texts: Sequence[str]) -> list[list[int]]:
    """For each text, the places of the other texts that it names. Names are matched as whole words in any case; a name that several
    texts have leads to none.
    """
    names = names_of(texts)
    by_words: defaultdict[tuple[str, ...], list[int]] = defaultdict(list)
    for at, name in enumerate(names):
        if words := tuple(_WORD.findall(name))[:_LONGEST]:
            by_words[words].append(at)
    by_first: defaultdict[str, list[tuple[tuple[str, ...], int]]] = defaultdict(list)
    for words, places in by_words.items():
        if len(places) == 1:
            by_first[words[0]].append((words, places[0]))
    return [_named(str(text), own, by_first) for own, text in enumerate(texts)]


def _named(text: str, own: int, by_first: dict[str, list[tuple[tuple[str, ...], int]]]) -> list[int]:
    words = _WORD.findall(text.casefold())
    found: dict[int, None] = {}
    for at, word in enumerate(words):
        for name, place in by_first.get(word, ()):
            if place != own and tuple(words[at : at + len(name)]) == name:
                found[place] = None
    return list(found)
