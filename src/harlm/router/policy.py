"""Decides between options whose probabilities and costs are known: hard rules first, then utility, or the cheapest that is good
enough; and the safest that the budget allows where the router is not sure. Does not know where a probability comes from.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from harlm.types import MODES, RouteOption, Situation, Weighed

THIN = 0.01
"""Of the worth of an answer: options whose utilities differ by less are not told apart."""

USUAL = 1e-6
"""Dollars of a token whose price is unknown."""

ALIKE = 0.02
"""Probabilities that differ by less are not told apart."""


class Outlook(NamedTuple):
    """What is expected of an option: the probability of a right answer, micro-dollars (``None``: unknown) and seconds."""

    right: float
    micros: int | None
    seconds: float


class Decision(NamedTuple):
    """What a policy chose.

    Attributes:
        option: the option.
        weighed: all of them, the best first.
        is_sure: whether the best one is well ahead.
        why: of the choice, as a sentence.
    """

    option: RouteOption
    weighed: tuple[Weighed, ...]
    is_sure: bool
    why: str


def decide(situation: Situation, expected: Mapping[int, Outlook]) -> Decision:
    """The option to take.

    An option with an obstacle is never taken if another has none. One that the budget is not expected to cover is taken only if
    it covers none; then it is the cheapest.

    Args:
        situation: what is known.
        expected: of each option, by its place among ``situation.options``.
    """
    options = situation.options
    weighed = [_weighed(situation, option, expected[place]) for place, option in enumerate(options)]
    able = [place for place, each in enumerate(weighed) if each.obstacle is None]
    if not able:
        place = _cheapest(situation, expected)
        return _choice(
            options[place],
            weighed,
            is_sure=False,
            why=f"the budget covers no option: {weighed[place].obstacle}",
        )
    target = situation.worth.target
    if target is not None and (enough := [place for place in able if expected[place].right >= target]):
        place = min(
            enough,
            key=lambda each: (dollars(options[each], expected[each].micros), expected[each].seconds, each),
        )
        return _choice(
            options[place],
            weighed,
            is_sure=True,
            why=f"it is the cheapest with a probability of at least {target:.0%}",
        )
    best = max(able, key=lambda each: (_utility(weighed[each]), -each))
    close = [
        each
        for each in able
        if _utility(weighed[best]) - _utility(weighed[each]) <= THIN * situation.worth.answer
    ]
    rivals = sorted({options[each].mode for each in close}, key=MODES.index)
    if len(rivals) == 1:
        return _choice(
            options[best], weighed, is_sure=True, why="it is worth most: probability against money and time"
        )
    likeliest = max(expected[each].right for each in close)
    safe = [each for each in close if likeliest - expected[each].right <= ALIKE]
    safest = min(safe, key=lambda each: (MODES.index(options[each].mode), -_utility(weighed[each]), each))
    why = f"{' and '.join(rivals)} are worth about the same, and it is the simplest of those that are right most often"
    return _choice(options[safest], weighed, is_sure=len(safe) == len(close), why=why)


def _weighed(situation: Situation, option: RouteOption, expected: Outlook) -> Weighed:
    lacking = _lacking(situation, option, expected)
    worth = situation.worth
    utility = (
        worth.answer * expected.right - dollars(option, expected.micros) - worth.second * expected.seconds
    )
    return Weighed(
        option=option.name,
        mode=option.mode,
        right=expected.right,
        micros=expected.micros,
        seconds=expected.seconds,
        utility=None if lacking else utility,
        obstacle=lacking,
    )


def dollars(option: RouteOption, micros: int | None) -> float:
    """What an option counts as in dollars. Where a price is unknown, its tokens count at ``USUAL`` each: a model that costs nothing
    costs time, and one whose price is not known is not free.
    """
    return option.tokens * USUAL if micros is None else micros / 1e6


def _lacking(situation: Situation, option: RouteOption, expected: Outlook) -> str | None:
    """Why an option cannot be taken: it is impossible, or the budget is not expected to cover it."""
    if option.obstacle is not None:
        return option.obstacle
    return situation.left.lacks(replace(option, micros=expected.micros, seconds=expected.seconds))


def _cheapest(situation: Situation, expected: Mapping[int, Outlook]) -> int:
    """The place of the cheapest option without an obstacle, or of the first one if all have one."""
    possible = [place for place, each in enumerate(situation.options) if each.obstacle is None]
    return min(
        possible,
        key=lambda each: (dollars(situation.options[each], expected[each].micros), expected[each].seconds),
        default=0,
    )


def _utility(each: Weighed) -> float:
    return float("-inf") if each.utility is None else each.utility


def _choice(option: RouteOption, weighed: Sequence[Weighed], *, is_sure: bool, why: str) -> Decision:
    ordered = tuple(sorted(weighed, key=_utility, reverse=True))
    return Decision(option=option, weighed=ordered, is_sure=is_sure, why=f"{option.name}: {why}")
