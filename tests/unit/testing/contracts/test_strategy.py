"""The suite finds what is wrong with a strategy."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest

from harlm.branching.strategies import Asked, search
from harlm.testing.contracts import StrategyContract, asked_of
from harlm.types import Proposal

SUITE = StrategyContract()
ASKED = asked_of("When did the bridge open?", {f"{n}.txt": "The bridge opened in 1883." for n in range(9)})
_NUMBERS = itertools.count()


def good(asked: Asked) -> Proposal:
    found = search.propose(ASKED)
    assert found is not None
    return found


def test_a_good_one_passes() -> None:
    SUITE.test_it_proposes_for_what_calls_for_it(good, ASKED)
    SUITE.test_it_proposes_something_whole_or_nothing_for_any_question(good)
    SUITE.test_equal_tasks_give_equal_proposals(good, ASKED)


@pytest.mark.parametrize(
    "change",
    [
        {"fit": 1.5},
        {"growth": "none"},
        {"cells": ()},
        {"cells": ("print(1)",)},
        {"leaf": "none"},
        {"reasons": ("",)},
    ],
    ids=lambda change: str(*change),
)
def test_a_proposal_that_is_not_whole_is_found(change: dict[str, object]) -> None:
    def broken(asked: Asked) -> Proposal:
        return replace(good(asked), **change)  # type: ignore[arg-type] # by name

    with pytest.raises(AssertionError):
        SUITE.test_it_proposes_something_whole_or_nothing_for_any_question(broken)


def test_faults_are_found() -> None:
    with pytest.raises(SyntaxError):
        SUITE.test_it_proposes_for_what_calls_for_it(
            lambda asked: replace(good(asked), cells=("FINAL(",)), ASKED
        )
    with pytest.raises(AssertionError):
        SUITE.test_it_proposes_for_what_calls_for_it(lambda asked: None, ASKED)
    with pytest.raises(IndexError):
        SUITE.test_it_proposes_something_whole_or_nothing_for_any_question(
            lambda asked: None if asked.question[0] else good(asked)
        )
    with pytest.raises(AssertionError):
        SUITE.test_equal_tasks_give_equal_proposals(
            lambda asked: replace(good(asked), reasons=(str(next(_NUMBERS)),)), ASKED
        )

    def changes(asked: Asked) -> None:
        object.__setattr__(asked.task, "question", "changed")

    with pytest.raises(AssertionError):
        SUITE.test_what_it_was_asked_is_left_as_it_was(changes, asked_of("Who?", "text"))
