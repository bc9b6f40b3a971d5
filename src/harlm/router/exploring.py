"""A router that now and then takes another mode than the best one, so that examples of all modes come about, and says how
probable its choice was. A wrapper of a router.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from harlm.protocols import Router
from harlm.types import NextMode, Route, Situation, Tried, Weighed


class ExploringRouter:
    """Takes another mode for a share of the tasks.

    Args:
        router: makes the choice otherwise.
        rate: the share, 0 to 1.
    """

    def __init__(self, router: Router, rate: float) -> None:
        self._router, self._rate = router, rate

    def route(self, situation: Situation) -> Route:
        """The route of the other router, or one drawn from the modes that it did not choose; see ``harlm.protocols.Router``."""
        best = self._router.route(situation)
        others = _others(best)
        if situation.draw is None or not others:
            return best
        if situation.draw >= self._rate:
            return replace(best, propensity=best.propensity * (1 - self._rate))
        tried = others[int(situation.draw / self._rate * len(others))]
        option = next(each for each in situation.options if each.name == tried.option)
        told = f"{option.name}: tried instead of {best.mode}, to learn from it (router.exploration = {self._rate:g})"
        return replace(
            best,
            mode=option.mode,
            strategy=option.strategy,
            reader=option.reader,
            reasons=(told, *best.reasons),
            basis="exploration",
            is_sure=False,
            propensity=self._rate / len(others),
        )

    def judge(self, route: Route, tried: Tried) -> float | None:
        """As the other router."""
        return self._router.judge(route, tried)

    def follow(self, situation: Situation, route: Route, tried: Sequence[Tried]) -> NextMode | None:
        """As the other router."""
        return self._router.follow(situation, route, tried)


def _others(best: Route) -> list[Weighed]:
    """The best option of each other mode that can be chosen."""
    found: dict[str, Weighed] = {}
    for each in best.weighed:
        if each.utility is not None and each.mode != best.mode:
            found.setdefault(each.mode, each)
    return list(found.values())
