"""A correction of a router by few examples: a logistic regression on its probabilities and a few features, drawn towards no change.

For fewer examples than trees need. With none at all it is the router as it was.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import msgspec
import numpy as np

from harlm.router.model import Head, Logistic, RouterModel
from harlm.router.trees import odds_of
from harlm.types import MODES
from harlm_train.examples import Example, Examples
from harlm_train.fitting import without_own
from harlm_train.regression import logistic

ENOUGH = 3_000
"""Examples from which on trees of their own do better than a correction."""

_WEIGHED = (
    "log_tokens",
    "log_effective_fill",
    "fit",
    "needs_exact",
    "needs_meaning",
    "is_code",
    "is_records",
    "root_skill",
)
_RIDGE = 25.0  # so that 25 examples move a weight as far as what was known before holds it back


@dataclass(frozen=True, slots=True)
class _Scale:
    """Features of very different sizes, as numbers of about the same: the mean and the spread of each."""

    mean: np.ndarray[tuple[int], np.dtype[np.float64]]
    spread: np.ndarray[tuple[int], np.dtype[np.float64]]


def corrected(model: RouterModel, examples: Examples, *, on: date | None = None) -> RouterModel:
    """A router with the probabilities of its modes corrected by examples. A mode without any keeps its own.

    Args:
        model: the router, which may be corrected already.
        examples: any number of them.
        on: the date; today by default.
    """
    heads = dict(model.heads)
    for mode in MODES:
        if mode in heads and (found := examples.of(mode)):
            heads[mode] = msgspec.structs.replace(heads[mode], correction=_correction(heads[mode], found))
    return msgspec.structs.replace(
        model,
        date=(on or date.today()).isoformat(),
        heads=heads,
        origins=(*without_own(model.origins), *examples.origins),
        quality=None,
    )


def _correction(head: Head, examples: list[Example]) -> Logistic:
    plain = msgspec.structs.replace(head, correction=None)
    prior = np.array([odds_of(plain.probability(each.vector)) for each in examples])
    seen = np.array([[each.features[name] for name in _WEIGHED] for each in examples])
    scale = _Scale(seen.mean(axis=0), np.where(seen.std(axis=0) > 1e-9, seen.std(axis=0), 1.0))
    columns = np.column_stack([np.ones(len(examples)), prior, (seen - scale.mean) / scale.spread])
    start = np.array([0.0, 1.0, *[0.0] * len(_WEIGHED)])
    weights = np.array([each.weight for each in examples])
    found = logistic(
        columns,
        np.array([each.score for each in examples]),
        start=start,
        weights=weights / weights.mean(),
        ridge=_RIDGE,
    )
    slopes = found[2:] / scale.spread
    return Logistic(
        intercept=round(float(found[0] - slopes @ scale.mean), 6),
        prior=round(float(found[1]), 6),
        weights={name: round(float(slope), 6) for name, slope in zip(_WEIGHED, slopes, strict=True)},
    )
