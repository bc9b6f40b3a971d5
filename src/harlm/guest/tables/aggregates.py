"""Computations over rows: sums and means, groups, the highest; and values as an answer writes them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, TypeVar

from .reading import Row

_T = TypeVar("_T")


def plain(value: Any, decimals: int = 4) -> str:
    """A value as an answer states it: numbers without needless decimals."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float) and math.isfinite(value):
        text = f"{round(value, decimals):.{decimals}f}"
        return (text.rstrip("0").rstrip(".") if "." in text else text) or "0"
    return str(value)


def computed(name: str, values: Sequence[Any]) -> Any:
    """The sum, mean, median, maximum or minimum of values, of which there is at least one."""
    if name == "sum":
        return sum(values) if all(isinstance(value, int) for value in values) else math.fsum(values)
    if name == "mean":
        return math.fsum(values) / len(values)
    if name == "median":
        ordered = sorted(values)
        half = len(ordered) // 2
        return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2
    return max(values) if name == "max" else min(values)


def grouped(rows: Sequence[Row], column: str) -> dict[str, list[Row]]:
    """The rows by their value of a column, without case, in the order in which the values occur."""
    groups: dict[str, list[Row]] = {}
    names: dict[str, str] = {}
    for row in rows:
        name = "(empty)" if row[column] is None else plain(row[column])
        groups.setdefault(names.setdefault(name.casefold(), name), []).append(row)
    return groups


def distinct(rows: Sequence[Row], column: str) -> list[str]:
    """The different values of a column, without case, in the order in which they occur."""
    return list(grouped([row for row in rows if row[column] is not None], column))


def highest(pairs: Sequence[tuple[Any, _T]], *, most: bool, limit: int) -> list[tuple[Any, _T]]:
    """The first ``limit`` of (value, thing) by value, with those that are equal to the last of them.

    Args:
        pairs: to be ranked.
        most: whether the highest come first, else the lowest.
        limit: at least 1.
    """
    ranked = sorted(pairs, key=lambda pair: pair[0], reverse=most)
    return [pair for at, pair in enumerate(ranked) if at < limit or pair[0] == ranked[limit - 1][0]]
