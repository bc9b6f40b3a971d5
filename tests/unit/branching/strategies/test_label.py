"""The strategy that labels every record: when it is proposed, and with which cell."""

from __future__ import annotations

import ast
import re
from typing import Any

import pytest

from harlm.branching.strategies.label import propose
from harlm.guest.combinators import Combinators
from harlm.guest.worker.context import Library
from tests.support import proposals
from tests.support.labelled import asked_of, drawn, run, text_of
from tests.support.scripted_leaf import ScriptedLeaf

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


# -- with a model ---------------------------------------------------------------------------------------------

LABELS = "The labels are: ham, spam."
KINDS = ("spam", "ham", "spam", "ham", "spam", "spam")
LINES = "".join(
    f"Date: Mar {day}, 2023 || User: {day % 2} || Text: {KINDS[day % 6]} number {day}\n"
    for day in range(10, 28)
)


def reads(prompt: str, _: str) -> str:
    items = re.findall(r"^(\d+): (\w+)", prompt, re.MULTILINE)
    return "\n".join(f"{number}: {kind}" for number, kind in items)


def answer(question: str) -> object:
    proposal = propose(proposals.asked_of(question, {"mail": LINES}))
    assert proposal is not None
    assert (proposal.strategy, proposal.fit) == ("label", 1.0)
    leaf, library = ScriptedLeaf(reads), Library()
    finals: list[object] = []
    library.add("mail", True, LINES)
    context = library.context("text")
    names: dict[str, Any] = {"context": context, "FINAL": finals.append}
    names |= Combinators(leaf.serve, leaf.serve_many, context).named()
    for cell in proposal.cells:
        exec(cell, names)
    return finals[0]


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        (f"How many messages have the label 'spam'? {LABELS}", "12"),
        (
            f"How many messages have the label 'spam'? {LABELS} Give your final answer in the form 'Answer: number'.",
            "Answer: 12",
        ),
        (
            f"Which of the labels is the most common? {LABELS} Give it in the form 'Label: answer'.",
            "Label: spam",
        ),
        (f"Which of the labels is the least common? {LABELS}", "ham"),
    ],
)
def test_the_cells_count_what_the_model_has_labelled(question: str, expected: str) -> None:
    assert answer(question) == expected


def test_pairs_of_users_are_computed_from_the_labels() -> None:
    asks = f"List all pairs of user IDs such that both users have at least one message with label ham or label spam. {LABELS}"
    assert answer(asks) == "(0, 1)"


def test_the_forecast_grows_with_the_text_and_names_what_is_asked_of_the_model() -> None:
    asks = f"How many messages have the label 'spam'? {LABELS}"
    short = propose(proposals.asked_of(asks, {"mail": LINES}))
    long = propose(proposals.asked_of(asks, {"mail": LINES * 50}, root=proposals.SUB))
    assert short is not None
    assert long is not None
    assert long.forecast.calls > 10 * short.forecast.calls
    assert long.leaf == "labeller"
    assert "labels" in long.reasons[1]
