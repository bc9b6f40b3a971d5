"""Route, check, escalate: what was measured of an answer says how probable it is that it is right, and another mode follows where
the expected gain exceeds its cost. Values in, values out: the engine carries it out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from harlm.router.model import RouterModel
from harlm.types import Mode, Route, Share, Signals, Situation, Step, Tried, Weighed

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
    """How probable it is that an answer is right, now that it is there.

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


def next_step(model: RouterModel, situation: Situation, route: Route, tried: Sequence[Tried]) -> Step | None:
    """The mode that is worth trying next; ``None`` if the answer stands.

    After an answer that is right with the chance *p*, a mode that is right with *q* gains ``(q - p)`` times the worth of an answer,
    where *q* is what it was before, less what the failure of the first says about it.
    """
    if len(tried) >= _MOST or not route.weighed:
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
    return Step(
        best.mode,
        f"the answer of mode {tried[-1].mode} is right with a chance of {before:.0%}; mode {best.mode} follows for about {cost}",
    )


def _is_open(situation: Situation, way: Weighed) -> bool:
    """Whether an option is possible, and covered by what is left now."""
    if way.utility is None:
        return False
    left = situation.left
    too_dear = left.micros is not None and way.micros is not None and way.micros > left.micros
    return not too_dear and not (left.seconds is not None and way.seconds > left.seconds)


def _gain(model: RouterModel, situation: Situation, after: Mode, way: Weighed, before: float) -> float:
    """Dollars that a second attempt is expected to gain."""
    worth = situation.worth
    still = way.right * (before + (1 - before) * model.carry.get(f"{after}>{way.mode}", 1.0))
    return worth.answer * (still - before) - (way.micros or 0) / 1e6 - worth.second * way.seconds


def _share(share: Share | None) -> float | None:
    return None if share is None or not share.whole else share.part / share.whole
