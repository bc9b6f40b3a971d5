"""Several rankings made one, and whether that helps. Knows ranks; refuses to know how they were found.

A weak second ranking does harm: fusing BM25 with vectors that know little halves what BM25 finds first. So a retriever takes
part only if, on a probe of the texts themselves, the fusion finds at least as much as BM25 alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Sequence
from typing import TypeVar

Item = TypeVar("Item", bound=Hashable)

_K = 60
"""Of reciprocal rank fusion (Cormack, Clarke, Büttcher 2009)."""

PROBES = 48
"""Questions of a probe at most."""


def fused(rankings: Sequence[Sequence[Item]], k: int) -> list[Item]:
    """The ``k`` items that stand first in several rankings together: each adds 1 / (60 + rank)."""
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
    """Whether a second retriever may take part: on these questions, whose answers are known, the fusion finds at least as many
    among the first ``k``, and is not worse at the first.
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
