"""When to stop: the confidence at which an answer may be accepted, so that stopping with a wrong answer is rare.

Every figure comes from calibration tasks, whose right answers are known. Of each one only the highest confidence of
a wrong answer counts, since a race stops at the first answer that reaches the threshold, from whichever branch.
"""

from __future__ import annotations

import math
from collections.abc import Sequence


def stopping_threshold(
    wrong: Sequence[float | None], alpha: float, *, delta: float | None = None
) -> float | None:
    """The lowest threshold at which at most a share ``alpha`` of tasks stops with a wrong answer.

    Without ``delta`` that is conformal risk control: over calibrations and new tasks of the same kind together, the
    expected share is at most ``alpha``; it takes at least ``1 / alpha - 1`` tasks. With ``delta`` it is learn then test, a
    promise: with probability ``1 - delta`` over calibrations, the share among new tasks is at most ``alpha``.

    Args:
        wrong: for each calibration task, the highest confidence of a wrong answer; ``None`` if no answer was wrong or had a
            confidence; infinity if it stops with a wrong answer at every threshold.
        alpha: the greatest share, between 0 and 1.
        delta: how likely the promise may fail, between 0 and 1; ``None`` for no promise.

    Returns:
        An answer is accepted if its confidence is above this. ``None`` if no threshold is safe: the tasks are too few.

    Raises:
        ValueError: ``alpha`` or ``delta`` is not between 0 and 1, or a confidence is ``nan``.
    """
    for name, share in (("alpha", alpha), ("delta", delta)):
        if share is not None and not 0 < share < 1:
            raise ValueError(f"{name} is {share!r}; give a number between 0 and 1")
    scores = sorted((score for score in wrong if score is not None), reverse=True)
    if any(map(math.isnan, scores)):
        raise ValueError("a confidence is nan; give None for an answer without one")
    allowed = _conformal(len(wrong), alpha) if delta is None else _tested(len(wrong), alpha, delta)
    if allowed < 0:
        return None
    if allowed >= len(scores):
        return -math.inf
    return None if math.isinf(scores[allowed]) else scores[allowed]


def _conformal(tasks: int, alpha: float) -> int:
    """How many of the calibration tasks may stop with a wrong answer; negative if none is safe."""
    return math.floor(alpha * (tasks + 1) + 1e-9) - 1


def _tested(tasks: int, alpha: float, delta: float) -> int:
    """The same for a promise: the most for which a share above ``alpha`` would be that lucky at most ``delta`` of the time."""
    lucky, allowed = 0.0, -1
    for wrong in range(tasks + 1):
        lucky += math.exp(
            math.lgamma(tasks + 1)
            - math.lgamma(wrong + 1)
            - math.lgamma(tasks - wrong + 1)
            + wrong * math.log(alpha)
            + (tasks - wrong) * math.log1p(-alpha)
        )
        if lucky > delta:
            break
        allowed = wrong
    return allowed
