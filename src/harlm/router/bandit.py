"""Thompson sampling on top of learned probabilities: what the user's ratings of runs over the same corpus say of each mode."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence

from harlm.router.features import Features
from harlm.router.learned import Chances
from harlm.types import Mode, RouteOption, Situation, corpus_of

WORTH = 8.0
"""Ratings that the learned probability counts as."""

_LEAST = 1e-3  # of the parameters of a beta distribution

Ratings = Mapping[str, Mapping[Mode, tuple[int, int]]]
"""By corpus and mode, how many runs were rated good, and how many bad."""


class Bandit:
    """Draws a probability for each option from what is believed of its mode on this corpus. Without ratings of the corpus, or a draw
    for this run, the learned probabilities stand.

    Args:
        chances: the learned probabilities.
        ratings: of the user.
    """

    def __init__(self, chances: Chances, ratings: Ratings) -> None:
        self._chances, self._ratings = chances, ratings

    def __call__(
        self, situation: Situation, options: Sequence[RouteOption], seen: Sequence[Features]
    ) -> Sequence[float]:
        """See ``harlm.router.learned.Chances``. Equal draws give equal probabilities."""
        learned = self._chances(situation, options, seen)
        rated = self._ratings.get(corpus_of(situation.task.context))
        if not rated or situation.draw is None:
            return learned
        drawn = random.Random(situation.draw)  # noqa: S311 - a draw, not a secret
        return [
            _sampled(drawn, chance, *rated.get(option.mode, (0, 0)))
            for option, chance in zip(options, learned, strict=True)
        ]


def _sampled(drawn: random.Random, chance: float, good: int, bad: int) -> float:
    """A probability from the beta distribution of a prior and ratings."""
    return drawn.betavariate(max(_LEAST, WORTH * chance + good), max(_LEAST, WORTH * (1 - chance) + bad))
