from __future__ import annotations

import pytest
from harlm_openings import propose

from harlm.branching.strategies import Asked
from harlm.testing.contracts import StrategyContract, asked_of
from harlm.testing.contracts.strategy import Propose


class TestOpenings(StrategyContract):
    @pytest.fixture
    def propose(self) -> Propose:
        return propose

    @pytest.fixture
    def fitting(self) -> Asked:
        return asked_of("What is the first paragraph of each letter?", {"a.txt": "Dear Ada,\n\nHello."})


def test_other_questions_are_left_to_others() -> None:
    assert propose(asked_of("Who wrote it?", "Dear Ada")) is None
