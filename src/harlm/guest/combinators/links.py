"""Which texts name which other ones: a text that names another leads to it."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

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
    known: dict[tuple[str, ...], list[int]] = {}
    for at, name in enumerate(names_of(texts)):
        if words := tuple(_WORD.findall(name))[:_LONGEST]:
            known.setdefault(words, []).append(at)
    places = {words: found[0] for words, found in known.items() if len(found) == 1}
    sizes: defaultdict[str, set[int]] = defaultdict(set)
    for words in places:
        sizes[words[0]].add(len(words))
    return [_named(str(text), own, places, sizes) for own, text in enumerate(texts)]


def _named(
    text: str, own: int, places: Mapping[tuple[str, ...], int], sizes: Mapping[str, Iterable[int]]
) -> list[int]:
    """The places of the names in a text.

    Args:
        text: whose words are looked at.
        own: the place of the text.
        places: of each name, by its words.
        sizes: how many words the names have that begin with a word.
    """
    words = _WORD.findall(text.casefold())
    found: dict[int, None] = {}
    for at, word in enumerate(words):
        if word in sizes:
            for size in sizes[word]:
                place = places.get(tuple(words[at : at + size]))
                if place is not None and place != own:
                    found[place] = None
    return list(found)
