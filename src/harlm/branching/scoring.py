"""Signals to one score: a logistic regression with few weights, one for each signal that a set of records varies in.

A signal that was not measured counts as the mean of the records, so that it moves the score in neither direction.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import msgspec

from harlm.branching.audit import at_most
from harlm.types import Share, Signals

_RIDGE = 1.0  # weight of the penalty: few records leave weights near 0
_STEPS = 50  # of Newton's method, which needs about 8
_CLOSE = 1e-9
_STEEPEST = 30.0  # beyond this log-odds a probability is 0 or 1 as a float


class Weight(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The weight of a signal.

    Attributes:
        weight: log-odds for a whole unit of the signal.
        centre: the mean of the records, which stands for a signal that was not measured.
    """

    weight: float
    centre: float


class Scale(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A fitted regression: the score of signals, in log-odds."""

    intercept: float
    weights: Mapping[str, Weight]

    def score(self, signals: Signals) -> float:
        """The log-odds that an answer with these signals is right, before calibration."""
        total = self.intercept
        for name, weight in self.weights.items():
            value = FEATURES[name](signals)
            total += 0.0 if value is None else weight.weight * (value - weight.centre)
        return total

    def is_told_by(self, signals: Signals) -> bool:
        """Whether any of the signals that have a weight was measured."""
        return any(FEATURES[name](signals) is not None for name in self.weights)


def _shrunk(share: Share | None, least: int = 1) -> float | None:
    """A share as if one more had been for and one against it, so that 5 of 5 says more than 2 of 2."""
    return None if share is None or share.whole < least else (share.part + 1) / (share.whole + 2)


def _flag(value: bool | None) -> float | None:
    return None if value is None else float(value)


FEATURES: Mapping[str, Callable[[Signals], float | None]] = {
    "agreement": lambda each: _shrunk(each.agreement, least=2),
    "coverage": lambda each: (
        each.coverage.part / each.coverage.whole
        if each.coverage is not None and each.coverage.whole
        else None
    ),
    "quotes": lambda each: _shrunk(each.quotes),
    "has_quotes": lambda each: None if each.quotes is None else float(each.quotes.part > 0),
    "audit": lambda each: (
        1 - at_most(each.audit.part, each.audit.whole)
        if each.audit is not None and each.audit.whole
        else None
    ),
    "has_type": lambda each: _flag(each.has_type),
    "ran_clean": lambda each: _flag(each.ran_clean),
    "is_found": lambda each: _flag(each.is_found),
    "logprob": lambda each: each.logprob,
}
"""What the regression sees, each from 0 to 1; ``None`` if it was not measured. An audit counts by the share of right items
that it shows for sure (95 %), which grows with the number checked.
"""


def fit_scale(signals: Sequence[Signals], right: Sequence[bool]) -> Scale:
    """The regression of ``right`` on the signals, by Newton's method with a ridge. Signals that do not vary get no weight.

    Raises:
        ValueError: there is nothing to learn from, or the two differ in length.
    """
    if not signals or len(signals) != len(right):
        raise ValueError(
            f"{len(signals)} signals and {len(right)} outcomes: give one outcome for each, and at least one"
        )
    centres = {name: _mean_of_varying([read(each) for each in signals]) for name, read in FEATURES.items()}
    known = {name: centre for name, centre in centres.items() if centre is not None}
    rows = [[1.0, *_row(each, known)] for each in signals]
    solution = _newton(rows, [float(each) for each in right])
    weights = zip(known.items(), solution[1:], strict=True)
    return Scale(
        intercept=solution[0],
        weights={name: Weight(weight=weight, centre=centre) for (name, centre), weight in weights},
    )


def probability(log_odds: float) -> float:
    """The probability of log-odds."""
    return 1 / (1 + math.exp(-max(-_STEEPEST, min(_STEEPEST, log_odds))))


def _mean_of_varying(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if len(set(known)) > 1 else None


def _row(signals: Signals, centres: Mapping[str, float]) -> list[float]:
    values = ((FEATURES[name](signals), centre) for name, centre in centres.items())
    return [0.0 if value is None else value - centre for value, centre in values]


def _newton(rows: Sequence[Sequence[float]], right: Sequence[float]) -> list[float]:
    """The weights that make the outcomes most likely, less the ridge; the intercept, first, is not held back."""
    size = len(rows[0])
    held = [1e-6, *[_RIDGE] * (size - 1)]
    weights = [0.0] * size
    for _ in range(_STEPS):
        chances = [probability(sum(w * x for w, x in zip(weights, row, strict=True))) for row in rows]
        slope = [
            sum((p - y) * row[i] for p, y, row in zip(chances, right, rows, strict=True))
            + held[i] * weights[i]
            for i in range(size)
        ]
        curve = [
            [
                sum(p * (1 - p) * row[i] * row[j] for p, row in zip(chances, rows, strict=True))
                for j in range(size)
            ]
            for i in range(size)
        ]
        for i in range(size):
            curve[i][i] += held[i]
        step = _solved(curve, slope)
        # All right or all wrong: the intercept would grow for ever, so a step is bounded and the score with it.
        weights = [max(-_STEEPEST, min(_STEEPEST, w - s)) for w, s in zip(weights, step, strict=True)]
        if max(map(abs, step)) < _CLOSE:
            break
    return weights


def _solved(matrix: list[list[float]], right: Sequence[float]) -> list[float]:
    """The solution of a small, positive definite system, by Gauss' elimination."""
    size = len(right)
    rows = [[*row, value] for row, value in zip(matrix, right, strict=True)]
    for i in range(size):
        pivot = max(range(i, size), key=lambda each: abs(rows[each][i]))
        rows[i], rows[pivot] = rows[pivot], rows[i]
        for below in range(i + 1, size):
            times = rows[below][i] / rows[i][i]
            rows[below] = [a - times * b for a, b in zip(rows[below], rows[i], strict=True)]
    solution = [0.0] * size
    for i in reversed(range(size)):
        rest = sum(rows[i][j] * solution[j] for j in range(i + 1, size))
        solution[i] = (rows[i][size] - rest) / rows[i][i]
    return solution
