from __future__ import annotations

import ast

import pytest

from harlm.branching.strategies import proposals
from harlm.branching.strategies.direct import propose
from tests.support.asked import asked_of

CODE = "def parse(x=1):\n    return x\n"
LONG = "The river rose and fell.\n" * 40_000


def test_a_named_part_is_read_in_one_call() -> None:
    proposal = propose(asked_of("In cgi.py, what does `parse` return?", {"cgi.py": CODE, "long.txt": LONG}))
    assert proposal is not None
    assert (proposal.strategy, proposal.growth) == ("direct", "constant")
    assert "within=['cgi.py']" in proposal.cells[-1]
    assert proposal.forecast.input_tokens < 500
    assert ast.parse(proposal.cells[-1]).body


def test_a_named_part_beats_a_search() -> None:
    found = proposals(asked_of("In cgi.py, what does `parse` return?", {"cgi.py": CODE, "long.txt": LONG}))
    assert [each.strategy for each in found] == ["direct", "search"]


def test_a_part_that_no_call_holds_is_searched_for_one_place_only() -> None:
    texts = {"long.txt": LONG, "cgi.py": CODE}
    lookup = propose(asked_of("In long.txt, what is the name of the river?", texts))
    assert lookup is not None
    assert lookup.fit < 0.9
    assert propose(asked_of("In long.txt, how many of the rivers rose?", texts)) is None


def test_a_short_text_is_read_whole_by_the_stronger_model() -> None:
    proposal = propose(asked_of("How many of them return?", CODE))
    assert proposal is not None
    assert "within=context, role='root'" in proposal.cells[-1]
    assert proposal.fit < 0.6


@pytest.mark.parametrize(("question", "text"), [("What is the river called?", LONG), ("", CODE)])
def test_nothing_else_is_proposed_for(question: str, text: str) -> None:
    assert propose(asked_of(question, text)) is None
