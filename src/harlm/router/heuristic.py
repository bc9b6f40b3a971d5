"""A router by rules: each rule gives points to a mode, with a reason, and a softmax turns points into
probabilities.

Nothing is learned, so the probabilities are a ranking, not a calibration.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from harlm.router.features import Features, extract
from harlm.types import MODES, Mode, ModelFacts, Profile, Proposal, Route, Task

_ROOM = 0.9  # share of the window for the context; the rest is for prompt and reply
_CERTAIN = 0.9  # the fit of a strategy that understands the question
_SHORT = 8_000  # tokens; a call over so few costs little more than one over a passage
_PLAN = 7.0  # points of a strategy that understands every word of the question
_TINY = 400  # tokens; in a shorter context a model counts reliably without code


class HeuristicRouter:
    """Chooses a mode by the size and structure of the context and the wording of the question."""

    def route(
        self,
        task: Task,
        profile: Profile,
        *,
        root: ModelFacts,
        sub: ModelFacts,
        proposals: Sequence[Proposal] = (),
    ) -> Route:
        """The mode with the most points, and the reasons for all points; see ``harlm.protocols.Router``."""
        features = extract(task, profile, root)
        points: dict[Mode, float] = dict.fromkeys(MODES, 0.0)
        reasons: list[str] = []
        found = (*_by_size(features, root.window), *_by_need(features), *_by_proposal(features, proposals))
        for mode, worth, reason in found:
            points[mode] += worth
            if worth > 0:
                reasons.append(f"{mode}: {reason}")
        probabilities = _softmax(points)
        mode = max(MODES, key=lambda each: probabilities[each])
        reasons.sort(key=lambda reason: not reason.startswith(mode))
        return Route(mode=mode, probabilities=probabilities, reasons=tuple(reasons))


def _by_size(features: Features, window: int) -> list[tuple[Mode, float, str]]:
    size = f"about {features.tokens:,} tokens"
    if features.fill > _ROOM:
        return [
            ("direct", -math.inf, ""),
            ("repl", 1.0, f"{size} do not fit into a window of {window:,}"),
            ("full", 0.5, f"{size} do not fit into a window of {window:,}"),
        ]
    if features.effective_fill > 1:
        return [
            (
                "repl",
                1.0,
                f"{size} fit into a window of {window:,}, but are too many to read reliably at once",
            )
        ]
    return [("direct", 3.0, f"{size} are read easily in one call (window {window:,})")]


def _by_need(features: Features) -> list[tuple[Mode, float, str]]:
    found: list[tuple[Mode, float, str]] = []
    match features.need:
        case "exact" if features.tokens > _TINY:
            found.append(
                ("repl", 3.0, "the question asks for counting, listing or ranking, which code does exactly")
            )
            if features.structure in ("records", "code"):
                found.append(("repl", 1.0, f"the context is {features.structure}, which code reads well"))
        case "meaning" if features.effective_fill > 1:
            found.append(
                (
                    "full",
                    3.0,
                    "the question asks about the meaning of all of it, which takes reading in parts",
                )
            )
        case "meaning":
            found.append(("direct", 1.0, "the question asks about the meaning of a short text"))
        case _ if features.effective_fill > 1:
            found.append(("repl", 1.5, "the question asks for one place, which search finds"))
    return found


def _by_proposal(features: Features, proposals: Sequence[Proposal]) -> list[tuple[Mode, float, str]]:
    """A strategy that understands the question is better than a program that a model writes anew. A short text needs none, nor one
    that a call reads easily unless the strategy is certain to fit, or every item must be counted.
    """
    if not proposals:
        return [("plan", -math.inf, "")]
    best = proposals[0]
    reads_all = best.growth not in ("constant", "logarithmic") or best.leaf == "none"
    is_read_at_once = features.tokens <= _SHORT or (features.effective_fill <= 1 and best.fit < _CERTAIN)
    if features.tokens <= _TINY or (is_read_at_once and not reads_all):
        return [("plan", -math.inf, "")]
    return [("plan", _PLAN * best.fit, f"{best.strategy}: {reason}") for reason in best.reasons[:1]]


def _softmax(points: dict[Mode, float]) -> dict[Mode, float]:
    highest = max(points.values())
    weights = {mode: math.exp(value - highest) for mode, value in points.items()}
    total = sum(weights.values())
    return {mode: weight / total for mode, weight in weights.items()}
