"""The leaf tells which of several conditions each numbered text meets."""

from __future__ import annotations

import pytest

from harlm_bench.simulator.intents import Reader, conditions_in
from harlm_bench.simulator.model import SimulatedModel
from harlm_bench.simulator.prompt import tokens_of
from harlm_bench.simulator.store import Store
from harlm_bench.tasks.browse import FAMILY
from harlm_bench.tasks.browse_questions import HoldsQuery
from harlm_bench.tasks.browse_traits import CONSTRAINTS
from tests.support.simulated import PERFECT

WINDOW = FAMILY.window(1, 4_000, 4)
CONDITIONS = tuple(CONSTRAINTS)[:6]
SEVERAL = "For each numbered text below, decide which of the numbered conditions it meets.\n\nConditions:\n{conditions}\n\nTexts:\n\n{texts}"
ONE = "For each of the texts say whether it meets the condition. Reply `number: yes` or `number: no`.\n\nCondition: {condition}\n\nTexts:\n\n{texts}"


def said(prompt: str) -> str:
    model = SimulatedModel(PERFECT, Store.of([WINDOW]), Reader([FAMILY]))
    messages = [("user", prompt)]
    return model.speak(messages, {}, tokens_of(messages)).text


def holds(text: str, condition: str) -> bool:
    facts = [fact for fact in WINDOW.facts if fact.text in text]
    return HoldsQuery(constraints=(CONSTRAINTS[condition],)).answer(facts) == "yes"


def documents() -> str:
    named = enumerate(WINDOW.documents.items(), 1)
    return "\n\n".join(
        f'<document number="{at}" name="{name}">\n{text}\n</document>' for at, (name, text) in named
    )


def test_of_several_conditions_it_names_those_that_each_document_meets() -> None:
    listed = "\n".join(f"{at}: {each}" for at, each in enumerate(CONDITIONS, 1))
    expected = []
    for number, text in enumerate(WINDOW.documents.values(), 1):
        met = [str(at) for at, each in enumerate(CONDITIONS, 1) if holds(text, each)]
        expected.append(f"{number}: {', '.join(met) or 'none'}")
    reply = said(SEVERAL.format(conditions=listed, texts=documents()))
    assert reply.splitlines() == expected
    assert any("none" not in line for line in expected)


def test_of_one_condition_it_says_yes_or_no_of_each_line() -> None:
    facts = [fact for fact in WINDOW.facts if fact.kind == "trait"][:12]
    condition = next(
        text
        for text, said_of in CONSTRAINTS.items()
        if said_of == (facts[0].attributes["aspect"], facts[0].attributes["value"])
    )
    lines = "\n".join(f"{at}: {fact.text}" for at, fact in enumerate(facts, 1))
    reply = said(ONE.format(condition=condition, texts=lines))
    expected = [f"{at}: {'yes' if holds(fact.text, condition) else 'no'}" for at, fact in enumerate(facts, 1)]
    assert reply.splitlines() == expected
    assert "1: yes" in expected


def test_conditions_that_no_task_knows_are_met_by_texts_that_share_their_rare_words() -> None:
    fact = next(fact for fact in WINDOW.facts if fact.kind == "trait")
    lines = f"1: {fact.text}\n2: {WINDOW.facts[-1].text}"
    reply = said(ONE.format(condition=f"whether {fact.text}", texts=lines))
    assert reply.splitlines()[0] == "1: yes"


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("Conditions:\n1: it is red\n2: it is old\n\nTexts:", ["it is red", "it is old"]),
        ("**Criteria:**\n- red\n- old", ["red", "old"]),
        ("Decide.\n\nCondition: it is red\n\nTexts:", ["it is red"]),
        ("What is the condition of the car?", []),
    ],
)
def test_conditions_are_read_from_a_list_or_a_line(words: str, found: list[str]) -> None:
    assert conditions_in(words) == found
