from __future__ import annotations

import re

import pytest

from harlm.branching.strategies import fitting
from harlm.branching.strategies.map import propose
from tests.support.proposals import asked_of, final_of
from tests.support.scripted_leaf import ScriptedLeaf

TEXTS = {"a": "An OAK stood there.", "b": "A FIR and an OAK.", "c": "No tree."}


def honest(prompt: str, _: str) -> str:
    body = re.split(r"\n(?:Text|Notes):\n", prompt)[-1]
    return (
        "\n".join(f"- {each.title()}" for each in dict.fromkeys(re.findall(r"\b(?:OAK|FIR)\b", body.upper())))
        or "NOTHING"
    )


@pytest.mark.parametrize(
    "question",
    [
        "Summarise the text.",
        "What are the main themes?",
        "Give me an overview of the reports.",
        "List all trees.",
        "Name every tree that is mentioned.",
        "What is this book about?",
    ],
)
def test_questions_for_everything_of_a_kind_are_proposed_for(question: str) -> None:
    proposal, *_ = fitting(asked_of(question, TEXTS))
    assert (proposal.strategy, proposal.growth) == ("map", "linear")
    assert 0 < proposal.fit < 1
    assert str(final_of(proposal, TEXTS, ScriptedLeaf(honest))).split() == ["-", "Oak", "-", "Fir"]


def test_entries_of_a_list_are_joined_in_code() -> None:
    proposal = propose(asked_of("List all trees.", TEXTS))
    assert proposal is not None
    leaf = ScriptedLeaf(honest)
    final_of(proposal, TEXTS, leaf)
    assert leaf.prompts[-1][0].count("Oak") == 1


def test_a_list_of_nothing_is_not_found() -> None:
    proposal = propose(asked_of("List all ships.", TEXTS))
    assert proposal is not None
    assert final_of(proposal, TEXTS, ScriptedLeaf(lambda *_: "NOTHING")) == "NOT FOUND"


@pytest.mark.parametrize(
    "question", ["Who planted the oak?", "How many trees are there?", "When did it end?", ""]
)
def test_other_questions_are_not(question: str) -> None:
    assert propose(asked_of(question, TEXTS)) is None


def test_braces_in_a_question_stay_as_they_are() -> None:
    proposal = propose(asked_of("List all {trees} that 'stand' in \"rows\".", TEXTS))
    assert proposal is not None
    leaf = ScriptedLeaf(honest)
    final_of(proposal, TEXTS, leaf)
    assert "List all {trees} that 'stand' in \"rows\"." in leaf.prompts[0][0]


def test_the_forecast_reads_the_text_once() -> None:
    asked = asked_of("Summarise the text.", "A word and another. " * 20_000)
    proposal = propose(asked)
    assert proposal is not None
    assert asked.profile.tokens <= proposal.forecast.input_tokens <= 1.3 * asked.profile.tokens
