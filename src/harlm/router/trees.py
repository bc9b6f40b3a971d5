"""Boosted regression trees over features, evaluated in plain Python: the log odds of a right answer, and what each feature adds.

Trees are flat arrays, as they stand in a JSON file. Nothing is trained here.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import msgspec

_LEAF = -1


class Tree(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One tree. Node 0 is its root.

    Attributes:
        feature: of each node, the number of the feature that is compared; -1 for a leaf.
        least: what a value must exceed to go right.
        left, right: the nodes below; 0 for a leaf.
        value: what the tree adds to the log odds if it ended at this node: of an inner node the mean over its examples.
    """

    feature: tuple[int, ...]
    least: tuple[float, ...]
    left: tuple[int, ...]
    right: tuple[int, ...]
    value: tuple[float, ...]

    def path(self, values: Sequence[float]) -> list[int]:
        """The nodes that a vector passes, from the root to a leaf."""
        node, passed = 0, [0]
        while (feature := self.feature[node]) != _LEAF:
            node = self.right[node] if values[feature] > self.least[node] else self.left[node]
            passed.append(node)
        return passed

    def fault(self, features: int) -> str:
        """What is wrong with the arrays; empty if they are a tree over so many features."""
        nodes = len(self.feature)
        if not nodes or {len(self.least), len(self.left), len(self.right), len(self.value)} != {nodes}:
            return "its arrays have different lengths"
        for node, feature in enumerate(self.feature):
            if feature == _LEAF:
                continue
            if not 0 <= feature < features:
                return f"node {node} compares feature {feature}, and there are {features}"
            if not all(node < below < nodes for below in (self.left[node], self.right[node])):
                return f"node {node} leads to a node that does not follow it"
        if not all(map(math.isfinite, (*self.least, *self.value))):
            return "a figure is not finite"
        return ""


def log_odds(trees: Sequence[Tree], base: float, values: Sequence[float]) -> float:
    """The log odds that trees give a vector."""
    total = base
    for tree in trees:
        node = 0
        while (feature := tree.feature[node]) != _LEAF:
            node = tree.right[node] if values[feature] > tree.least[node] else tree.left[node]
        total += tree.value[node]
    return total


def contributions(trees: Sequence[Tree], values: Sequence[float]) -> dict[int, float]:
    """What each feature adds to the log odds, by its number: the changes of the mean along the paths. Together with the means of
    the roots and the base they sum to ``log_odds``.
    """
    added: dict[int, float] = {}
    for tree in trees:
        passed = tree.path(values)
        for node, below in pairwise(passed):
            feature = tree.feature[node]
            added[feature] = added.get(feature, 0.0) + tree.value[below] - tree.value[node]
    return added


def chance(odds: float) -> float:
    """Log odds as a probability."""
    if odds >= 0:
        return 1 / (1 + math.exp(-odds))
    grown = math.exp(odds)
    return grown / (1 + grown)


def odds_of(probability: float) -> float:
    """A probability as log odds, within bounds that keep it finite."""
    bounded = min(1 - 1e-6, max(1e-6, probability))
    return math.log(bounded / (1 - bounded))
