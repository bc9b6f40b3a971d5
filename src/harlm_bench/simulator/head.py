"""A logistic head over vectors, in numpy. Knows neither texts nor what the classes are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

Array = Any
"""A numpy array. numpy is optional, so its types cannot be named."""

VERSION = 1
"""Grows with every change of what a head decides; part of the label of a result."""

_PENALTY = 1.0  # as ``1 / C`` of the usual form: half the squared weights are added to the loss
_STEPS = 100  # more change no decision in a hundred


class Head:
    """Multinomial logistic regression with an L2 penalty, by Nesterov's accelerated gradient (1983).

    Args:
        vectors: little-endian float32, all of one length.
        classes: of each vector, from 0.
        count: the number of classes.
    """

    def __init__(self, vectors: Sequence[bytes], classes: Sequence[int], count: int) -> None:
        import numpy

        rows = _rows(vectors)
        target = numpy.eye(count)[list(classes)]
        step = 1 / (0.5 * numpy.linalg.norm(rows, 2) ** 2 + _PENALTY)  # of the largest curvature of the loss
        weights = ahead = numpy.zeros((rows.shape[1], count))
        for at in range(_STEPS):
            scores = rows @ ahead
            likely = numpy.exp(scores - scores.max(1, keepdims=True))
            likely /= likely.sum(1, keepdims=True)
            moved = ahead - step * (rows.T @ (likely - target) + _PENALTY * ahead)
            ahead = moved + at / (at + 3) * (moved - weights)
            weights = moved
        self._weights = weights

    def decide(self, vectors: Sequence[bytes]) -> list[int]:
        """The likeliest class of each vector."""
        if not vectors:
            return []
        return [int(each) for each in (_rows(vectors) @ self._weights).argmax(1)]


def _rows(vectors: Sequence[bytes]) -> Array:
    """The vectors as rows, each with a 1 for the bias."""
    import numpy

    rows = numpy.frombuffer(b"".join(vectors), "<f4").reshape(len(vectors), -1).astype(numpy.float64)
    return numpy.hstack([rows, numpy.ones((len(rows), 1))])
