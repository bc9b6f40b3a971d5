from __future__ import annotations

import ast

import pytest

from harlm.branching.strategies.search import is_lookup, propose
from harlm.guest.combinators.wording import read_question
from tests.support.asked import asked_of

TEXT = "The key of gate-17 is 4411. The mayor is Ada Holm.\n" * 50


@pytest.mark.parametrize(
    "question",
    [
        "What is the key of gate-17?",
        "Who is the mayor? Answer with the name only.",
        "When did Ada Holm arrive?",
        "How much does the lamp cost?",
        "How many grams of sugar does the cake need?",
        "Name the mayor.",
    ],
)
def test_questions_about_one_place(question: str) -> None:
    assert is_lookup(read_question(question))


@pytest.mark.parametrize(
    "question",
    [
        "How many of the gates are open?",
        "How many gates cost more than 30?",
        "List the gates.",
        "Which gate costs the most?",
        "Compare the gates.",
        "Summarise the text.",
        "Which nodes follow? Answer with the names of the nodes, separated by commas.",
        "Which person is described: born in Ham; died in Lund; sang; danced?",
        "What is the average price?",
        "Why?",
    ],
)
def test_questions_that_ask_for_more(question: str) -> None:
    assert not is_lookup(read_question(question))
    assert propose(asked_of(question, TEXT)) is None


def test_the_fit_is_best_if_the_text_holds_what_the_question_names() -> None:
    fits = [
        each.fit
        for question in ("What is the key of gate-17?", "What is the key?", "What is the key of gate-99?")
        if (each := propose(asked_of(question, TEXT))) is not None
    ]
    assert fits == sorted(fits, reverse=True)
    assert len(set(fits)) == 3


def test_the_cell_carries_the_question_as_it_was_asked() -> None:
    question = "What is the key of 'gate-17'?\nA) \"4\"\nB) \\5\nAnswer with the letter."
    proposal = propose(asked_of(question, TEXT))
    assert proposal is not None
    assert (proposal.strategy, proposal.growth, proposal.leaf) == ("search", "constant", "reader")
    call, end = ast.parse(proposal.cells[-1]).body
    assert isinstance(call, ast.Assign)
    assert isinstance(call.value, ast.Call)
    assert ast.literal_eval(call.value.args[0]) == question
    assert ast.unparse(end) == "FINAL(found.final)"


def test_the_forecast_does_not_depend_on_the_size_of_the_text() -> None:
    small, large = (propose(asked_of("What is the key of gate-17?", TEXT * times)) for times in (1, 50))
    assert small is not None
    assert large is not None
    assert small.forecast == large.forecast
    assert small.forecast.calls == 1


def test_an_empty_question_is_not_proposed_for() -> None:
    assert propose(asked_of(" \n", TEXT)) is None
