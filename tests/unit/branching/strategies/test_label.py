from __future__ import annotations

import re
from typing import Any

import pytest

from harlm.branching.strategies.label import propose
from harlm.guest.combinators import Combinators
from harlm.guest.worker.context import Library
from tests.support.proposals import SUB, asked_of
from tests.support.scripted_leaf import ScriptedLeaf

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
    proposal = propose(asked_of(question, {"mail": LINES}))
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


def test_a_question_about_fields_alone_asks_no_model() -> None:
    proposal = propose(asked_of("Which user is represented most often?", {"mail": LINES}))
    assert proposal is not None
    assert (proposal.leaf, proposal.forecast.calls) == ("none", 0)


def test_the_forecast_grows_with_the_text_and_names_what_is_asked_of_the_model() -> None:
    asks = f"How many messages have the label 'spam'? {LABELS}"
    short = propose(asked_of(asks, {"mail": LINES}))
    long = propose(asked_of(asks, {"mail": LINES * 50}, root=SUB))
    assert short is not None
    assert long is not None
    assert long.forecast.calls > 10 * short.forecast.calls
    assert long.leaf == "labeller"
    assert "labels" in long.reasons[1]


@pytest.mark.parametrize("question", ["Why?", "What does user 1 want?", f"Is it late? {LABELS}"])
def test_other_questions_get_no_proposal(question: str) -> None:
    assert propose(asked_of(question, {"mail": LINES})) is None
