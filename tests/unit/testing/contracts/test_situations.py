"""Situations of every sort are drawn."""

from __future__ import annotations

from hypothesis import find

from harlm.testing.contracts.situations import proposal_of, situation_of, situations, tried_in
from harlm.types import Situation


def test_what_routers_must_bear_is_drawn() -> None:
    for wanted in (
        lambda each: each.profile.tokens > each.root.window,
        lambda each: any(option.obstacle for option in each.options),
        lambda each: any(option.mode == "plan" for option in each.options),
        lambda each: each.root.price is None,
        lambda each: each.left.micros == 0,
        lambda each: each.task.question == "",
    ):
        assert isinstance(find(situations(), wanted), Situation)


def test_by_hand() -> None:
    situation = situation_of("Who?", 500, proposals=[proposal_of("search")])
    assert {each.mode for each in situation.options} == {"direct", "plan", "repl", "full"}
    assert tried_in("direct", confidence=0.3).confidence.value == 0.3
