"""A router by rules: each rule gives points to a mode, with a reason, and a softmax turns points into
probabilities.

Nothing is learned, so the probabilities are a ranking, not a calibration.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from harlm.router.wording import need_of
from harlm.types import MODES, Mode, NextMode, Proposal, Reading, Route, Situation, Tried

_ROOM = 0.9  # share of the window for the context; the rest is for prompt and reply
_CERTAIN = 0.9  # the fit of a strategy that understands the question
_SHORT = 8_000  # tokens; a call over so few costs little more than one over a passage
_PLAN = 7.0  # points of a strategy that understands every word of the question
_TINY = 400  # tokens; in a shorter context a model counts reliably without code
_CONSTANT = ("constant", "logarithmic")  # growths of work that reads few places

_Points = list[tuple[Mode, float, str]]


class HeuristicRouter:
    """Chooses a mode by the size and structure of the context and the wording of the question."""

    def route(self, situation: Situation) -> Route:
        """The mode with the most points, and the reasons for all points; see ``harlm.protocols.Router``."""
        points: dict[Mode, float] = dict.fromkeys(MODES, 0.0)
        reasons: list[str] = []
        for mode, worth, reason in (*_by_size(situation), *_by_need(situation), *_by_proposal(situation)):
            points[mode] += worth
            if worth > 0:
                reasons.append(f"{mode}: {reason}")
        probabilities = _softmax(points)
        mode = max(MODES, key=lambda each: (_is_possible(situation, each), probabilities[each]))
        reasons.sort(key=lambda reason: not reason.startswith(mode))
        best = _best(situation)
        return Route(
            mode=mode,
            probabilities=probabilities,
            reasons=tuple(reasons),
            strategy=best.strategy if mode == "plan" and best is not None else None,
            reader=_reader(situation) if mode == "direct" else "root",
        )

    def judge(self, route: Route, tried: Tried) -> float | None:
        """The calibrated confidence, if there is one: rules know nothing of answers."""
        return tried.confidence.value

    def follow(self, situation: Situation, route: Route, tried: Sequence[Tried]) -> NextMode | None:
        """None: shares of points are no probabilities, so nothing says that another mode would pay."""
        return None


def _by_size(situation: Situation) -> _Points:
    tokens, root = situation.profile.tokens, situation.root
    size = f"about {tokens:,} tokens"
    if tokens > _ROOM * root.window:
        return [
            ("direct", 0.0 if _reader(situation) == "sub" else -math.inf, ""),
            ("repl", 1.0, f"{size} do not fit into a window of {root.window:,}"),
            ("full", 0.5, f"{size} do not fit into a window of {root.window:,}"),
        ]
    if tokens > root.effective_window:
        return [
            (
                "repl",
                1.0,
                f"{size} fit into a window of {root.window:,}, but are too many to read reliably at once",
            )
        ]
    return [("direct", 3.0, f"{size} are read easily in one call (window {root.window:,})")]


def _by_need(situation: Situation) -> _Points:
    found: _Points = []
    structure, is_long = (
        situation.profile.structure,
        situation.profile.tokens > situation.root.effective_window,
    )
    match need_of(situation.task.question):
        case "exact" if situation.profile.tokens > _TINY:
            found.append(
                ("repl", 3.0, "the question asks for counting, listing or ranking, which code does exactly")
            )
            if structure in ("records", "code"):
                found.append(("repl", 1.0, f"the context is {structure}, which code reads well"))
        case "meaning" if is_long:
            found.append(
                (
                    "full",
                    3.0,
                    "the question asks about the meaning of all of it, which takes reading in parts",
                )
            )
        case "meaning":
            found.append(("direct", 1.0, "the question asks about the meaning of a short text"))
        case _ if is_long:
            found.append(("repl", 1.5, "the question asks for one place, which search finds"))
    return found


def _by_proposal(situation: Situation) -> _Points:
    """A strategy that understands the question is better than a program that a model writes anew. A short text needs none, nor one
    that a call reads easily unless the strategy is certain to fit, every item must be counted, or an answer leads to the next question.
    """
    best = _best(situation)
    if best is None:
        return [("plan", -math.inf, "")]
    tokens, is_long = situation.profile.tokens, situation.profile.tokens > situation.root.effective_window
    works_more = best.growth not in _CONSTANT or best.leaf == "none" or best.strategy == "follow"
    is_read_at_once = tokens <= _SHORT or (not is_long and best.fit < _CERTAIN)
    if tokens <= _TINY or (is_read_at_once and not works_more):
        return [("plan", -math.inf, "")]
    return [("plan", _PLAN * best.fit, f"{best.strategy}: {reason}") for reason in best.reasons[:1]]


def _is_possible(situation: Situation, mode: Mode) -> bool:
    """Whether an option of a mode has no obstacle; of a mode without options only if no option is known at all."""
    options = [each for each in situation.options if each.mode == mode]
    return any(each.obstacle is None for each in options) if situation.options else True


def _reader(situation: Situation) -> Reading:
    """The root model, if it can read the text."""
    able = [each.reader for each in situation.options if each.mode == "direct" and each.obstacle is None]
    return able[0] if able else "root"


def _best(situation: Situation) -> Proposal | None:
    """The strategy that fits best of those that are possible."""
    proposals: Sequence[Proposal] = [
        each.proposal for each in situation.options if each.proposal is not None and each.obstacle is None
    ]
    return max(proposals, key=lambda each: each.fit, default=None)


def _softmax(points: dict[Mode, float]) -> dict[Mode, float]:
    highest = max(points.values())
    weights = {mode: math.exp(value - highest) for mode, value in points.items()}
    total = sum(weights.values())
    return {mode: weight / total for mode, weight in weights.items()}
