"""Logistic regression on scores between 0 and 1, drawn towards weights that are known before."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.optimize import minimize

_RIDGE = 1.0


def logistic(
    columns: np.ndarray[Any, Any],
    wanted: np.ndarray[Any, Any],
    *,
    start: np.ndarray[Any, Any],
    offset: np.ndarray[Any, Any] | float = 0.0,
    weights: np.ndarray[Any, Any] | None = None,
    ridge: float = _RIDGE,
) -> np.ndarray[Any, Any]:
    """The weights of a logistic regression on scores between 0 and 1, drawn towards ``start``.

    Args:
        columns: of each example, what is weighed.
        wanted: their scores.
        start: the weights without any example.
        offset: log odds that are added unweighted.
        weights: of the examples.
        ridge: of the distance from ``start``.
    """
    counts = np.ones(len(wanted)) if weights is None else weights

    def loss(at: np.ndarray[Any, Any]) -> tuple[float, np.ndarray[Any, Any]]:
        odds = columns @ at + offset
        apart = at - start
        value = float(np.sum(counts * (np.logaddexp(0.0, odds) - wanted * odds)) + ridge / 2 * apart @ apart)
        chances = 1 / (1 + np.exp(-np.clip(odds, -40, 40)))
        return value, columns.T @ (counts * (chances - wanted)) + ridge * apart

    return np.asarray(minimize(loss, start, jac=True, method="L-BFGS-B").x)
