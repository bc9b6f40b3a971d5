"""Fusion of several rankings into one, and a test of whether it helps.

A weak second ranking does harm: fusing BM25 with vectors of low quality halves the number of questions that
BM25 answers at rank 1. So a second retriever takes part only if, on a probe of the texts themselves, the
fusion finds at least as much as BM25 alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Sequence
from typing import TypeVar

Item = TypeVar("Item", bound=Hashable)

_K = 60
"""The constant of reciprocal rank fusion (Cormack, Clarke, Büttcher 2009)."""

PROBES = 48
"""The most questions of a probe."""


def fused(rankings: Sequence[Sequence[Item]], k: int) -> list[Item]:
    """The ``k`` best items by reciprocal rank fusion: each ranking adds 1 / (60 + rank) to an item."""
    scores: defaultdict[Item, float] = defaultdict(float)
    for ranking in rankings:
        for rank, item in enumerate(ranking, start=1):
            scores[item] += 1 / (_K + rank)
    return sorted(scores, key=lambda item: -scores[item])[:k]


def passes(
    probes: Sequence[tuple[str, Item]],
    first: Callable[[str], Sequence[Item]],
    second: Callable[[str], Sequence[Item]],
    k: int = 10,
) -> bool:
    """Whether a second retriever may take part.

    It may if, on questions with known answers, the fusion of both retrievers has at least as many answers
    among the first ``k`` as the first retriever alone, and at least as many at rank 1.

    Args:
        probes: questions, each with the item that answers it; without any, the result is ``False``.
        first, second: the items that each retriever finds for a question, best first.
        k: the number of items that count.
    """
    if not probes:
        return False
    alone = together = alone_first = together_first = 0
    for question, wanted in probes:
        one, other = list(first(question)), list(second(question))
        both = fused([one, other], k)
        alone += wanted in one[:k]
        together += wanted in both
        alone_first += one[:1] == [wanted]
        together_first += both[:1] == [wanted]
    return together >= alone and together_first >= alone_first
