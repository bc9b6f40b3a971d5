"""Divides a parent's remaining budget among its children.

Works on amounts of one currency and on utilities. Does not reserve or pay: the ledger does.

``allocate`` is for children that each have several options with a cost and a utility; ``share`` is for
children that only say how much they may need. Both implement theorem T9 of
``docs/design/budget-theorems.md``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One way for a child to do its task.

    Attributes:
        cost: in whole units of the currency (micro-dollars or tokens).
        utility: the value of the result, in any unit that all children share.
    """

    cost: int
    utility: float


def allocate(budget: int, children: Sequence[Sequence[Option]]) -> tuple[int, ...]:
    """The grant of each child: the cost of the one option that it gets, or 0. Takes O(n log n) for n options.

    Options are bought step by step along each child's upper concave hull, the most utility per unit first;
    a step that does not fit ends the climb of its child. The same is done a second time with the single most
    useful option bought before all others, and the better of the two results is returned.

    The total utility is at least half of the optimum. Options that cost more than the budget are dropped
    first. If steps could be bought in part, the optimum would be the climb up to the first step that does not
    fit, plus a part of that step. So ``optimum <= climb + step``. The step adds at most the utility of the
    option that it leads to, and that option fits alone:
    ``optimum <= climb + single <= 2 * max(climb, single)``, where ``single`` is the utility of the most
    useful option.

    Args:
        budget: the most to give out in all, in units of the currency.
        children: the options of each child, in ascending order of cost, with utilities that do not fall; a
            child may have no options.

    Raises:
        ValueError: a number is negative or not finite, or a curve is not ascending.
    """
    _check(budget, "the budget")
    for number, options in enumerate(children):
        _check_curve(options, number)
    hulls = [_hull([option for option in options if option.cost <= budget]) for options in children]
    best = max(_climb(budget, hulls), _climb_after_best(budget, hulls), key=_worth)
    return tuple(option.cost for option in best)


def share(budget: int, needs: Sequence[int]) -> tuple[int, ...]:
    """Divide the budget among children when only their needs are known: estimates of their worst case.

    If all needs fit, each child gets its need, and the surplus is divided in proportion to the needs, so that
    nothing stays unused. If not, the division is max-min fair, like water that fills vessels to one level:
    needs below the level are served in full, all other children get the level, and the units that remain go
    to the neediest of them, one each. Among divisions into whole units that give no child more than its need,
    none has a greater sum of ``u(grant)``, for any concave increasing ``u`` that all children share (T9).

    Returns:
        One grant for each child, in units of the currency. They sum to the budget; without children the tuple
        is empty.

    Raises:
        ValueError: the budget or a need is negative.
    """
    _check(budget, "the budget")
    for number, need in enumerate(needs):
        _check(need, f"the need of child {number}")
    if sum(needs) <= budget:
        return _in_proportion(budget, needs if any(needs) else [1] * len(needs))
    return _level(budget, needs)


# -- options ---------------------------------------------------------------------------------------------

_NONE = Option(cost=0, utility=0.0)


def _hull(curve: Sequence[Option]) -> list[Option]:
    """The options on the upper concave hull of a curve, starting at cost 0. The gain per unit never rises
    along it. Options on a straight piece are kept: the smaller a step, the more often it fits.
    """
    hull = [curve[0] if curve and curve[0].cost == 0 else _NONE]
    for option in curve:
        if option.utility <= hull[-1].utility:
            continue
        while len(hull) > 1 and _gain(hull[-2], hull[-1]) < _gain(hull[-1], option):
            hull.pop()
        hull.append(option)
    return hull


def _climb(budget: int, hulls: Sequence[Sequence[Option]]) -> list[Option]:
    """Greedy: takes the steps of all hulls by falling gain; each must fit and follow the step before it."""
    steps = [
        (_gain(low, high), child, low, high)
        for child, hull in enumerate(hulls)
        for low, high in pairwise(hull)
    ]
    steps.sort(
        key=lambda step: -step[0]
    )  # stable, and gains never rise along a hull: its steps stay in order
    taken, left = [hull[0] for hull in hulls], budget
    for _, child, low, high in steps:
        if taken[child] is low and high.cost - low.cost <= left:
            taken[child] = high
            left -= high.cost - low.cost
    return taken


def _climb_after_best(budget: int, hulls: Sequence[Sequence[Option]]) -> list[Option]:
    """Buys the most useful option of all first, then climbs with the rest of the budget."""
    if not hulls:
        return []
    tops = [hull[-1] for hull in hulls]
    single = max(range(len(tops)), key=lambda child: tops[child].utility)
    rest = [
        [top] if child == single else hull for child, (top, hull) in enumerate(zip(tops, hulls, strict=True))
    ]
    return _climb(budget - tops[single].cost, rest)


def _gain(low: Option, high: Option) -> float:
    return (high.utility - low.utility) / (high.cost - low.cost)


def _worth(taken: Sequence[Option]) -> float:
    return math.fsum(option.utility for option in taken)


# -- needs -----------------------------------------------------------------------------------------------


def _in_proportion(budget: int, weights: Sequence[int]) -> tuple[int, ...]:
    """Whole shares, each less than one unit from the exact one: the largest fractions are rounded up."""
    total = sum(weights)
    grants = [budget * weight // total for weight in weights]
    fractions = sorted(range(len(weights)), key=lambda child: -(budget * weights[child] % total))
    for child in fractions[: budget - sum(grants)]:
        grants[child] += 1
    return tuple(grants)


def _level(budget: int, needs: Sequence[int]) -> tuple[int, ...]:
    """Fills from below: the smallest needs in full, the others to one level, the neediest one unit above
    it.
    """
    grants, left = [0] * len(needs), budget
    neediest = sorted(range(len(needs)), key=lambda child: -needs[child])
    while neediest:
        level, units = divmod(left, len(neediest))
        if needs[neediest[-1]] > level:
            for place, child in enumerate(neediest):
                grants[child] = level + (place < units)
            break
        child = neediest.pop()
        grants[child] = needs[child]
        left -= needs[child]
    return tuple(grants)


def _check(value: int, name: str) -> None:
    if value < 0:
        raise ValueError(f"{name} is {value!r}; give 0 or more")


def _check_curve(options: Sequence[Option], number: int) -> None:
    for option in options:
        _check(option.cost, f"a cost of child {number}")
        if not 0 <= option.utility < math.inf:
            raise ValueError(
                f"a utility of child {number} is {option.utility!r}; give a finite one, 0 or more"
            )
    for low, high in pairwise(options):
        if high.cost <= low.cost or high.utility < low.utility:
            raise ValueError(
                f"the options of child {number} are not ascending: {high!r} after {low!r}; sort them by "
                "cost, and leave out those that cost more and are worth less"
            )
