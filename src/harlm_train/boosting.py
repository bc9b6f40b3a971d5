"""Fits boosted trees to the scores of one mode, and calibrates them. Uses LightGBM; what it makes is kept as our own arrays."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import lightgbm
import numpy as np

from harlm.isotonic import fewer, fit_knots, value_at
from harlm.router.features import NAMES
from harlm.router.model import Costs, Head
from harlm.router.trees import Tree, chance, log_odds, odds_of
from harlm_train.examples import Example

_TREES, _LEAVES = 50, 7
_COST_TREES, _COST_LEAVES = 12, 6
_LEAST_PAID = 50
_LEAST_IN_LEAF = 20
_COMMON: dict[str, object] = {
    "learning_rate": 0.13,
    "lambda_l2": 5.0,
    "feature_fraction": 0.7,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "boost_from_average": False,
    "deterministic": True,
    "force_row_wise": True,
    "num_threads": 2,
    "verbose": -1,
}
DIGITS = 4  # of the figures of a tree, so that a file stays small
_FALLS = (
    "log_tokens",
    "log_fill",
    "log_effective_fill",
    "log_sub_fill",
)  # a longer text is never read better in one call
KNOTS = 24  # steps of a calibration
_RISES: dict[str, tuple[str, ...]] = {"plan": ("fit",), "repl": ("root_skill",), "full": ("root_skill",)}


class Fitted(NamedTuple):
    """A head, and what it says of its own examples.

    Attributes:
        head: the head.
        unseen: of each example, the probability by trees that have not seen its text.
    """

    head: Head
    unseen: tuple[float, ...]


def fit_head(examples: Sequence[Example], parts: Sequence[int], *, seed: int = 0) -> Fitted:
    """The head of one mode, with trees from all examples, and calibrated on what trees from all other parts say of each.

    The probability of *direct* never rises with the size of the text, that of *plan* never falls with the fit of its strategy, and
    those of modes in which the root model writes code never fall with its skill.

    Args:
        examples: of one mode.
        parts: the number of the part that each example belongs to. With one part only there is no calibration.
        seed: of the draws of the training.
    """
    base, trees = _grown(examples, seed)
    odds = [log_odds(trees, base, each.vector) for each in examples]
    scores = [each.score for each in examples]
    numbers = sorted(set(parts))
    for part in numbers if len(numbers) > 1 else ():
        others = [each for each, own in zip(examples, parts, strict=True) if own != part]
        other_base, other_trees = _grown(others, seed)
        for at, own in enumerate(parts):
            if own == part:
                odds[at] = log_odds(other_trees, other_base, examples[at].vector)
    knots = fewer(fit_knots(odds, scores), KNOTS, DIGITS) if len(numbers) > 1 else ()
    head = Head(
        base=base,
        trees=trees,
        knots=knots,
        examples=len(examples),
        right=round(float(np.mean(scores)), DIGITS),
    )
    return Fitted(head, tuple(value_at(knots, each) if knots else chance(each) for each in odds))


def _grown(examples: Sequence[Example], seed: int) -> tuple[float, tuple[Tree, ...]]:
    """The log odds of the mean, and trees; none where all scores are alike."""
    scores = np.array([each.score for each in examples])
    mean = float(np.average(scores, weights=[each.weight for each in examples]))
    base = round(odds_of(min(0.999, max(0.001, mean))), DIGITS)
    if not 0 < mean < 1 or scores.std() == 0:
        return base, ()
    return base, _trees_of(_boosted(examples, scores, base, examples[0].mode, seed))


def fit_costs(examples: Sequence[Example], *, seed: int = 0) -> Costs | None:
    """How real costs compare with estimates; ``None`` if too few of both are known. The mean is fitted, since a choice is paid for on
    average, and expensive runs count more.
    """
    paid = [
        (each, each.micros / each.expected_micros)
        for each in examples
        if each.micros and each.expected_micros
    ]
    if len(paid) < _LEAST_PAID:
        return None
    weights = np.array([each.expected_micros for each, _ in paid], dtype=float)
    ratios = np.array([ratio for _, ratio in paid])
    base = math.log(float(np.average(ratios, weights=weights)))
    data = lightgbm.Dataset(
        np.array([each.vector for each, _ in paid]),
        label=ratios,
        weight=np.sqrt(weights / weights.mean()),
        init_score=np.full(len(paid), base),
        free_raw_data=False,
    )
    booster = lightgbm.train(
        {
            **_COMMON,
            "objective": "gamma",
            "num_leaves": _COST_LEAVES,
            "min_data_in_leaf": _LEAST_IN_LEAF,
            "seed": seed,
        },
        data,
        num_boost_round=_COST_TREES,
    )
    return Costs(base=round(base, DIGITS), trees=_trees_of(booster))


def _trees_of(booster: lightgbm.Booster) -> tuple[Tree, ...]:
    trees = (_tree(each["tree_structure"]) for each in booster.dump_model()["tree_info"])
    return tuple(each for each in trees if len(each.feature) > 1)


def _boosted(
    examples: Sequence[Example], scores: np.ndarray[Any, Any], base: float, mode: str, seed: int
) -> lightgbm.Booster:
    ways = {"direct": dict.fromkeys(_FALLS, -1)}.get(mode, {}) | dict.fromkeys(_RISES.get(mode, ()), 1)
    data = lightgbm.Dataset(
        np.array([each.vector for each in examples]),
        label=scores,
        weight=[each.weight for each in examples],
        init_score=np.full(len(examples), base),
        feature_name=list(NAMES),
        free_raw_data=False,
    )
    return lightgbm.train(
        {
            **_COMMON,
            "objective": "cross_entropy",  # scores between 0 and 1 are part of it
            "num_leaves": _LEAVES,
            "min_data_in_leaf": min(_LEAST_IN_LEAF, max(2, len(examples) // 10)),
            "monotone_constraints": [ways.get(name, 0) for name in NAMES],
            "monotone_constraints_method": "advanced",
            "seed": seed,
        },
        data,
        num_boost_round=_TREES,
    )


def _tree(structure: dict[str, Any]) -> Tree:
    """LightGBM's nested nodes as arrays, each node before those below it."""
    feature: list[int] = []
    least: list[float] = []
    left: list[int] = []
    right: list[int] = []
    value: list[float] = []

    def add(node: dict[str, Any]) -> int:
        place = len(feature)
        is_leaf = "leaf_value" in node
        feature.append(-1 if is_leaf else int(node["split_feature"]))
        least.append(0.0 if is_leaf else _rounded(float(node["threshold"])))
        value.append(round(float(node["leaf_value"] if is_leaf else node["internal_value"]), DIGITS))
        left.append(0)
        right.append(0)
        if not is_leaf:
            left[place] = add(node["left_child"])
            right[place] = add(node["right_child"])
        return place

    add(structure)
    return Tree(
        feature=tuple(feature), least=tuple(least), left=tuple(left), right=tuple(right), value=tuple(value)
    )


def _rounded(threshold: float) -> float:
    """A threshold with fewer digits. One that parts equal whole numbers is moved off them, so that no rounding moves an example."""
    return 0.0 if abs(threshold) < 1e-9 else float(f"{threshold:.6g}")
