"""``pairs``: all pairs of items that meet a condition, without a model writing any of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import combinations
from typing import Any

from ..arguments import ITEMS, some

MOST = 50_000_000
"""Pairs that are tried."""


def pairs(
    items: Mapping[Any, Any] | Sequence[Any], predicate: Callable[[Any, Any], Any]
) -> list[tuple[Any, Any]]:
    """The pairs of items for which ``predicate`` holds, in one order or the other; each pair once, the lower item first.

    Args:
        items: things to pair; of a dict, the keys are paired by their values.
        predicate: takes two items, or two values of a dict.

    Raises:
        TypeError: ``predicate`` cannot be called, or the items cannot be counted.
        ValueError: there are more than ``MOST`` pairs.
    """
    if not callable(predicate):
        raise TypeError(
            f"pairs takes a function of two items as its condition, not {type(predicate).__name__}; judge each item with label() "
            "first, and compare what came back"
        )
    if isinstance(items, str) or not hasattr(items, "__iter__"):
        raise TypeError(f"pairs takes a list or a dict of items, not {type(items).__name__}")
    given = items if isinstance(items, Mapping) else some(items, "the list of items", ITEMS)
    of = given if isinstance(given, Mapping) else dict(enumerate(given))
    keys = _ordered(of)
    count = len(keys) * (len(keys) - 1) // 2
    if count > MOST:
        raise ValueError(
            f"{len(keys):,} items make {count:,} pairs; at most {MOST:,} are tried. Narrow the items first"
        )
    found = [(a, b) for a, b in combinations(keys, 2) if predicate(of[a], of[b]) or predicate(of[b], of[a])]
    return found if isinstance(given, Mapping) else [(given[a], given[b]) for a, b in found]


def _ordered(of: Mapping[Any, Any]) -> list[Any]:
    try:
        return sorted(of)
    except TypeError:  # keys of several kinds
        return list(of)
