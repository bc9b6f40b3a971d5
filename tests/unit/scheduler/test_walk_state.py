from __future__ import annotations

import ast

from harlm.scheduler.effort import Effort
from harlm.scheduler.taint import CLEAN, Taint
from harlm.scheduler.walk_state import WalkState


class Walk(WalkState):
    """Enters one loop again and again.

    Attributes:
        rounds: the taint of ``x`` at the beginning of each round that was walked.
    """

    def __init__(self) -> None:
        super().__init__({}, Effort(10_000))
        self.rounds: list[Taint] = []
        self._loop = ast.parse("for a in b: pass").body[0]

    def enter(self, x: Taint) -> Taint:
        self._taints["x"] = x
        return self._rounds(self._loop, "for a in b", self._one_round)

    def _one_round(self) -> Taint:
        self.rounds.append(self._taints["x"])
        for each in self._inside:
            each.add(1)
        self._taints["x"] = frozenset({1})
        return frozenset({1})


def test_a_loop_is_walked_twice_and_its_result_is_that_of_both_rounds() -> None:
    walk = Walk()
    assert walk.enter(CLEAN) == {1}
    assert len(walk.rounds) == 2
    assert walk.rounds[0] == CLEAN
    assert min(walk.rounds[1]) < 0, "a result of the first round is one of an earlier round in the second"


def test_a_loop_that_is_entered_in_the_same_state_is_not_walked_again() -> None:
    walk = Walk()
    first = walk.enter(CLEAN)
    assert walk.enter(CLEAN) == first
    assert len(walk.rounds) == 2
    walk.enter(frozenset({7}))
    assert len(walk.rounds) == 4
