from __future__ import annotations

import re

import pytest

from harlm.branching.strategies import fitting
from harlm.branching.strategies.filter import conditions_of, propose
from tests.support.proposals import ROOT, SUB, asked_of, final_of
from tests.support.scripted_leaf import ScriptedLeaf

QUESTION = "Which person is described here: her town lies by the sea; she was a smith? Answer with the name of the person, and nothing else."
TEXTS = {
    "Oakham": "Oakham lies by the SEA.",
    "Ada": "Ada was born in Oakham and worked as a SMITH.",
    "Bea": "Bea was born in Elmham and worked as a SMITH.",
}


def honest(prompt: str, _: str) -> str:
    lines = re.findall(r"^(\d+): (.*)$", prompt.partition("Texts:")[2], re.MULTILINE)
    met = {
        number: [at for at, sign in (("1", "SEA"), ("2", "SMITH")) if sign in text] for number, text in lines
    }
    return "\n".join(f"{number}: {', '.join(each) or 'none'}" for number, each in met.items()) or "it is Ada"


@pytest.mark.parametrize(
    ("question", "conditions"),
    [
        (QUESTION, ("her town lies by the sea", "she was a smith")),
        (
            "Which company fits this description: (1) it was sold twice (2) it makes paint? Answer with its name.",
            ("it was sold twice", "it makes paint"),
        ),
        (
            "Who is meant here: she sang at night; and she never married.",
            ("she sang at night", "she never married"),
        ),
        (
            "What town matches all of these: it has a castle; it lies on a river?",
            ("it has a castle", "it lies on a river"),
        ),
    ],
)
def test_conditions_are_read(question: str, conditions: tuple[str, ...]) -> None:
    assert conditions_of(question) == conditions


@pytest.mark.parametrize(
    "question",
    [
        "Who wrote it?",
        "Which person is described here: she was a smith?",
        "Which person is described here: she was a smith; she was tall? Answer with the year in which she died.",
        "How many people are meant here: she was a smith; she was tall?",
        "List the towns: they have a castle; they lie on a river.",
        "",
    ],
)
def test_questions_of_another_form_are_not_proposed_for(question: str) -> None:
    assert propose(asked_of(question, TEXTS)) is None


def test_a_description_among_few_texts_is_left_to_others() -> None:
    assert propose(asked_of(QUESTION, {"Ada": "Ada"})) is None


def test_the_cells_answer_with_the_name_of_the_text_that_meets_most() -> None:
    proposal, *_ = fitting(asked_of(QUESTION, TEXTS))
    assert (proposal.strategy, proposal.leaf, proposal.growth, proposal.fit) == (
        "filter",
        "judge",
        "linear",
        1.0,
    )
    assert final_of(proposal, TEXTS, ScriptedLeaf(honest)) == "Ada"


def test_the_cells_ask_for_the_name_if_it_is_not_the_name_of_the_text() -> None:
    texts = {f"{at}.txt": text for at, text in enumerate(TEXTS.values())}
    proposal = propose(asked_of(QUESTION, texts))
    assert proposal is not None
    leaf = ScriptedLeaf(honest)
    assert final_of(proposal, texts, leaf) == "it is Ada"
    assert QUESTION in leaf.prompts[-1][0]


def test_the_cells_say_that_nothing_fits() -> None:
    proposal = propose(asked_of(QUESTION, TEXTS))
    assert proposal is not None
    assert final_of(proposal, TEXTS, ScriptedLeaf(lambda *_: "1: none\n2: none\n3: none")) == "NOT FOUND"


def test_the_forecast_reads_the_text_about_once() -> None:
    texts = {f"T{at}": "word " * 800 for at in range(100)}
    asked = asked_of(QUESTION, texts)
    proposal = propose(asked)
    assert proposal is not None
    assert 0.5 * asked.profile.tokens <= proposal.forecast.input_tokens <= 1.5 * asked.profile.tokens
    assert proposal.forecast.micros
    alone = propose(asked_of(QUESTION, texts, root=SUB))
    assert alone is not None
    assert alone.forecast.micros is not None
    assert alone.forecast.micros < proposal.forecast.micros
    assert ROOT.name != SUB.name
