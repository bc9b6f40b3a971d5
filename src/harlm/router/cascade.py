"""Route, check, escalate: what was measured of an answer says how probable it is that it is right, and another mode follows where
the expected gain exceeds its cost. Values in, values out: the engine carries it out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from harlm.router.model import RouterModel
from harlm.router.policy import dollars
from harlm.types import (
    STATUS_RANK,
    Mode,
    NextMode,
    Route,
    RouteOption,
    Share,
    Signals,
    Situation,
    Tried,
    Weighed,
)

_LEAST_GAIN = 0.05  # of the worth of an answer: a doubt that is smaller is none
_MOST = 3  # attempts at one task


def measured_by(tried: Tried) -> Mapping[str, float]:
    """What was measured of an answer, by the names of ``harlm.router.model.CHECKED``, each from 0 to 1."""
    return measured_of(tried.confidence.signals, is_whole=tried.status != "partial")


def measured_of(signals: Signals, *, is_whole: bool) -> Mapping[str, float]:
    """Signals as the numbers that a check looks at. What was not measured is left out."""
    found: dict[str, float | bool | None] = {
        "quotes": _share(signals.quotes),
        "has_quotes": None if signals.quotes is None else signals.quotes.part > 0,
        "coverage": _share(signals.coverage),
        "has_type": signals.has_type,
        "ran_clean": signals.ran_clean,
        "is_found": signals.is_found,
        "is_whole": is_whole,
        "logprob": signals.logprob,
    }
    return {name: float(value) for name, value in found.items() if value is not None}


def right_after(model: RouterModel, mode: Mode, expected: float, tried: Tried) -> float:
    """How probable it is that an answer is right, now that it was reached.

    Its calibrated confidence, or the verdict of an acceptor, outranks the router's check.

    Args:
        model: with the checks.
        mode: in which the answer was reached.
        expected: how probable a right answer was before.
        tried: the answer.
    """
    if tried.confidence.value is not None:
        return tried.confidence.value
    check = model.checks.get(mode)
    return expected if check is None else check.probability(expected, measured_by(tried))


def keeps_later(before: Tried, right_before: float | None, after: Tried, right_after: float | None) -> bool:
    """Whether the later of two answers is kept: it worked with more, so it is unless it found less, or is less probable."""
    ranks = STATUS_RANK[before.status], STATUS_RANK[after.status]
    if ranks[0] != ranks[1]:
        return ranks[1] > ranks[0]
    return (right_after or 0.0) >= (right_before or 0.0)


def next_step(
    model: RouterModel, situation: Situation, route: Route, tried: Sequence[Tried]
) -> NextMode | None:
    """The mode that is worth trying next; ``None`` if the answer stands.

    After an answer that is right with the chance *p*, a mode that is right with *q* gains ``(q - p)`` times the worth of an answer,
    where *q* is what it was before, less what the failure of the first says about it. Where the rules have chosen nothing follows:
    the task is of a kind that the router has not seen.
    """
    if len(tried) >= _MOST or not route.weighed or route.basis == "rules":
        return None
    modes = {each.mode for each in tried}
    expected = {each.mode: each.right for each in reversed(route.weighed)}
    before = max(right_after(model, each.mode, expected.get(each.mode, 0.5), each) for each in tried)
    open_ways = [each for each in route.weighed if each.mode not in modes and _is_open(situation, each)]
    gains = [(_gain(model, situation, tried[-1].mode, each, before), each) for each in open_ways]
    gain, best = max(gains, key=lambda each: each[0], default=(0.0, None))
    if best is None or gain < _LEAST_GAIN * situation.worth.answer:
        return None
    cost = "unknown" if best.micros is None else f"${best.micros / 1e6:.4f}"
    return NextMode(
        best.mode,
        f"the answer of mode {tried[-1].mode} is right with a chance of {before:.0%}; mode {best.mode} follows for about {cost}",
    )


def _is_open(situation: Situation, way: Weighed) -> bool:
    """Whether an option is possible, and covered by what is left now."""
    if way.utility is None:
        return False
    option = _option(situation, way)
    return situation.left.lacks(replace(option, micros=way.micros, seconds=way.seconds)) is None


def _option(situation: Situation, way: Weighed) -> RouteOption:
    known = (each for each in situation.options if each.name == way.option)
    return next(known, RouteOption(mode=way.mode, micros=way.micros, seconds=way.seconds))


def _gain(model: RouterModel, situation: Situation, after: Mode, way: Weighed, before: float) -> float:
    """Dollars that a second attempt is expected to gain."""
    worth = situation.worth
    still = way.right * (before + (1 - before) * model.carry.get(f"{after}>{way.mode}", 1.0))
    cost = dollars(_option(situation, way), way.micros)
    return worth.answer * (still - before) - cost - worth.second * way.seconds


def _share(share: Share | None) -> float | None:
    return None if share is None or not share.whole else share.part / share.whole
