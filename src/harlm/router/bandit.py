"""Thompson sampling on top of learned probabilities: what the user's ratings of runs over the same corpus say of each mode."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence

from harlm.types import Mode, Situation, corpus_of

WORTH = 8.0
"""Ratings that the learned probability counts as."""

_LEAST = 1e-3  # of the parameters of a beta distribution

Ratings = Mapping[str, Mapping[Mode, tuple[int, int]]]
"""By corpus and mode, how many runs were rated good, and how many bad."""


class Bandit:
    """Draws a probability for each option from what is believed of its mode on this corpus.

    Args:
        ratings: of the user.
    """

    def __init__(self, ratings: Ratings) -> None:
        self._ratings = ratings

    def knows(self, situation: Situation) -> bool:
        """Whether there are ratings of the corpus, and a draw for this run."""
        return situation.draw is not None and bool(self._ratings.get(corpus_of(situation.task.context)))

    def drawn(self, situation: Situation, learned: Sequence[float], draw: float) -> list[float]:
        """Probabilities in place of the learned ones. Equal draws give equal ones.

        Args:
            situation: of the task.
            learned: the probability of each of its options.
            draw: any number.
        """
        rated = self._ratings.get(corpus_of(situation.task.context), {})
        generator = random.Random(draw)  # noqa: S311 - a draw, not a secret
        return [
            _sampled(generator, chance, *rated.get(option.mode, (0, 0)))
            for option, chance in zip(situation.options, learned, strict=True)
        ]


def _sampled(drawn: random.Random, chance: float, good: int, bad: int) -> float:
    """A probability from the beta distribution of a prior and ratings."""
    return drawn.betavariate(max(_LEAST, WORTH * chance + good), max(_LEAST, WORTH * (1 - chance) + bad))
