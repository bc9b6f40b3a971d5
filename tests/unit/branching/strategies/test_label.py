"""The strategy that labels every record: when it is proposed, and with which cell."""

from __future__ import annotations

import ast

import pytest

from harlm.branching.strategies.label import propose
from tests.support.labelled import asked_of, drawn, run, text_of

ROWS = drawn(3)
TEXT = text_of(ROWS)
LISTED = "Each has one of these labels: ham, spam, not sure."
COUNT = f"In the above data, how many messages should be classified as label 'spam'? {LISTED}"


def test_a_count_is_proposed_with_what_it_will_cost() -> None:
    proposal = propose(asked_of(COUNT, TEXT))
    assert proposal is not None
    assert (proposal.strategy, proposal.leaf, proposal.growth, proposal.fit) == (
        "label",
        "labeller",
        "linear",
        1.0,
    )
    assert proposal.forecast.calls > 0
    assert any("the records of a label" in reason for reason in proposal.reasons)


def test_every_cell_is_python_that_finishes() -> None:
    proposal = propose(asked_of(COUNT, TEXT))
    assert proposal is not None
    tree = ast.parse(proposal.cells[-1])
    last = tree.body[-1]
    assert isinstance(last, ast.Expr)
    assert ast.unparse(last).startswith("FINAL(")


def test_what_fields_show_asks_no_model() -> None:
    proposal = propose(asked_of("In the above data, which user is represented most often?", TEXT))
    assert proposal is not None
    assert (proposal.leaf, proposal.growth, proposal.forecast.calls) == ("none", "constant", 0)


def test_the_answer_stands_alone_unless_a_form_is_asked_for() -> None:
    count = sum(row.label == "spam" for row in ROWS)
    for form, answer in (
        ("", str(count)),
        (" Give your final answer in the form 'Answer: number'.", f"Answer: {count}"),
    ):
        proposal = propose(asked_of(COUNT + form, TEXT))
        assert proposal is not None
        assert run(proposal, TEXT) == answer


def test_meanings_of_labels_reach_the_model() -> None:
    head = "The labels are: ham, spam.\nham: wanted\nspam: an offer that was not asked for\n\n"
    proposal = propose(asked_of("how many messages should be classified as label 'spam'?", head + TEXT))
    assert proposal is not None
    assert "What they mean: ham: wanted; spam: an offer" in proposal.cells[0]


def test_labels_with_quotation_marks_are_data_in_the_cell() -> None:
    text = "".join(f"User: {n} || Instance: {n} text\n" for n in range(5))
    proposal = propose(
        asked_of("how many messages should be classified as label 'a' ? Labels: a'); import os; (', b.", text)
    )
    if proposal is not None:
        ast.parse(proposal.cells[0])
        assert "\nimport os" not in proposal.cells[0]


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("What is the capital of France?", TEXT),
        (COUNT, "A text without any list."),
        ("In the above data, how many messages should be classified as label 'spam'?", TEXT),
        (f"List all pairs of users such that both users are friends. {LISTED}", TEXT),
    ],
)
def test_other_questions_and_texts_get_no_proposal(question: str, text: str) -> None:
    assert propose(asked_of(question, text)) is None
