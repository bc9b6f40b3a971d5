"""The question, the turns and their results are found in each scaffold's dialogue."""

from __future__ import annotations

import pytest

from harlm_bench.simulator.roots import prompts
from harlm_bench.simulator.roots.conversation import Conversation, read
from harlm_bench.simulator.roots.scaffold import recognise
from tests.unit.bench.simulator.roots import rules
from tests.unit.bench.simulator.roots.rules import Rules

QUESTION = "Which city is it?\nA) Rome\nB) Oslo"
REPLY = "I look.\n\n```repl\n# Step 2: ask\nprint(1)\n```"


def conversation(messages: list[tuple[str, str]]) -> Conversation:
    scaffold = recognise(messages)
    assert scaffold is not None
    return read(messages, scaffold)


@pytest.mark.parametrize("scaffold", rules.ALL, ids=lambda each: each.name)
def test_the_question_is_found(scaffold: Rules) -> None:
    talk = conversation(scaffold.opened(QUESTION))

    assert talk.question == QUESTION
    assert not talk.turns
    assert not talk.is_last
    assert not talk.is_part


@pytest.mark.parametrize("scaffold", rules.ALL, ids=lambda each: each.name)
def test_a_result_is_read_as_far_as_it_is_shown(scaffold: Rules) -> None:
    talk = conversation(scaffold.went_on(scaffold.opened(QUESTION), REPLY, "12 lines\nresult: Oslo"))

    assert [turn.step for turn in talk.turns] == [2]
    assert not talk.turns[0].failed
    assert (talk.result or "").splitlines()[0] == "Oslo"


@pytest.mark.parametrize("scaffold", rules.ALL, ids=lambda each: each.name)
def test_an_exception_is_seen(scaffold: Rules) -> None:
    talk = conversation(
        scaffold.went_wrong(scaffold.opened(QUESTION), REPLY, "NameError: name 'x' is not defined")
    )

    assert talk.turns[0].failed
    assert not talk.turns[0].was_too_long


def test_a_prompt_that_was_too_long_is_told_apart() -> None:
    error = "ModelError: context_length_exceeded: 300,000 tokens"

    talk = conversation(rules.RLMS.went_wrong(rules.RLMS.opened(QUESTION), REPLY, error))

    assert talk.turns[0].was_too_long


def test_a_dialogue_in_fields() -> None:
    talk = conversation(
        rules.dspy(QUESTION, ("# Step 1: look\nprint(1)", "1"), ("# Step 2: ask", "[Error] NameError: x"))
    )

    assert talk.question == QUESTION
    assert talk.text == "context"
    assert [turn.step for turn in talk.turns] == [1, 2]
    assert [turn.failed for turn in talk.turns] == [False, True]


def test_the_last_turn_is_seen() -> None:
    opened = rules.RLMS.opened(QUESTION)

    assert conversation([*opened, ("assistant", REPLY), ("user", "REPL output:\n1\n\nTurn 30/30:")]).is_last
    assert conversation([*opened, ("assistant", "Give a final answer.")]).wants_prose


def test_the_question_of_a_part_is_unwrapped() -> None:
    talk = conversation(rules.HARLM.opened(prompts.ASK.format(question=QUESTION)))

    assert talk.question == QUESTION
    assert talk.is_part


def test_a_child_without_a_question_finds_it_in_what_it_printed() -> None:
    opened = [
        ("system", rules.RLMS.system),
        ("user", "Your context is a str of 900 total characters.\n\nTurn 1/30:"),
    ]
    shown = f"REPL output:\n\n{prompts.ASK.format(question='Who?')}\n\nSome text.\n\nTurn 2/30:"

    assert conversation(opened).question is None
    assert conversation([*opened, ("assistant", REPLY), ("user", shown)]).question == "Who?"
