"""The contract of routers, run over each of ours."""

from __future__ import annotations

import pytest

from harlm.protocols import Router
from harlm.router import HeuristicRouter
from harlm.router.bandit import Bandit, Ratings
from harlm.router.exploring import ExploringRouter
from harlm.router.learned import LearnedRouter
from harlm.router.model import shipped
from harlm.testing.contracts import RouterContract
from harlm.types import corpus_of
from tests.support.routing import situation_of

RATINGS: Ratings = {corpus_of(situation_of().task.context): {"plan": (1, 40), "full": (30, 2)}}

ROUTERS: dict[str, Router] = {
    "rules": HeuristicRouter(),
    "learned": LearnedRouter(shipped()),
    "exploring": ExploringRouter(LearnedRouter(shipped()), 0.2),
    "bandit": LearnedRouter(shipped(), bandit=Bandit(RATINGS)),
}


class TestRouters(RouterContract):
    @pytest.fixture(params=ROUTERS)
    def router(self, request: pytest.FixtureRequest) -> Router:
        return ROUTERS[request.param]
