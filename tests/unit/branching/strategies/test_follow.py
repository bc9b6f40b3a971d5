from __future__ import annotations

import ast

import pytest

from harlm.branching.strategies.follow import propose
from tests.support.asked import asked_of

TEXT = "On weekdays Nora Jarstrom works for Keld Bros."


def test_nested_questions_are_followed() -> None:
    proposal = propose(asked_of("Who is the heir of the mayor of the port of Ham?", TEXT))
    assert proposal is not None
    assert (proposal.strategy, proposal.growth, proposal.leaf) == ("follow", "constant", "reader")
    assert proposal.fit > 0.9
    assert "3 look-ups" in proposal.reasons[0]
    assert proposal.forecast.depth == 4
    assert ast.parse(proposal.cells[-1]).body


def test_more_steps_cost_more() -> None:
    two, six = (
        propose(asked_of(f"Who is the {' of the '.join(['heir'] * hops)} of Ham?", TEXT)) for hops in (2, 6)
    )
    assert two is not None
    assert six is not None
    assert two.forecast.calls < six.forecast.calls


def test_a_description_by_other_things_is_a_weak_reason() -> None:
    proposal = propose(asked_of("Which town is it where the man lives who taught Ada Holm?", TEXT))
    assert proposal is not None
    assert proposal.fit < 0.5


@pytest.mark.parametrize(
    "question", ["Who is the mayor of Ham?", "How many mayors has Ham?", "Summarise it.", ""]
)
def test_other_questions_are_not_followed(question: str) -> None:
    assert propose(asked_of(question, TEXT)) is None
