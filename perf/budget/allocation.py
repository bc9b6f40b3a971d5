"""The allocator beside the best division of all, and beside divisions that do not look at what a child can do."""

from __future__ import annotations

import math
import random
import statistics
from collections.abc import Sequence

from harlm.budget.allocator import Option, allocate
from perf.measure import Table, median

_CASES = 3_000

Children = Sequence[Sequence[Option]]


def worth(grants: Sequence[int], children: Children) -> float:
    """What the children can do with their grants."""
    return math.fsum(
        max((option.utility for option in options if option.cost <= grant), default=0.0)
        for grant, options in zip(grants, children, strict=True)
    )


def best_possible(budget: int, children: Children) -> float:
    """The optimum, by trying every budget for every child (dynamic programming over whole units)."""
    best = [0.0] * (budget + 1)
    for options in children:
        best = [
            max(
                best[left],
                *(best[left - each.cost] + each.utility for each in options if each.cost <= left),
                0.0,
            )
            for left in range(budget + 1)
        ]
    return best[budget]


def equal_split(budget: int, children: Children) -> list[int]:
    """The same for every child, of which it takes the most that it can use."""
    return [
        max((each.cost for each in options if each.cost <= budget // len(children)), default=0)
        for options in children
    ]


def first_come(budget: int, children: Children) -> list[int]:
    """Each child in turn takes the most that it can use."""
    grants: list[int] = []
    for options in children:
        grants.append(max((each.cost for each in options if each.cost <= budget - sum(grants)), default=0))
    return grants


def _case(drawn: random.Random) -> tuple[int, Children]:
    children = []
    for _ in range(drawn.randint(2, 6)):
        costs = sorted(drawn.sample(range(1, 31), drawn.randint(1, 5)))
        utilities = sorted(drawn.randint(0, 60) for _ in costs)
        children.append([Option(cost=c, utility=u) for c, u in zip(costs, utilities, strict=True)])
    return drawn.randint(5, 80), children


def allocations() -> Table:
    """Utility over the best possible, and what it costs to allocate."""
    drawn = random.Random(9)
    divisions = {"HARLM": allocate, "equal": equal_split, "first come": first_come}
    ratios: dict[str, list[float]] = {name: [] for name in divisions}
    while len(ratios["HARLM"]) < _CASES:
        budget, children = _case(drawn)
        if best := best_possible(budget, children):
            for name, divide in divisions.items():
                ratios[name].append(worth(divide(budget, children), children) / best)
    many = [
        [Option(cost=cost, utility=cost**0.5) for cost in sorted(drawn.sample(range(1, 10**6), 100))]
        for _ in range(100)
    ]
    cpu, _ = median(lambda: allocate(10**7, many), 15)
    rows: list[list[object]] = [
        ["mean", *map(statistics.fmean, ratios.values())],
        ["least", *map(min, ratios.values())],
        ["CPU ms to allocate among 10,000 options", 1000 * cpu, "-", "-"],
    ]
    return Table(f"Utility / the best possible, {_CASES:,} cases", ["", *divisions], rows)
