"""Fills documents up with prose in which nothing matters, so that together they have a size in tokens."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from random import Random

from harlm.tokens import estimate_tokens
from harlm_bench.tasks.prose import Prose, rate

_SPREAD = (0.5, 1.5)  # the shares of documents in the filler, of their mean
_LENGTHS = (4, 5, 6, 7)  # sentences of a paragraph
_BREAKS = 0.985  # of the room is for sentences; the breaks between paragraphs take the rest


def filled(documents: Mapping[str, Sequence[str]], tokens: int, chance: Random) -> dict[str, str]:
    """Documents of which these sentences, in their order, stand anywhere in paragraphs of prose.

    Args:
        documents: the sentences that matter, by the name of the document.
        tokens: the size of all documents together, with their names as headings. Documents without room for filler
            hold just their sentences.
        chance: where the prose is drawn from.
    """
    prose = Prose(chance)
    bare = "\n\n".join(f"# {name}\n" + " ".join(sentences) for name, sentences in documents.items())
    room = max(0.0, tokens - estimate_tokens(bare)) * _BREAKS
    shares = [chance.uniform(*_SPREAD) for _ in documents]
    mean, whole, owed = rate(prose.sentences(chance, 4_000), " "), sum(shares), 0.0
    texts = {}
    for (name, sentences), share in zip(documents.items(), shares, strict=True):
        owed += room * share / whole
        filler = prose.sentences(chance, round(owed - mean / 2)) if owed > mean else []
        owed = 0.0 if filler else owed
        texts[name] = "\n\n".join(_paragraphs(_mixed(filler, sentences, chance), chance))
    return texts


def _mixed(filler: Sequence[str], sentences: Sequence[str], chance: Random) -> list[str]:
    places = sorted(chance.choices(range(len(filler) + 1), k=len(sentences)))
    mixed = list(filler)
    for place, sentence in zip(reversed(places), reversed(sentences), strict=True):
        mixed.insert(place, sentence)
    return mixed


def _paragraphs(sentences: Sequence[str], chance: Random) -> Iterator[str]:
    start = 0
    while start < len(sentences):
        length = chance.choice(_LENGTHS)
        yield " ".join(sentences[start : start + length])
        start += length
