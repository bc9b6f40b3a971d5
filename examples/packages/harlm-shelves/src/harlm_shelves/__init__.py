"""A router that looks at the kind of the documents first, and leaves all else to another router."""

from __future__ import annotations

from collections.abc import Sequence

from harlm.config import RouterSettings
from harlm.protocols import Router
from harlm.router import HeuristicRouter
from harlm.types import MODES, NextMode, Route, Situation, Tried

_MOST = 0.5  # of the documents


class ShelfRouter:
    """A router in front of another one.

    Args:
        behind: the router for documents that are not code.
    """

    def __init__(self, behind: Router) -> None:
        self._behind = behind

    def route(self, situation: Situation) -> Route:
        """Mode *full* for code, if it is possible; else what the other router says."""
        kinds = dict(situation.profile.kinds)
        share = kinds.get("code", 0) / max(1, sum(kinds.values()))
        is_possible = any(each.mode == "full" and each.obstacle is None for each in situation.options)
        if share <= _MOST or not is_possible:
            return self._behind.route(situation)
        return Route(
            mode="full",
            probabilities={
                mode: share if mode == "full" else (1 - share) / (len(MODES) - 1) for mode in MODES
            },
            reasons=(f"{share:.0%} of the documents are code, which code reads best",),
        )

    def judge(self, route: Route, tried: Tried) -> float | None:
        """As the other router judges it."""
        return self._behind.judge(route, tried)

    def follow(self, situation: Situation, route: Route, tried: Sequence[Tried]) -> NextMode | None:
        """As the other router follows it."""
        return self._behind.follow(situation, route, tried)


def make(settings: RouterSettings) -> ShelfRouter:
    """The router ``shelves``."""
    return ShelfRouter(HeuristicRouter())
